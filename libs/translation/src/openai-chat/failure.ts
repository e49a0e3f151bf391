import type { GatewayError } from '@ccg/kernel';
import { bytesToString } from '@ccg/wire';
import type { HeaderList, JsonValue } from '@ccg/wire';
import { credentialError, isCredentialRejection, statusError } from '../failure/status-error.ts';
import { readErrorBody, readErrorValue } from '../failure/error-report.ts';
import type { ErrorReport } from '../failure/error-report.ts';
import { readOutputLimit, overflowError } from '../failure/overflow.ts';
import { unsupportedFields } from '../failure/unsupported-fields.ts';
import type { UpstreamCause } from '../failure/upstream-cause.ts';
import type { OutputLimit, PromptSize, UpstreamAnswer } from '../translation.ts';
import { rejectedForms } from './request/history-forms.ts';

/** Who failed, for the text of the error. */
export interface FailureContext {
  readonly provider: string;
  readonly model: string;
}

/** A refusal in the client's terms, and which of the fields that were sent it is about. */
export interface ChatFailure {
  readonly error: GatewayError;
  readonly cause: UpstreamCause;
  readonly rejected: readonly string[];
  /** What the server would have taken, where the answer was to be too long. */
  readonly shorter: OutputLimit | undefined;
}

/** An HTTP error of a chat completions server; `optionalFields` are those that a second try may leave out. */
export function chatFailure(
  upstream: UpstreamAnswer,
  at: PromptSize,
  context: FailureContext,
  optionalFields: ReadonlySet<string>,
): ChatFailure {
  const report = readErrorBody(bytesToString(upstream.body));
  const isMistake = upstream.status === 500 && clientMistake.test(report.message ?? '');
  const status = isMistake ? 400 : upstream.status;
  const error = failureOf(status, upstream.headers, report, at, context);
  if (!fieldStatuses.has(status) || error.code !== 'upstream-refused') {
    return { error, cause: causeOf(error, [], undefined), rejected: [], shorter: undefined };
  }
  const shorter = readOutputLimit(report);
  const rejected = shorter === undefined ? rejectedParts(report.message ?? '', optionalFields) : [];
  return { error, cause: causeOf(error, rejected, shorter), rejected, shorter };
}

function causeOf(error: GatewayError, paths: readonly string[], shorter: OutputLimit | undefined): UpstreamCause {
  const unsaid = { askedTokens: undefined, promptTokens: undefined, modelMaximum: undefined, windowTokens: undefined };
  if (shorter !== undefined) return { kind: 'answer-too-long', ...unsaid, possibleTokens: shorter.outputTokens };
  if (paths.length > 0) return { kind: 'field-rejected', paths };
  const { code, retryAfterSeconds } = error;
  if (code === 'prompt-too-long') return { kind: 'overflow', promptTokens: undefined, windowTokens: undefined };
  if (code === 'upstream-credential-rejected') return { kind: 'credential' };
  if (code === 'upstream-rate-limited') return { kind: 'rate-limited', retryAfterSeconds };
  if (code === 'upstream-overloaded') return { kind: 'overloaded', retryAfterSeconds };
  if (code === 'upstream-timeout') return { kind: 'timed-out', retryAfterSeconds };
  if (code === 'model-unknown') return { kind: 'model-unknown' };
  return code === 'upstream-refused' ? { kind: 'refused' } : { kind: 'broken', retryAfterSeconds };
}

function rejectedParts(message: string, optionalFields: ReadonlySet<string>): readonly string[] {
  const forms = rejectedForms(message, optionalFields);
  return forms.length > 0 ? forms : unsupportedFields(message, optionalFields);
}

/** With which servers refuse a field; OpenRouter finds no endpoint that takes it. */
const fieldStatuses: ReadonlySet<number> = new Set([400, 404, 422]);

/** What llama.cpp and Ollama call a failure of their own, though no second try would fare better. */
const clientMistake =
  /image input is not supported|Failed to parse (?:tools|tool call arguments|messages|input)|\[json\.exception|invalid JSON schema in format|invalid format:|must be of type|roles must alternate|is not supported for this model/iu;

/** An error that came inside an answer with status 200: a whole body, a chunk, or an `error` member of one. */
export function inBandFailure(value: JsonValue, context: FailureContext): GatewayError {
  const report = readErrorValue(value);
  return failureOf(statusOf(report), [], report, { estimatedTokens: undefined, windowTokens: undefined }, context);
}

function failureOf(
  status: number,
  headers: HeaderList,
  report: ErrorReport,
  at: PromptSize,
  { provider, model }: FailureContext,
): GatewayError {
  if (isCredentialRejection(status, report)) return credentialError(provider, status);
  // A limit on tokens per minute speaks of too many tokens, too, but a shorter prompt is no remedy for it.
  const overflow = status === 429 ? undefined : overflowError(report, at, model);
  return overflow ?? statusError({ status, headers, report, provider });
}

/** The status that the error would have had, had it come in time. */
function statusOf({ code, type }: ErrorReport): number {
  const status = Number(code);
  if (Number.isInteger(status) && status >= 400 && status <= 599) return status;
  const words = `${type ?? ''} ${code ?? ''}`;
  if (/overloaded|unavailable/iu.test(words)) return 529;
  if (/rate_limit|quota|too_many_requests/iu.test(words)) return 429;
  if (/authentication|invalid_api_key/iu.test(words)) return 401;
  if (/invalid_request|bad_?request|context_length/iu.test(words)) return 400;
  if (/not_found/iu.test(words)) return 404;
  return 500;
}
