import { noUsage } from '@ccg/wire';
import { createFrameWriter } from './frame-writer.ts';
import { createMessageWriter } from './message-writer.ts';
import type { LocalAnswer, TranslationInput } from '../translation.ts';

/**
 * The answer to a request for no token at all. At the Anthropic API `max_tokens: 0` reads the prompt into the cache
 * and gives an empty message; other backends refuse it, or take it for no limit. Undefined for every other request.
 */
export function emptyAnswer(input: TranslationInput): LocalAnswer | undefined {
  const { messagesRequest, ids, requestedModel, requestId } = input;
  if (messagesRequest.maxTokens !== 0) return undefined;
  const usage = { ...noUsage, inputTokens: input.estimatedInputTokens ?? 0 };
  const head = { id: ids.messageId(), model: requestedModel, requestId };
  const writer = messagesRequest.stream ? createFrameWriter(head) : createMessageWriter(head);
  writer.begin(usage);
  writer.end({ stopReason: 'max_tokens', stopSequence: undefined, usage });
  return { body: writer.take(), usage };
}
