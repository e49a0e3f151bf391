import type { AnthropicErrorType, GatewayError } from '@ccg/kernel';
import { writeJson } from '../json/write-json.ts';
import { sseFrame } from '../sse/encode.ts';

/** What the `error` member of Anthropic's envelope says; both are Unicode text. */
export interface WireError {
  readonly type: string;
  readonly message: string;
}

/** The body of every answer that is an error, as a byte string (https://docs.anthropic.com/en/api/errors). */
export function errorEnvelope({ type, message }: WireError, requestId?: string): string {
  return writeJson({ type: 'error', error: { type, message }, request_id: requestId });
}

/** The event that ends a stream in failure, as a byte string: the same envelope under the name `error`. */
export function errorFrame(error: WireError, requestId?: string): string {
  return sseFrame('error', errorEnvelope(error, requestId));
}

/**
 * The type of an error that ends a stream. Claude Code retries the stream on `overloaded_error`; on any other type it
 * asks again without streaming. A failure before any content is therefore an overload. A failure whose class is
 * known, or that must not be retried, keeps its type.
 */
export function streamErrorType(error: GatewayError, hasContent: boolean): AnthropicErrorType {
  const isDeath = error.type === 'api_error' || error.type === 'timeout_error';
  if (!isDeath || error.retry === 'never') return error.type;
  return hasContent ? 'api_error' : 'overloaded_error';
}
