import { GatewayError } from '@ccg/kernel';
import type { AnthropicErrorType } from '@ccg/kernel';

/**
 * The type that an error has as the last event of a stream. Claude Code retries the stream on an overload, and
 * falls back to a request without streaming on anything else, so a death before any content is told as an
 * overload; a failure whose class is known, or that must not be retried, keeps its type.
 */
export function streamErrorType(error: GatewayError, hasContent: boolean): AnthropicErrorType {
  const isDeath = error.type === 'api_error' || error.type === 'timeout_error';
  if (!isDeath || error.retry === 'never') return error.type;
  return hasContent ? 'api_error' : 'overloaded_error';
}

export function truncatedError(provider: string): GatewayError {
  return new GatewayError(
    'upstream-truncated',
    `The provider "${provider}" closed its answer before it was complete. Try again.`,
  );
}

/** A client that is shown an empty answer asks once more and then shows nothing; an overload it retries. */
export function emptyAnswerError(provider: string): GatewayError {
  return new GatewayError(
    'upstream-overloaded',
    `The provider "${provider}" ended its answer without any text or tool call. Try again.`,
  );
}

export function brokenToolCallError(provider: string, toolName: string): GatewayError {
  const tool = toolName === '' ? 'a tool' : `the tool ${toolName}`;
  return new GatewayError(
    'upstream-malformed',
    `The provider "${provider}" sent a call of ${tool} whose arguments are not a complete JSON object. Try again.`,
  );
}

export function malformedError(provider: string, cause?: unknown): GatewayError {
  return new GatewayError(
    'upstream-malformed',
    `The provider "${provider}" sent an answer that the gateway could not read. Try again; if it persists, check the provider's base URL.`,
    cause === undefined ? {} : { cause },
  );
}
