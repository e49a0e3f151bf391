import type { GatewayError } from '@ccg/kernel';
import { bytesToString } from '@ccg/wire';
import type { HeaderList, JsonValue } from '@ccg/wire';
import type { OutputLimit, PromptSize, UpstreamAnswer, UpstreamFailure } from '../translation.ts';
import { readErrorBody, readErrorValue } from './error-report.ts';
import type { ErrorReport } from './error-report.ts';
import { overflowError, readOutputLimit } from './overflow.ts';
import { credentialError, isCredentialRejection, statusError } from './status-error.ts';
import { remedyFor } from './remedy.ts';
import type { SentParts } from './remedy.ts';
import { unsupportedFields } from './unsupported-fields.ts';
import type { RejectedForm, UpstreamCause } from './upstream-cause.ts';

/** Who failed, for the text of the error. */
export interface FailureContext {
  readonly provider: string;
  readonly model: string;
}

/** A request that failed, as far as it tells what to change of it. */
export interface FailedRequest extends FailureContext {
  readonly sent: SentParts;
}

/** A failure with its cause, and whether to send the request again. */
export interface CausedFailure extends UpstreamFailure {
  readonly cause: UpstreamCause;
}

/** Reads why a request failed. A second try is shorter, or without what the server rejects. */
export function readUpstreamFailure(upstream: UpstreamAnswer, at: PromptSize, failed: FailedRequest): CausedFailure {
  const { sent } = failed;
  const { error, report, status } = readHttpError(upstream, at, failed);
  if (!fieldStatuses.has(status) || error.code !== 'upstream-refused') {
    return { error, cause: causeOf(error, [], undefined), retry: { kind: 'none' } };
  }
  const shorter = readOutputLimit(report);
  const message = report.message ?? '';
  const form = shorter === undefined ? rejectedForm(message) : undefined;
  const paths = shorter === undefined ? unsupportedFields(message, namesOf(sent)) : [];
  const cause = form === undefined ? causeOf(error, paths, shorter) : ({ kind: 'form-rejected', form } as const);
  return { error, cause, retry: remedyFor(cause, sent) };
}

/** The members by every name that a server may call them. */
function namesOf({ members }: SentParts): ReadonlySet<string> {
  return new Set([...members.keys()].flatMap((path) => [path, ...path.split('.').slice(-1)]));
}

const orderRefused =
  /roles must alternate|unexpected role '\w+' after role|only user(?:, system)? and assistant roles are supported/iu;
const callsRefused = /toolConfig field must be defined|(?:tool_use|tool_result|tool_calls).{0,80}must define tools/isu;

function rejectedForm(message: string): RejectedForm | undefined {
  if (callsRefused.test(message)) return 'calls without tools';
  return orderRefused.test(message) ? 'messages in any order' : undefined;
}

function causeOf(error: GatewayError, paths: readonly string[], shorter: OutputLimit | undefined): UpstreamCause {
  if (shorter !== undefined) {
    const { outputTokens: possibleTokens, limits } = shorter;
    const said = { possibleTokens, modelMaximum: limits.outputTokens, windowTokens: limits.contextTokens };
    return { kind: 'answer-too-long', askedTokens: undefined, promptTokens: undefined, ...said };
  }
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

/** With which status servers reject a field; OpenRouter finds no endpoint that takes it. */
const fieldStatuses: ReadonlySet<number> = new Set([400, 404, 422]);

/** What llama.cpp and Ollama report as a failure of their own, although no second try would help. */
const clientMistake =
  /image input is not supported|Failed to parse (?:tools|tool call arguments|messages|input)|\[json\.exception|invalid JSON schema in format|invalid format:|must be of type|roles must alternate|is not supported for this model/iu;

interface HttpError {
  readonly error: GatewayError;
  readonly report: ErrorReport;
  /** 400 where the server said 500 for a mistake of the client. */
  readonly status: number;
}

/** An answer whose status is not 2xx, as an error in the client's terms. */
export function readHttpError(upstream: UpstreamAnswer, at: PromptSize, context: FailureContext): HttpError {
  const report = readErrorBody(bytesToString(upstream.body));
  const isMistake = upstream.status === 500 && clientMistake.test(report.message ?? '');
  const status = isMistake ? 400 : upstream.status;
  return { error: errorOf(status, upstream.headers, report, at, context), report, status };
}

/** An error that came inside an answer with status 200: a whole body, a chunk, or an `error` member of one. */
export function inBandFailure(value: JsonValue, context: FailureContext): GatewayError {
  const report = readErrorValue(value);
  return errorOf(statusOf(report), [], report, { estimatedTokens: undefined, windowTokens: undefined }, context);
}

function errorOf(
  status: number,
  headers: HeaderList,
  report: ErrorReport,
  at: PromptSize,
  { provider, model }: FailureContext,
): GatewayError {
  if (isCredentialRejection(status, report)) return credentialError(provider, status);
  // A limit on tokens per minute names a number of tokens, too, but a shorter prompt does not help.
  const overflow = status === 429 ? undefined : overflowError(report, at, model);
  return overflow ?? statusError({ status, headers, report, provider });
}

/** The status that the error would have had if it had come before the answer began. */
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
