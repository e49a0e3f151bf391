import { GatewayError } from '@ccg/kernel';

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

/** Only the operator of a server, or of a proxy before it, can have asked for calls in pieces. */
export function callInPiecesError(provider: string): GatewayError {
  return new GatewayError(
    'upstream-malformed',
    `The provider "${provider}" streams the arguments of a tool call in pieces (partialArgs), for which the gateway did not ask and which it does not read. Switch off streamFunctionCallArguments where it is set.`,
  );
}

export function contradictionError(provider: string): GatewayError {
  return new GatewayError(
    'upstream-malformed',
    `The provider "${provider}" repeated its answer, and the two differ, so a part of it was lost. Try again.`,
  );
}

/** The backend itself says that its answer failed. */
export function gaveUpError(provider: string, isOverloaded = false): GatewayError {
  return new GatewayError(
    isOverloaded ? 'upstream-overloaded' : 'upstream-failed',
    `The provider "${provider}" gave up in the middle of its answer. Try again.`,
  );
}
