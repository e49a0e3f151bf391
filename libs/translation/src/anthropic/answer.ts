import {
  bytesToString,
  JsonDepthError,
  JsonSyntaxError,
  noUsage,
  readAnthropicUsage,
  readSpan,
  readTopLevel,
} from '@ccg/wire';
import type { JsonObject, JsonValue, Usage } from '@ccg/wire';
import { notAnAnswer } from '../failure/says-error.ts';
import type { FailureContext } from '../failure/tell-failure.ts';
import { asObject, asText, tryReadJson } from '../json-fields.ts';
import type { Answer } from '../translation.ts';
import { anthropicInBandFailure } from './failure.ts';

/**
 * Reads a whole answer as far as its usage; its bytes are passed through. Anything but a message is a failure, whatever
 * the status.
 */
export function readAnswer(body: Uint8Array, context: FailureContext): Answer {
  const answer = inspect(body);
  switch (answer.kind) {
    case 'message':
      return {
        kind: 'message',
        body,
        usage: answer.usage,
        usageSource: answer.usage === noUsage ? 'estimated' : 'reported',
      };
    case 'error':
      return { kind: 'failure', error: anthropicInBandFailure(answer.error, context.provider) };
    case 'neither':
      return { kind: 'failure', error: notAnAnswer(foreignDocument(body), context) };
  }
}

/** The document of some other server, or the first of a list. */
function foreignDocument(body: Uint8Array): JsonObject {
  const value = tryReadJson(bytesToString(body)) ?? null;
  return asObject(Array.isArray(value) ? value[0] : value) ?? {};
}

type ObservedAnswer =
  | { readonly kind: 'message'; readonly usage: Usage }
  | { readonly kind: 'error'; readonly error: JsonValue }
  | { readonly kind: 'neither' };

function inspect(body: Uint8Array): ObservedAnswer {
  try {
    const { entries } = readTopLevel(body);
    const member = (name: string) => entries.findLast(({ key }) => key === name);
    if (asText(member('type')?.scalar) === 'error')
      return { kind: 'error', error: tryReadJson(bytesToString(body)) ?? null };
    if (body[member('content')?.start ?? -1] !== openBracket) return { kind: 'neither' };
    const usage = member('usage');
    return { kind: 'message', usage: usage === undefined ? noUsage : readAnthropicUsage(readSpan(body, usage)) };
  } catch (thrown) {
    if (thrown instanceof JsonSyntaxError || thrown instanceof JsonDepthError) return { kind: 'neither' };
    throw thrown;
  }
}

const openBracket = '['.charCodeAt(0);
