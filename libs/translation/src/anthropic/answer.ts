import { bytesToString, JsonDepthError, JsonSyntaxError, noUsage, readJson } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import { malformedError } from '../encoder/stream-errors.ts';
import { asObject, asText } from '../json-fields.ts';
import type { Answer } from '../translation.ts';
import { anthropicInBandFailure } from './failure.ts';
import { readAnthropicUsage } from './read-usage.ts';

/** Reads a whole answer; its bytes go on as they are. What is not a message is a failure, whatever its status. */
export function readAnswer(body: Uint8Array, provider: string): Answer {
  const message = readMessage(body);
  if (message === undefined) return { kind: 'failure', error: malformedError(provider) };
  if (asText(message['type']) === 'error') return { kind: 'failure', error: anthropicInBandFailure(message, provider) };
  if (!Array.isArray(message['content'])) return { kind: 'failure', error: malformedError(provider) };
  const usage = readAnthropicUsage(message['usage']);
  return { kind: 'message', body, usage, usageSource: usage === noUsage ? 'estimated' : 'reported' };
}

function readMessage(body: Uint8Array): JsonObject | undefined {
  try {
    return asObject(readJson(bytesToString(body), { rawKeys: new Set(['input']) }));
  } catch (thrown) {
    if (thrown instanceof JsonSyntaxError || thrown instanceof JsonDepthError) return undefined;
    throw thrown;
  }
}
