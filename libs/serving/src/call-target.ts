import type { Target } from '@ccg/catalog';
import { GatewayError, ReaderGoneError, toGatewayError } from '@ccg/kernel';
import type { Outcome } from '@ccg/kernel';
import { codeOf, ownWordsOf } from '@ccg/translation';
import type { AnswerReader, UpstreamFailure, UpstreamRequest } from '@ccg/translation';
import { callErrorToGatewayError, findInAnswer, findInHead, UpstreamCallError, wrongBaseUrlError } from '@ccg/upstream';
import type { Upstream, UpstreamResponse } from '@ccg/upstream';
import { traceparentOf } from '@ccg/telemetry';
import type { HeaderList } from '@ccg/wire';
import { nameOf, outcomeOfFailure } from './record.ts';
import type { AttemptRecord, Failure, TargetName } from './record.ts';
import { recordAnswer } from './recording.ts';
import type { RecordedCall } from './recording.ts';
import type { ServeRequest } from './request.ts';
import { errorWithoutCredentials, wordsForLog } from './upstream-words.ts';

/** An attempt whose outcome is not known yet. It holds nothing of the request's body. */
export interface OpenAttempt {
  readonly target: TargetName;
  readonly elapsedMs: ServeRequest['elapsedMs'];
  readonly startedMs: number;
  readonly status: number | undefined;
  readonly upstreamRequestId: string | undefined;
  readonly spanId: string | undefined;
}

/** A provider sent a status, whatever it is. */
export interface Answered {
  readonly kind: 'answered';
  readonly response: UpstreamResponse;
  readonly attempt: OpenAttempt;
}

/** What came of a call; `earlier` holds the attempt before it, if its connection failed. */
type Called = { readonly earlier: readonly AttemptRecord[] } & (
  | Answered
  | { readonly kind: 'failed'; readonly thrown: unknown; readonly failure: Failure; readonly attempt: AttemptRecord }
);

interface TargetCall {
  readonly operation: 'messages' | 'count';
  readonly stream: boolean;
  readonly translated: Pick<UpstreamRequest, 'headers' | 'body'>;
  readonly request: ServeRequest;
  readonly signal: AbortSignal;
}

/** Never rejects. A call that its server cannot have acted on is made once more. */
export type CallTarget = (target: Target, call: TargetCall) => Promise<Called>;

interface CallDependencies {
  readonly upstream: Upstream;
}

export function createCallTarget(dependencies: CallDependencies): CallTarget {
  return (target, call) => callOnce(target, call, [], dependencies);
}

async function callOnce(
  target: Target,
  call: TargetCall,
  earlier: readonly AttemptRecord[],
  dependencies: CallDependencies,
): Promise<Called> {
  const { operation, stream, request, signal } = call;
  const { body } = call.translated;
  const { upstream } = dependencies;
  const { elapsedMs, recording, trace } = request;
  const spanId = trace?.newSpanId();
  const headers = tracedHeaders(call, spanId);
  const startedMs = elapsedMs();
  const opened = (status?: number, upstreamRequestId?: string): OpenAttempt => {
    return { target: nameOf(target), elapsedMs, startedMs, status, upstreamRequestId, spanId };
  };
  const sent: RecordedCall = { operation, model: target.model, stream, headers, body, client: request };
  try {
    const answering = upstream.call(target, sent, signal);
    const recorded = recording?.called(target, sent);
    const response = await (recorded === undefined ? answering : recordAnswer(answering, recorded));
    const upstreamRequestId = header(response, 'request-id') ?? header(response, 'x-request-id');
    return { kind: 'answered', response, attempt: opened(response.status, upstreamRequestId), earlier };
  } catch (thrown) {
    const failure = failureOf(thrown, signal, target);
    const attempt = endAttempt(opened(), outcomeOfFailure(failure));
    const isUnreachable = thrown instanceof UpstreamCallError && thrown.kind === 'unreachable';
    if (isUnreachable && earlier.length === 0) return callOnce(target, call, [attempt], dependencies);
    return { kind: 'failed', thrown, failure, attempt, earlier };
  }
}

