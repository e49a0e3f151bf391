import { GatewayError } from '@ccg/kernel';
import type { AnthropicErrorType, ErrorCode, GatewayErrorDetails } from '@ccg/kernel';
import type { HeaderList } from '@ccg/wire';
import { shorten } from './error-report.ts';
import type { ErrorReport } from './error-report.ts';
import { readRetryAfterSeconds } from './retry-after.ts';

const credentialWords = /api[ _-]?key|authenticat|authoriz|credential|access token|permission_denied/iu;

/** Whether an upstream refused the gateway's own credential or account, rather than this request. */
export function isCredentialRejection(status: number, report: ErrorReport): boolean {
  if (status === 401 || status === 402) return true;
  if (status !== 403) return false;
  if (report.type === 'authentication_error' || report.code === 'invalid_api_key') return true;
  return credentialWords.test(report.message ?? '');
}

/**
 * Never a 401: the developer's own credential is fine, and Claude Code answers a 401 with a login. The upstream's
 * text stays out, since it may quote the credential.
 */
export function credentialError(provider: string, status: number): GatewayError {
  const problem =
    status === 402
      ? `The account of the provider "${provider}" has no credit left or was refused`
      : `The provider "${provider}" does not accept the credential that the gateway has for it`;
  return new GatewayError(
    'upstream-credential-rejected',
    `${problem} (HTTP ${status}). Your own key is fine: ask the operators of this gateway to check the credential of "${provider}".`,
  );
}

export interface RejectedAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly report: ErrorReport;
  readonly provider: string;
}

/** The longest wait that Claude Code honours; above it, it gives up at once. */
const retryAfterMaxSeconds = 60;

const exhausted = /insufficient_quota|free-models-per-day|per ?day|daily limit|exceeded your current quota/iu;
const busy = /overloaded|server busy|unavailable|resourceexhausted|no capacity|try again later/iu;
const aboutModel = /model/iu;

/** An upstream's HTTP error by its status, in the classes that the client knows. */
export function statusError(rejected: RejectedAnswer): GatewayError {
  const { status, report } = rejected;
  const answer = { ...rejected, headers: [...rejected.headers, ...report.headers] };
  if (report.code === 'model_not_found') return rejection(answer, 'model-unknown');
  switch (status) {
    case 403:
      return rejection(answer, 'upstream-refused', { status, type: 'permission_error' });
    case 404:
      return rejection(answer, aboutModel.test(report.message ?? '') ? 'model-unknown' : 'upstream-refused');
    case 408:
    case 504:
      return failing(answer, 'upstream-timeout');
    case 409:
      return rejection(answer, 'upstream-refused', { status, type: 'conflict_error' });
    case 413:
      return rejection(answer, 'upstream-refused', { status, type: 'request_too_large' });
    case 429:
      return rateLimited(answer);
    case 503:
    case 529:
      return failing(answer, 'upstream-overloaded');
    default:
      return otherStatus(answer);
  }
}

function otherStatus(answer: RejectedAnswer): GatewayError {
  const { status, report } = answer;
  if (status >= 400 && status < 500) return rejection(answer, 'upstream-refused');
  if (status < 500) return failing(answer, 'upstream-malformed');
  return failing(answer, busy.test(report.message ?? '') ? 'upstream-overloaded' : 'upstream-failed');
}

function rejection(
  answer: RejectedAnswer,
  code: ErrorCode,
  details: { status?: number; type?: AnthropicErrorType } = {},
) {
  return new GatewayError(code, sentence(answer, 'refused the request'), details);
}

function failing(answer: RejectedAnswer, code: ErrorCode): GatewayError {
  return new GatewayError(code, `${sentence(answer, 'failed')} Try again.`, waiting(answer));
}

function rateLimited(answer: RejectedAnswer): GatewayError {
  const { message, code, type } = answer.report;
  const text = sentence(answer, 'limits its requests');
  const isExhausted = [message, code, type].some((words) => exhausted.test(words ?? ''));
  const waitSeconds = readRetryAfterSeconds(answer.headers);
  if (isExhausted)
    return new GatewayError('upstream-rate-limited', `${text} Its quota is used up.`, { retry: 'never' });
  if (waitSeconds !== undefined && waitSeconds > retryAfterMaxSeconds) {
    return new GatewayError('upstream-rate-limited', `${text} Try again in ${waitSeconds} seconds.`, {
      retry: 'never',
    });
  }
  return new GatewayError('upstream-rate-limited', text, waiting(answer));
}

function waiting({ headers }: RejectedAnswer): GatewayErrorDetails {
  const waitSeconds = readRetryAfterSeconds(headers);
  return waitSeconds === undefined || waitSeconds > retryAfterMaxSeconds ? {} : { retryAfterSeconds: waitSeconds };
}

/** One readable sentence, with the upstream's own words where it has any. */
function sentence({ status, report, provider }: RejectedAnswer, what: string): string {
  const head = `The provider "${provider}" ${what}`;
  if (report.message === undefined) return `${head} (HTTP ${status}).`;
  const text = shorten(report.message);
  return `${head}: ${/[.!?…]$/u.test(text) ? text : `${text}.`}`;
}
