import type { ResponsesCapabilities } from '@ccg/catalog';
import { writeJsonBytes } from '@ccg/wire';
import { readerInputOf } from '../encoder/create-answer-reader.ts';
import { callableTools } from '../encoder/filters/text-calls/callable-tools.ts';
import { answerWithoutSearch, emptyAnswer } from '../encoder/local-answer.ts';
import { readRejections } from '../failure/rejections.ts';
import { circumstancesOf } from '../request/circumstances.ts';
import { translatedCount } from '../request/prompt-count.ts';
import { readRequest } from '../request/read-request.ts';
import { declaredNames, effectiveTools } from '../tools/effective-tools.ts';
import { asksForStream } from '../request/whole-answers.ts';
import { createToolIds, usedToolIds } from '../tools/tool-ids.ts';
import { createToolNames } from '../tools/tool-names.ts';
import { readWebSearch } from '../tools/web-search.ts';
import type { Translation, TranslationInput } from '../translation.ts';
import { createWarnings } from '../warnings.ts';
import { createResponsesReader } from './answer/answer-reader.ts';
import { convertRequest, countBody } from './request/request.ts';

/** Translates Messages for a server of the Responses API. Throws `request-invalid`. */
export function createResponsesTranslation(input: TranslationInput, capabilities: ResponsesCapabilities): Translation {
  const warnings = createWarnings();
  const request = readRequest(input, warnings);
  const effective = effectiveTools(request, warnings);
  const { tools } = effective;
  const search = readWebSearch(request, tools);
  const toolNames = createToolNames(declaredNames(tools), capabilities.toolNameMax);
  const circumstances = circumstancesOf(request, {
    hasTools: tools.length > 0,
    isStream: input.messagesRequest.stream,
  });
  const context = {
    capabilities,
    provider: input.target.provider.name,
    warnings,
    sealer: input.sealer,
    rejected: readRejections(input.rejections, circumstances),
    toolNames,
    toolIds: createToolIds(capabilities.toolIds),
  };
  const { length } = input.messagesRequest.body();
  const { body, parts } = convertRequest(request, effective, input, context);
  return {
    request: {
      headers: [
        [
          'accept',
          asksForStream(input.messagesRequest.stream, context.rejected) ? 'text/event-stream' : 'application/json',
        ],
      ],
      body: writeJsonBytes(body, length),
      warnings: warnings.list(),
    },
    count: translatedCount(
      () => ({ headers: [['accept', 'application/json']], body: countBody(body, length) }),
      'input_tokens',
    ),
    localAnswer: emptyAnswer(input) ?? (capabilities.webSearch ? undefined : answerWithoutSearch(input, search)),
    reader: createResponsesReader({
      ...readerInputOf(input),
      sealer: input.sealer,
      toolNames,
      isUsedId: usedToolIds(request['messages'], context.toolIds.given()),
      thinkTags: capabilities.thinkTags,
      textCallTools: capabilities.textCalls && tools.length > 0 ? callableTools(tools, toolNames) : undefined,
      searchQuery: capabilities.webSearch ? search?.query : undefined,
      sent: parts,
    }),
  };
}
