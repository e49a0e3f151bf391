import type { Target } from '@ccg/catalog';
import { assertNever, ReaderGoneError } from '@ccg/kernel';
import type { Clock, ErrorCode } from '@ccg/kernel';
import type { AnswerReader, LocalAnswer, Rejection, Translation, Warning } from '@ccg/translation';
import type { UpstreamResponse } from '@ccg/upstream';
import type { MessagesRequest, PromptTools } from '@ccg/wire';
import { jsonContentType, streamContentType, writeAnswer } from './answer.ts';
import { endAttempt, failureOf, isAnswer, isTimeOut, readRejection } from './call-target.ts';
import type { Answered, CallTarget, OpenAttempt, ReadRejection } from './call-target.ts';
import { changedRequest } from './changed-request.ts';
import type { SentRequest } from './changed-request.ts';
import type { PromptEstimate } from './estimate-prompt.ts';
import { notMeasured, nothingKnown, outcomeOf, outcomeOfFailure } from './record.ts';
import type { AttemptRecord, Failure, Measured } from './record.ts';
import { addsTo, changesFor } from './learned-rejections.ts';
import type { LearnedRejections } from './learned-rejections.ts';
import { relayAnswer } from './relay.ts';
import type { AnswerFacts, RelayDependencies } from './relay.ts';
import type { ResponseSink, ServeRequest } from './request.ts';

/** A request on its way to a target. */
export interface Job {
  readonly request: ServeRequest;
  readonly messagesRequest: MessagesRequest;
  readonly tools: PromptTools | undefined;
  readonly estimate: PromptEstimate;
  readonly sink: ResponseSink;
  /** Told of each answer that is open, and how to measure what it has used so far. */
  measure(this: void, target: Target, measured: () => Measured): void;
}

/** Why an attempt failed, as far as another target could do better. @internal */
export type FailureClass =
  /** This target has no form for the request. */
  | 'untranslatable'
  /** The provider refused the request itself. */
  | 'refused'
  /** The provider did not answer, whatever the request: overload, limit, credential, network, time-out, broken answer. */
  | 'unavailable'
  /** The client left, or the gateway ends its answers. */
  | 'interrupted'
  /** A fault of the gateway. */
  | 'internal';

/** What an attempt at one target gave; the client has seen nothing of one that failed. */
export type AttemptResult = Measured & {
  readonly target: Target;
  readonly attempts: readonly AttemptRecord[];
  readonly warnings: readonly Warning[];
} & (
    | ({ readonly kind: 'answered' } & AnswerFacts)
    | {
        readonly kind: 'failed';
        readonly failure: Failure;
        readonly class: FailureClass;
        readonly visible: false;
      }
  );

/** Never rejects. */
export type Attempt = (job: Job, target: Target) => Promise<AttemptResult>;

export type Translate = (
  job: Pick<Job, 'request' | 'messagesRequest' | 'tools'>,
  target: Target,
  known: { readonly estimatedInputTokens: number | undefined; readonly rejections: readonly Rejection[] },
) => Translation;

export interface AttemptDependencies extends RelayDependencies {
  readonly translate: Translate;
  readonly callTarget: CallTarget;
  readonly learnedRejections: LearnedRejections;
  readonly clock: Clock;
}

/** How often a provider may reject something new and be asked again without it. */
const roundsMax = 8;

/** One of the times that a target is asked, and what was learned from those before it. */
interface Round {
  readonly number: number;
  readonly rejections: readonly Rejection[];
  /** From the last rejection. It is learned once an answer shows that the change helped. */
  readonly unproven: readonly Rejection[];
  readonly attempts: readonly AttemptRecord[];
}

/** The state of an attempt that got as far as an answer; nothing in it holds the body of the request. */
type Opened = { readonly attempts: readonly AttemptRecord[]; readonly warnings: readonly Warning[] } & (
  | {
      readonly kind: 'open';
      readonly response: UpstreamResponse;
      readonly reader: AnswerReader;
      readonly attempt: OpenAttempt;
      readonly hangProneFields: readonly string[];
      readonly round: Round;
    }
  | { readonly kind: 'local'; readonly answer: LocalAnswer }
  | { readonly kind: 'failed'; readonly failure: Failure }
);

