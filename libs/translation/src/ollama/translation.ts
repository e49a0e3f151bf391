import type { OllamaCapabilities } from '@ccg/catalog';
import { readerInputOf } from '../encoder/create-answer-reader.ts';
import { answerWithoutSearch, emptyAnswer } from '../encoder/local-answer.ts';
import { callableTools } from '../encoder/filters/text-calls/callable-tools.ts';
import { readRejections } from '../failure/rejections.ts';
import { circumstancesOf } from '../request/circumstances.ts';
import { readRequest } from '../request/read-request.ts';
import { declaredNames, effectiveTools } from '../tools/effective-tools.ts';
import { createToolIds, usedToolIds } from '../tools/tool-ids.ts';
import { createToolNames } from '../tools/tool-names.ts';
import { readWebSearch } from '../tools/web-search.ts';
import type { Translation, TranslationInput } from '../translation.ts';
import { createWarnings } from '../warnings.ts';
import { createOllamaReader } from './answer/answer-reader.ts';
import { convertRequest } from './request/request.ts';

/** Ollama takes any name, but the models behind it were trained on names that OpenAI takes. */
const toolNameMax = 64;

/** Translates Messages for Ollama's own chat. Throws `request-invalid`. */
export function createOllamaTranslation(input: TranslationInput, capabilities: OllamaCapabilities): Translation {
  const { messagesRequest, target } = input;
  const { provider } = target;
  const warnings = createWarnings();
  const request = readRequest(input, warnings);
  const effective = effectiveTools(request, warnings);
  const { tools } = effective;
  const circumstances = circumstancesOf(request, { hasTools: tools.length > 0, isStream: messagesRequest.stream });
  const toolNames = createToolNames(declaredNames(tools), toolNameMax);
  const context = {
    capabilities,
    provider: provider.name,
    warnings,
    rejected: readRejections(input.rejections, circumstances),
    toolNames,
    toolIds: createToolIds('any'),
  };
  const { body, parts } = convertRequest(request, effective, input, context);
  return {
    request: {
      headers: [['accept', messagesRequest.stream ? 'application/x-ndjson' : 'application/json']],
      body,
      warnings: warnings.list(),
    },
    localAnswer: emptyAnswer(input) ?? answerWithoutSearch(input, readWebSearch(request, tools)),
    reader: createOllamaReader({
      ...readerInputOf(input),
      toolNames,
      isUsedId: usedToolIds(request['messages'], context.toolIds.given()),
      textCallTools: capabilities.textCalls && tools.length > 0 ? callableTools(tools, toolNames) : undefined,
      sent: parts,
    }),
  };
}
