import { errorCatalog, GatewayError } from '@ccg/kernel';
import type { AnthropicErrorType, ErrorCode, RetryAdvice } from '@ccg/kernel';
import { bytesToString, decodeByteString, isJsonObject, readJson } from '@ccg/wire';
import type { HeaderList, JsonValue } from '@ccg/wire';
import { credentialError, isCredentialRejection, statusError } from '../failure/status-error.ts';
import { readErrorBody, readErrorValue } from '../failure/error-report.ts';
import { asObject, asText, memberOf, tryParseJson } from '../json-fields.ts';
import type { UpstreamAnswer } from '../translation.ts';

/**
 * An HTTP error of an Anthropic server: status, type, message and the headers about trying again stay as they are.
 * What is not the API's own form, such as a proxy's page, becomes one readable sentence.
 */
export function anthropicFailure({ status, headers, body }: UpstreamAnswer, provider: string): GatewayError {
  const text = bytesToString(body);
  const report = readErrorBody(text);
  if (isCredentialRejection(status, report)) return credentialError(provider, status);
  const type = isApiError(text) ? knownType(report.type) : undefined;
  if (report.message === undefined || !isApiError(text)) {
    const error = statusError({ status, headers, report, provider });
    return keep(error.code, error.publicMessage, { status: error.status, type: error.type, error, headers });
  }
  const nearest = statusError({ status, headers: [], report, provider });
  const details = detailsOf(text);
  return keep(nearest.code, report.message, { status, type: type ?? nearest.type, error: nearest, headers, details });
}

/** An `error` event inside a stream, or an error document with status 200. */
export function anthropicInBandFailure(value: JsonValue, provider: string): GatewayError {
  const report = readErrorValue(value);
  const type = knownType(report.type) ?? 'api_error';
  const status = statusOf(type);
  if (isCredentialRejection(status, report)) return credentialError(provider, status);
  const error = statusError({ status, headers: [], report, provider });
  return new GatewayError(error.code, report.message ?? error.publicMessage, { status, type });
}

interface Kept {
  readonly status: number;
  readonly type: AnthropicErrorType;
  readonly error: GatewayError;
  readonly headers: HeaderList;
  readonly details?: unknown;
}

function keep(code: ErrorCode, message: string, { status, type, error, headers, details }: Kept): GatewayError {
  const retryAfterSeconds = error.retryAfterSeconds ?? integerRetryAfter(headers);
  return new GatewayError(code, message, {
    status,
    type,
    retry: retryAdvice(headers) ?? error.retry,
    headers: rateLimitHeaders(headers),
    publicDetails: details,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

function isApiError(text: string): boolean {
  try {
    const body = asObject(readJson(text));
    return body !== undefined && asText(body['type']) === 'error' && isJsonObject(body['error']);
  } catch {
    return false;
  }
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

function rateLimitHeaders(headers: HeaderList): Readonly<Record<string, string>> {
  return Object.fromEntries(headers.filter(([name]) => name.startsWith('anthropic-ratelimit-')));
}