/**
 * One target's answer. What its server rejects is left out and the target is asked again, before the client has seen
 * anything; later requests to that target are sent without it for a while.
 */
export function createAttempt(dependencies: AttemptDependencies): Attempt {
  return async (job, target) => {
    let round: Round = {
      number: 0,
      rejections: dependencies.learnedRejections.of(target),
      unproven: [],
      attempts: [],
    };
    for (;;) {
      // The translated body is gone from here on: a function that waits for an answer keeps all its variables.
      const opened = await open(job, target, round, dependencies);
      const { attempts, warnings } = opened;
      switch (opened.kind) {
        case 'open': {
          const result = await relay(job, target, opened, dependencies);
          const next = await roundAfter(job, target, opened, result, dependencies);
          if (next === undefined) return result;
          round = next;
          break;
        }
        case 'local':
          return { target, attempts, warnings, ...(await writeLocalAnswer(job, opened.answer, warnings)) };
        case 'failed':
          return { target, attempts, warnings, ...notMeasured, ...failed(opened.failure) };
        default:
          return assertNever(opened);
      }
    }
  };
}

/** Some servers refuse a request inside of an answer with status 200. Undefined if nothing can be changed. */
async function roundAfter(
  { estimate }: Job,
  target: Target,
  { reader, round: { number, rejections, unproven } }: Extract<Opened, { kind: 'open' }>,
  result: AttemptResult,
  { learnedRejections }: AttemptDependencies,
): Promise<Round | undefined> {
  if (result.kind === 'answered' || result.class !== 'refused') return undefined;
  const at = { estimatedTokens: await estimate.tokens(target), windowTokens: target.limits.contextTokens };
  const changes = changesFor(reader.retry?.(at) ?? { kind: 'none' });
  if (changes !== undefined || isPromptTooLong(result.failure)) learnedRejections.learn(target, unproven);
  if (changes === undefined || number >= roundsMax || !addsTo(rejections, changes.applied)) return undefined;
  const { applied, learned } = changes;
  return {
    number: number + 1,
    rejections: [...rejections, ...applied],
    unproven: learned,
    attempts: result.attempts,
  };
}

/** Calls the target, and again without what its server rejects. */
async function open(job: Job, target: Target, from: Round, dependencies: AttemptDependencies): Promise<Opened> {
  const { translate, callTarget, learnedRejections } = dependencies;
  const {
    request,
    messagesRequest: { stream },
    estimate,
    sink,
  } = job;
  const attempts = [...from.attempts];
  let warnings: readonly Warning[] = [];
  try {
    const estimatedInputTokens = await estimate.tokens(target);
    const translationWith = (rejections: readonly Rejection[]) =>
      translate(job, target, { estimatedInputTokens, rejections });
    let { unproven } = from;
    let sent: SentRequest = { rejections: from.rejections, translation: translationWith(from.rejections) };
    for (let { number } = from; ; number += 1) {
      const { request: translated, reader, localAnswer } = sent.translation;
      ({ warnings } = translated);
      if (localAnswer !== undefined) return { kind: 'local', answer: localAnswer, attempts, warnings };
      const { signal } = sink;
      const called = await callTarget(target, { operation: 'messages', stream, translated, request, signal });
      attempts.push(...called.earlier);
      const { hangProneFields = [] } = translated;
      if (called.kind === 'failed') {
        attempts.push(called.attempt);
        if (isTimeOut(called.thrown)) learnedRejections.learn(target, fieldsOf(hangProneFields));
        return { kind: 'failed', failure: called.failure, attempts, warnings };
      }
      const { response, attempt } = called;
      if (isAnswer(response)) {
        const round = { number, rejections: sent.rejections, unproven, attempts };
        return { kind: 'open', response, reader, attempt, hangProneFields, attempts, warnings, round };
      }
      const rejection = await rejectionOf(job, target, called, reader);
      const { error, retry } = rejection;
      attempts.push(endAttempt(attempt, outcomeOfFailure(error)));
      // A server that now rejects something else accepted the last change.
      if (retry.kind !== 'none' || isPromptTooLong(error)) learnedRejections.learn(target, unproven);
      const changed = number >= roundsMax ? undefined : changedRequest(rejection, sent, translationWith);
      if (changed === undefined) return { kind: 'failed', failure: error, attempts, warnings };
      unproven = changed.learned;
      sent = changed.sent;
    }
  } catch (thrown) {
    return { kind: 'failed', failure: failureOf(thrown, sink.signal, target), attempts, warnings };
  }
}

