import { changedError, errorCatalog, GatewayError } from '@ccg/kernel';
import type { AnthropicErrorType, ErrorCode, RetryAdvice } from '@ccg/kernel';
import { bytesToString, decodeByteString } from '@ccg/wire';
import type { HeaderList, JsonValue } from '@ccg/wire';
import type { FailureReading } from '../failure/read-failure.ts';
import { tellFailure, unknownSize } from '../failure/tell-failure.ts';
import type { FailureContext } from '../failure/tell-failure.ts';
import { readInBandFailure } from '../failure/upstream-failure.ts';
import { asObject, asText, memberOf, tryParseJson } from '../json-fields.ts';
import type { UpstreamAnswer } from '../translation.ts';

/**
 * An HTTP error of an Anthropic server: status, type, message and the headers about trying again stay as they are, but
 * that a wait is told in whole seconds, as clients read it. Those that tell its limits are left out: they are those of the
 * account, and the client would take them for its own. What is not the API's own form, such as a proxy's page, becomes
 * one readable sentence.
 */
export function anthropicFailure(
  reading: FailureReading,
  { headers, body }: UpstreamAnswer,
  context: FailureContext,
): GatewayError {
  const told = tellFailure(reading, context);
  if (isOperators(reading)) return told;
  const { message, isEnvelope, status, cause } = reading;
  if (message === undefined || !isEnvelope) {
    const { type, retry, retryAfterSeconds } = told;
    return keep(told.code, told.publicMessage, { status: told.status, type, retry, retryAfterSeconds, headers });
  }
  const type = knownType(reading.type) ?? told.type;
  // The client makes up its own mind about a long wait.
  const retry = cause.kind === 'rate-limited' ? 'default' : told.retry;
  const details = detailsOf(bytesToString(body));
  const { upstreamWaitSeconds: retryAfterSeconds } = told;
  return keep(told.code, message, { status, type, retry, retryAfterSeconds, headers, details });
}

/** An `error` event inside a stream, or an error document with status 200. */
export function anthropicInBandFailure(value: JsonValue, provider: string): GatewayError {
  const type = knownType(asText(asObject(asObject(value)?.['error'] ?? value)?.['type'])) ?? 'api_error';
  const status = statusOf(type);
  const reading = readInBandFailure(value, status);
  const told = tellFailure(reading, { provider, model: 'this model', at: unknownSize });
  const upstreamCode = reading.name;
  if (isOperators(reading)) return changedError(told, { upstreamCode });
  return new GatewayError(told.code, reading.message ?? told.publicMessage, { status, type, upstreamCode });
}

/** A refusal of what is the gateway's own: its credential, or its account. */
function isOperators({ cause, status }: FailureReading): boolean {
  return cause.kind === 'credential' || (cause.kind === 'account-empty' && status !== 429);
}

interface Kept {
  readonly status: number;
  readonly type: AnthropicErrorType;
  readonly retry: RetryAdvice;
  readonly retryAfterSeconds: number | undefined;
  readonly headers: HeaderList;
  readonly details?: unknown;
}

function keep(
  code: ErrorCode,
  message: string,
  { status, type, retry, headers, details, ...kept }: Kept,
): GatewayError {
  const retryAfterSeconds = kept.retryAfterSeconds ?? integerRetryAfter(headers);
  return new GatewayError(code, message, {
    status,
    type,
    retry: retryAdvice(headers) ?? retry,
    publicDetails: details,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

/** Clients act on them: a thread that Anthropic has lost is started anew, for example. */
function detailsOf(text: string): unknown {
  return memberOf(memberOf(tryParseJson(decodeByteString(text)), 'error'), 'details') ?? undefined;
}

function knownType(type: string | undefined): AnthropicErrorType | undefined {
  return Object.values(errorCatalog).find((entry) => entry.type === type)?.type ?? otherTypes.find((t) => t === type);
}

/** Types that no failure of the gateway itself has. */
const otherTypes: readonly AnthropicErrorType[] = ['permission_error', 'billing_error', 'conflict_error'];

function statusOf(type: AnthropicErrorType): number {
  switch (type) {
    case 'invalid_request_error':
      return 400;
    case 'authentication_error':
      return 401;
    case 'billing_error':
      return 402;
    case 'permission_error':
      return 403;
    case 'not_found_error':
      return 404;
    case 'conflict_error':
      return 409;
    case 'request_too_large':
      return 413;
    case 'rate_limit_error':
      return 429;
    case 'api_error':
      return 500;
    case 'not_supported':
      return 501;
    case 'timeout_error':
      return 504;
    case 'overloaded_error':
      return 529;
  }
}

function retryAdvice(headers: HeaderList): RetryAdvice | undefined {
  const value = headers.find(([name]) => name === 'x-should-retry')?.[1];
  if (value === 'true') return 'always';
  return value === 'false' ? 'never' : undefined;
}

function integerRetryAfter(headers: HeaderList): number | undefined {
  const value = headers.find(([name]) => name === 'retry-after')?.[1] ?? '';
  return /^\d+$/u.test(value) ? Number(value) : undefined;
}
