import type { AnthropicErrorType, GatewayError } from '@ccg/kernel';
import { encodeText } from '../bytes.ts';
import { isJsonObject } from '../json/json-value.ts';
import type { JsonValue } from '../json/json-value.ts';
import { noUsage } from '../normal-forms.ts';
import type { Usage } from '../normal-forms.ts';
import { sseFrame } from '../stream/sse.ts';

/** What the `error` member of Anthropic's envelope says; both are Unicode text. */
export interface WireError {
  readonly type: string;
  readonly message: string;
  /** A JSON value. Left out if undefined. */
  readonly details?: unknown;
}

/** The body of every answer that is an error, as a byte string (https://docs.anthropic.com/en/api/errors). */
export function errorEnvelope({ type, message, details }: WireError, requestId?: string): string {
  return encodeText(JSON.stringify({ type: 'error', error: { type, message, details }, request_id: requestId }));
}

/** The event that ends a stream in failure, as a byte string: the same envelope under the name `error`. */
export function errorFrame(error: WireError, requestId?: string): string {
  return sseFrame('error', errorEnvelope(error, requestId));
}

/**
 * The type of an error that ends a stream. Claude Code retries the stream on `overloaded_error`; on any other type it
 * asks again without streaming. A failure before any content is therefore an overload, and so is a lack of capacity. A
 * failure whose class is known, or that must not be retried, keeps its type.
 */
export function streamErrorType(error: GatewayError, hasContent: boolean): AnthropicErrorType {
  if (error.owner === 'capacity') return 'overloaded_error';
  const isDeath = error.type === 'api_error' || error.type === 'timeout_error';
  if (!isDeath || error.retry === 'never') return error.type;
  return hasContent ? 'api_error' : 'overloaded_error';
}

/** Reads a `usage` object of the Anthropic API. A count that it lacks or gives as null keeps its value of `before`. */
export function readAnthropicUsage(value: JsonValue | undefined, before: Usage = noUsage): Usage {
  if (!isJsonObject(value)) return before;
  const details = value['output_tokens_details'];
  const writes = value['cache_creation'];
  return {
    inputTokens: countOf(value['input_tokens']) ?? before.inputTokens,
    cacheReadTokens: countOf(value['cache_read_input_tokens']) ?? before.cacheReadTokens,
    cacheWriteTokens: countOf(value['cache_creation_input_tokens']) ?? before.cacheWriteTokens,
    cacheWrite1hTokens:
      countOf(isJsonObject(writes) ? writes['ephemeral_1h_input_tokens'] : undefined) ?? before.cacheWrite1hTokens,
    outputTokens: countOf(value['output_tokens']) ?? before.outputTokens,
    reasoningTokens: countOf(isJsonObject(details) ? details['thinking_tokens'] : undefined) ?? before.reasoningTokens,
  };
}

function countOf(value: JsonValue | undefined): number | undefined {
  const count = typeof value === 'number' ? Math.floor(value) : -1;
  return count >= 0 && Number.isSafeInteger(count) ? count : undefined;
}
