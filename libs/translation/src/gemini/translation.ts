import type { GeminiCapabilities } from '@ccg/catalog';
import { readerInputOf } from '../encoder/create-answer-reader.ts';
import { answerWithoutSearch, emptyAnswer } from '../encoder/local-answer.ts';
import { callableTools } from '../encoder/filters/text-calls/callable-tools.ts';
import { readRejections } from '../failure/rejections.ts';
import { circumstancesOf } from '../request/circumstances.ts';
import { translatedCount } from '../request/prompt-count.ts';
import { readRequest } from '../request/read-request.ts';
import { declaredNames, effectiveTools } from '../tools/effective-tools.ts';
import { createToolIds, usedToolIds } from '../tools/tool-ids.ts';
import { createToolNames } from '../tools/tool-names.ts';
import { readWebSearch } from '../tools/web-search.ts';
import type { Translation, TranslationInput } from '../translation.ts';
import { createWarnings } from '../warnings.ts';
import { createGeminiReader } from './answer/answer-reader.ts';
import { convertRequest } from './request/request.ts';

/** Some models take longer ones; this many characters are taken by all. */
const toolNameMax = 64;

/** Translates Messages for Gemini's `generateContent`. Throws `request-invalid`. */
export function createGeminiTranslation(input: TranslationInput, capabilities: GeminiCapabilities): Translation {
  const { messagesRequest, target, sealer } = input;
  const { provider } = target;
  const warnings = createWarnings();
  const request = readRequest(input, warnings);
  const effective = effectiveTools(request, warnings);
  const { tools } = effective;
  const circumstances = circumstancesOf(request, { hasTools: tools.length > 0, isStream: messagesRequest.stream });
  const search = readWebSearch(request, tools);
  const toolNames = createToolNames(declaredNames(tools), toolNameMax, 'letter');
  const context = {
    capabilities,
    provider: provider.name,
    sealer,
    warnings,
    rejected: readRejections(input.rejections, circumstances),
    toolNames,
    toolIds: createToolIds('any'),
  };
  const { body, parts, countBody } = convertRequest(request, effective, input, context);
  return {
    request: {
      headers: [['accept', messagesRequest.stream ? 'text/event-stream' : 'application/json']],
      body,
      warnings: warnings.list(),
    },
    count: translatedCount(() => ({ headers: [['accept', 'application/json']], body: countBody() }), 'totalTokens'),
    localAnswer: emptyAnswer(input) ?? (capabilities.webSearch ? undefined : answerWithoutSearch(input, search)),
    reader: createGeminiReader({
      ...readerInputOf(input),
      sealer,
      toolNames,
      isUsedId: usedToolIds(request['messages'], context.toolIds.given()),
      textCallTools: capabilities.textCalls && tools.length > 0 ? callableTools(tools, toolNames) : undefined,
      searchQuery: capabilities.webSearch ? search?.query : undefined,
      sent: parts,
    }),
  };
}