function isPromptTooLong(failure: Failure): boolean {
  return !(failure instanceof ReaderGoneError) && failure.code === 'prompt-too-long';
}

function fieldsOf(paths: readonly string[]): readonly Rejection[] {
  return paths.map((path) => ({ kind: 'field', path }));
}

async function rejectionOf(
  { estimate, sink }: Job,
  target: Target,
  answered: Answered,
  reader: AnswerReader,
): Promise<Omit<ReadRejection, 'error'> & { readonly error: Failure }> {
  try {
    return await readRejection(target, answered, reader, await estimate.tokens(target));
  } catch (thrown) {
    return { error: failureOf(thrown, sink.signal, target), retry: { kind: 'none' } };
  }
}

async function relay(
  { request, messagesRequest, sink, measure }: Job,
  target: Target,
  { response, reader, attempt, attempts, warnings, hangProneFields, round }: Extract<Opened, { kind: 'open' }>,
  dependencies: AttemptDependencies,
): Promise<AttemptResult> {
  const { learnedRejections } = dependencies;
  const job = {
    target,
    response,
    reader,
    sink,
    provenance: { upstreamRequestId: attempt.upstreamRequestId, warnings },
    requestId: request.requestId,
    elapsedMs: request.elapsedMs,
    measure,
    onVisible() {
      learnedRejections.learn(target, round.unproven);
      messagesRequest.release();
      request.bodyFreed?.();
    },
  };
  const relayed = await relayAnswer(job, messagesRequest.stream, dependencies);
  const { kind, usage, usageSource } = relayed;
  const outcome = kind === 'answered' ? outcomeOf(relayed.end) : outcomeOfFailure(relayed.failure);
  const known = { target, usage, usageSource, warnings, attempts: [...attempts, endAttempt(attempt, outcome)] };
  if (kind === 'answered') {
    const { end, firstEventMs, work, stopReason, brokenRule } = relayed;
    return { ...known, kind, end, firstEventMs, work, stopReason, brokenRule };
  }
  // Some servers fall silent over a field instead of rejecting it. The client retries by itself, and then it is left out.
  if (relayed.silent) learnedRejections.learn(target, fieldsOf(hangProneFields));
  return { ...known, ...failed(relayed.failure) };
}

/** Writes an answer for which no provider was asked. */
async function writeLocalAnswer(
  { request, messagesRequest, sink }: Job,
  { body, usage }: LocalAnswer,
  warnings: readonly Warning[],
): Promise<Measured & AnswerFacts & { readonly kind: 'answered' }> {
  const end = await writeAnswer(body, {
    contentType: messagesRequest.stream ? streamContentType : jsonContentType,
    provenance: { upstreamRequestId: undefined, warnings },
    requestId: request.requestId,
    sink,
  });
  const times = { firstEventMs: undefined, work: nothingKnown.stages };
  return { kind: 'answered', end, ...times, stopReason: undefined, usage, usageSource: 'estimated' };
}

function failed(failure: Failure) {
  return { kind: 'failed', failure, class: classOf(failure), visible: false } as const;
}

/** Errors that say something about the request, and would be the same at another provider. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  'upstream-refused',
  'upstream-refused-size',
  'prompt-too-long',
  'model-unknown',
]);

function classOf(failure: Failure): FailureClass {
  if (failure instanceof ReaderGoneError || failure.code === 'draining') return 'interrupted';
  // Only a translation refuses a request at this stage.
  if (failure.code === 'request-invalid') return 'untranslatable';
  if (refusals.has(failure.code)) return 'refused';
  return failure.owner === 'upstream' ? 'unavailable' : 'internal';
}
