import { errorCatalog } from './catalog.ts';
import type { AnthropicErrorType, ErrorCode, ErrorOwner, RetryAdvice } from './catalog.ts';

/** What one failure may say differently from its catalog entry; an upstream's own words and status, mostly. */
export interface GatewayErrorDetails {
  readonly status?: number;
  readonly type?: AnthropicErrorType;
  readonly retry?: RetryAdvice;
  /** Whole seconds, sent as `retry-after`. Claude Code gives up at once above 60. */
  readonly retryAfterSeconds?: number;
  /** Whole seconds that the upstream asks to wait, also where clients are told nothing of it because it is too long for them. */
  readonly upstreamWaitSeconds?: number | undefined;
  /** More headers of the answer, lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** `error.details` of the envelope, a JSON value: SDKs act on its `error_code`. */
  readonly publicDetails?: unknown;
  /** What the upstream said, without secrets, for the log where the client is not shown it. */
  readonly upstreamMessage?: string | undefined;
  /** What the upstream calls the failure: a name of its own, never a sentence. */
  readonly upstreamCode?: string | undefined;
  /** Why, in a word for the log; never shown to the client. */
  readonly reason?: string;
  /** Never shown to the client. */
  readonly cause?: unknown;
}

/**
 * The one error class. `publicMessage` is read by the client and says what to do next; neither it nor the
 * cause may hold a body, a header value or a secret.
 */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly publicMessage: string;
  readonly status: number;
  readonly type: AnthropicErrorType;
  readonly owner: ErrorOwner;
  readonly retry: RetryAdvice;
  readonly retryAfterSeconds: number | undefined;
  readonly upstreamWaitSeconds: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly publicDetails: unknown;
  readonly upstreamMessage: string | undefined;
  readonly upstreamCode: string | undefined;
  readonly reason: string | undefined;

  constructor(code: ErrorCode, publicMessage: string, details: GatewayErrorDetails = {}) {
    super(`${code}: ${publicMessage}`, details.cause === undefined ? undefined : { cause: details.cause });
    const entry = errorCatalog[code];
    this.code = code;
    this.publicMessage = publicMessage;
    this.status = details.status ?? entry.status;
    this.type = details.type ?? entry.type;
    this.owner = entry.owner;
    this.retry = details.retry ?? entry.retry;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.upstreamWaitSeconds = details.upstreamWaitSeconds;
    this.headers = details.headers ?? {};
    this.publicDetails = details.publicDetails;
    this.upstreamMessage = details.upstreamMessage;
    this.upstreamCode = details.upstreamCode;
    this.reason = details.reason;
  }
}

/** The same failure with other details. What caused it is left out: it may quote what the change takes away. */
export function changedError(
  error: GatewayError,
  { publicMessage = error.publicMessage, ...change }: GatewayErrorDetails & { readonly publicMessage?: string },
): GatewayError {
  const { status, type, retry, headers, publicDetails, reason } = error;
  const { retryAfterSeconds, upstreamWaitSeconds, upstreamMessage, upstreamCode } = error;
  return new GatewayError(error.code, publicMessage, {
    status,
    type,
    retry,
    headers,
    publicDetails,
    upstreamWaitSeconds,
    upstreamMessage,
    upstreamCode,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(reason === undefined ? {} : { reason }),
    ...change,
  });
}

/** Turns whatever was thrown into a `GatewayError`; anything unexpected becomes `internal`, its text kept from the client. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  return new GatewayError(
    'internal',
    'The gateway failed on this request. Try again; if it persists, give the request id to its operators.',
    {
      cause: thrown,
    },
  );
}
