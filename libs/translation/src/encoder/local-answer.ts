import { encodeText, noUsage } from '@ccg/wire';
import type { Usage } from '@ccg/wire';
import type { WebSearchRequest } from '../tools/web-search.ts';
import type { LocalAnswer, TranslationInput } from '../translation.ts';
import type { BlockWriter } from './block-writer.ts';
import { createFrameWriter } from './frame-writer.ts';
import { createMessageWriter } from './message-writer.ts';
import { searchId } from './web-searches.ts';

/**
 * The answer to a request for no token at all. At the Anthropic API `max_tokens: 0` reads the prompt into the cache
 * and gives an empty message; other backends refuse it, or take it for no limit. Undefined for every other request.
 */
export function emptyAnswer(input: TranslationInput): LocalAnswer | undefined {
  if (input.messagesRequest.maxTokens !== 0) return undefined;
  return write(input, 0, (writer, usage) => {
    writer.end({ stopReason: 'max_tokens', stopSequence: undefined, usage, webSearches: 0 });
  });
}

/** A rough count of the tokens of `notSearched`, which no model has counted. */
const notSearchedTokens = 80;

/**
 * The answer to a request for nothing but a search of the web, from a backend that cannot search. A model would make up
 * what it has found. Undefined for every other request.
 */
export function answerWithoutSearch(
  input: TranslationInput,
  search: WebSearchRequest | undefined,
): LocalAnswer | undefined {
  if (search?.isAll !== true) return undefined;
  const id = searchId(input.ids.toolUseId());
  return write(input, notSearchedTokens, (writer, usage) => {
    writer.search({ id, query: search.query, pages: 'unavailable' });
    writer.openText('text');
    writer.delta(encodeText(JSON.stringify(notSearched(input.target.provider.name)).slice(1, -1)));
    writer.close();
    writer.end({ stopReason: 'end_turn', stopSequence: undefined, usage, webSearches: 0 });
  });
}

function notSearched(provider: string): string {
  return (
    `The web was not searched: the provider "${provider}" behind this gateway has no web search, and searching again ` +
    'will not help. Tell the user so. Pages whose address is known can still be fetched. To search the web, choose a ' +
    'model of a provider that can: Anthropic, Gemini, OpenRouter, or OpenAI at its own address.'
  );
}

function write(
  input: TranslationInput,
  outputTokens: number,
  fill: (writer: BlockWriter, usage: Usage) => void,
): LocalAnswer {
  const { messagesRequest, ids, requestedModel, requestId } = input;
  const usage = { ...noUsage, inputTokens: input.estimatedInputTokens ?? 0, outputTokens };
  const head = { id: ids.messageId(), model: requestedModel, requestId };
  const writer = messagesRequest.stream ? createFrameWriter(head) : createMessageWriter(head);
  writer.begin(usage);
  fill(writer, usage);
  return { body: writer.take(), usage };
}