/** Tells the provider where the call stands in its trace. */
function tracedHeaders(
  { translated: { headers }, request: { trace } }: TargetCall,
  spanId: string | undefined,
): HeaderList {
  return trace === undefined || spanId === undefined
    ? headers
    : [...headers, ['traceparent', traceparentOf(trace.trace, spanId)]];
}

/** Closes the record of an attempt. */
export function endAttempt(open: OpenAttempt, outcome: Outcome): AttemptRecord {
  const { target, elapsedMs, startedMs, status, upstreamRequestId, spanId } = open;
  return { target, startedMs, endedMs: elapsedMs(), status, upstreamRequestId, outcome, spanId };
}

/** Why a request or a call failed. If the sink ended it, that is the reason, and not what the abort did to the connection. */
export function failureOf(thrown: unknown, { reason }: AbortSignal, target?: Target): Failure {
  if (reason instanceof ReaderGoneError || reason instanceof GatewayError) return reason;
  if (thrown instanceof ReaderGoneError) return thrown;
  if (target !== undefined && thrown instanceof UpstreamCallError) {
    return callErrorToGatewayError(thrown, target.provider.name);
  }
  return toGatewayError(thrown);
}

/** Whether a call timed out: the provider kept silent for as long as it is waited for. */
export function isTimeOut(thrown: unknown): boolean {
  return (
    thrown instanceof UpstreamCallError && (thrown.kind === 'first-byte-timeout' || thrown.kind === 'idle-timeout')
  );
}

/** Whether the provider answered the request, as far as its status tells. */
export function isAnswer({ status }: UpstreamResponse): boolean {
  return status >= 200 && status <= 299;
}

const errorBodyMaxBytes = 1024 * 1024;

/** A refusal, which can be read again for a request that was changed. */
export interface ReadRejection extends UpstreamFailure {
  /** What to do about the same refusal of the request of another reader. */
  readonly again?: (reader: AnswerReader) => UpstreamFailure['retry'];
}

/** What the client is told when a provider gave no answer, and whether to ask again. Rejects with `UpstreamCallError`. */
export async function readRejection(
  target: Target,
  { response, attempt }: Answered,
  reader: AnswerReader,
  estimatedTokens: number | undefined,
): Promise<ReadRejection> {
  const { status, headers } = response;
  const elsewhere = findInHead(response);
  if (elsewhere !== undefined) {
    response.body.abort();
    return { error: wrongBaseUrlError(target, elsewhere), retry: { kind: 'none' } };
  }
  const answer = { status, headers, body: await response.body.collect(errorBodyMaxBytes) };
  const wrongBaseUrl = findInAnswer(answer);
  if (wrongBaseUrl !== undefined) return { error: wrongBaseUrlError(target, wrongBaseUrl), retry: { kind: 'none' } };
  const at = { estimatedTokens, windowTokens: target.limits.contextTokens };
  const { error, retry } = reader.failure(answer, at);
  const isOfGateway = /^upstream-(?:credential-rejected|account-empty)$/u.test(error.code);
  const upstreamMessage = isOfGateway ? wordsForLog(ownWordsOf(answer), target.endpoint) : undefined;
  const { upstreamRequestId: id } = attempt;
  // The log has the provider's own words, and the client its id of the request for a question to its support.
  const headersOfId = id === undefined ? {} : { 'x-upstream-request-id': id };
  const more = { headers: headersOfId, upstreamMessage, upstreamCode: codeOf(answer) };
  return {
    error: errorWithoutCredentials(error, target.endpoint, more),
    retry,
    again: (another) => another.failure(answer, at).retry,
  };
}

function header(response: UpstreamResponse, name: string): string | undefined {
  return response.headers.find(([key]) => key === name)?.[1];
}
