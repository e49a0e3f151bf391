import type { ChatCapabilities } from '@ccg/catalog';
import { readerInputOf } from '../encoder/create-answer-reader.ts';
import { answerWithoutSearch, emptyAnswer } from '../encoder/local-answer.ts';
import { readRejections } from '../failure/rejections.ts';
import { circumstancesOf } from '../request/circumstances.ts';
import { readRequest } from '../request/read-request.ts';
import { declaredNames, effectiveTools } from '../tools/effective-tools.ts';
import { asksForStream } from '../request/whole-answers.ts';
import { createToolIds, usedToolIds } from '../tools/tool-ids.ts';
import { createToolNames } from '../tools/tool-names.ts';
import { readWebSearch } from '../tools/web-search.ts';
import type { Translation, TranslationInput } from '../translation.ts';
import { createWarnings } from '../warnings.ts';
import { createChatReader } from './answer/answer-reader.ts';
import { convertRequest } from './request/request.ts';
import { callableTools } from '../encoder/filters/text-calls/callable-tools.ts';

/** Translates Messages for a chat completions server. Throws `request-invalid`. */
export function createChatTranslation(input: TranslationInput, capabilities: ChatCapabilities): Translation {
  const { messagesRequest, target } = input;
  const { provider } = target;
  const warnings = createWarnings();
  const request = readRequest(input, warnings);
  const effective = effectiveTools(request, warnings);
  const { tools } = effective;
  const search = readWebSearch(request, tools);
  const searches = capabilities.webSearch !== 'none';
  const circumstances = circumstancesOf(request, { hasTools: tools.length > 0, isStream: messagesRequest.stream });
  const toolNames = createToolNames(declaredNames(tools), capabilities.toolNameMax);
  const context = {
    capabilities,
    provider: provider.name,
    warnings,
    sealer: input.sealer,
    rejected: readRejections(input.rejections, circumstances),
    toolNames,
    toolIds: createToolIds(capabilities.toolIds),
  };
  const { body, parts } = convertRequest(request, effective, input, context);
  return {
    request: {
      headers: [
        ['accept', asksForStream(messagesRequest.stream, context.rejected) ? 'text/event-stream' : 'application/json'],
      ],
      body,
      warnings: warnings.list(),
      hangProneFields: ['stream_options'].filter((field) => parts.members.has(field)),
    },
    localAnswer: emptyAnswer(input) ?? (searches ? undefined : answerWithoutSearch(input, search)),
    reader: createChatReader({
      ...readerInputOf(input),
      sealer: input.sealer,
      toolNames,
      isUsedId: usedToolIds(request['messages'], context.toolIds.given()),
      thinkTags: capabilities.thinkTags,
      textCallTools: capabilities.textCalls && tools.length > 0 ? callableTools(tools, toolNames) : undefined,
      searchQuery: searches ? search?.query : undefined,
      sent: parts,
    }),
  };
}
