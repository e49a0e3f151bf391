import type { Target } from '@ccg/catalog';
import { createBoundedMap, GatewayError } from '@ccg/kernel';
import type { Clock, Outcome } from '@ccg/kernel';
import { findUrlSources } from '@ccg/translation';
import type { PromptCount } from '@ccg/translation';
import { UpstreamCallError } from '@ccg/upstream';
import type { UpstreamResponse } from '@ccg/upstream';
import type { MessagesRequest, PromptTools } from '@ccg/wire';
import type { Translate } from './attempt.ts';
import { endAttempt, failureOf, isAnswer, readRejection } from './call-target.ts';
import type { CallTarget } from './call-target.ts';
import type { LearnedRejections } from './learned-rejections.ts';
import { outcomeOfFailure } from './record.ts';
import type { AttemptRecord, Failure } from './record.ts';
import type { ResponseSink, ServeRequest } from './request.ts';
import { createTargetCache, modelsMax } from './target-cache.ts';

/** A request for a count on its way to a target. */
export interface CountJob {
  readonly request: ServeRequest;
  readonly messagesRequest: MessagesRequest;
  readonly tools: PromptTools | undefined;
  readonly target: Target;
  readonly sink: ResponseSink;
}

export interface NativeDependencies {
  readonly translate: Translate;
  readonly callTarget: CallTarget;
  readonly learnedRejections: LearnedRejections;
  readonly clock: Clock;
}

/** `uncounted` where the provider cannot count, cannot now, or cannot be understood: an estimate answers then. */
type Counted =
  | { readonly kind: 'counted'; readonly body: string | Uint8Array }
  | { readonly kind: 'uncounted' }
  | { readonly kind: 'failed'; readonly failure: Failure };

type Native = Counted & { readonly attempts: readonly AttemptRecord[] };

/** Never asks a provider whose dialect cannot count. */
export type CountAtProvider = (job: CountJob) => Promise<Native>;

/** How long a provider may take: for the client's own request, and for a count that an estimate replaces as well. */
const ownTimeoutMs = 5000;
const translatedTimeoutMs = 2000;
/** Clients ask for dozens of counts at once, to draw a picture with, and a provider may limit them as it limits answers. */
const translatedAtOnceMax = 4;
/** A provider that was slow, or had its own limit, is left in peace for so long. */
const pauseMs = 60_000;
const answerMaxBytes = 64 * 1024;

interface Dependencies extends NativeDependencies {
  /** The targets whose servers are not asked for now: they have no such request, or did not answer it. */
  pause(target: Target, forMs?: number): void;
}

const uncounted: Native = { kind: 'uncounted', attempts: [] };

/** Asks providers for counts, each within a short time, and remembers which of them do not count. */
export function createCountAtProvider(dependencies: NativeDependencies): CountAtProvider {
  const paused = createTargetCache<true>(dependencies.clock);
  const running = createBoundedMap<number>(modelsMax);
  const pause = (target: Target, forMs?: number) => {
    paused.set(target, true, forMs);
  };
  return async (job) => {
    const { target, request, messagesRequest, tools } = job;
    if (target.endpoint.form.paths.count === undefined || paused.of(target) !== undefined) return uncounted;
    if (needsFiles(messagesRequest, target)) return uncounted;
    const known = { estimatedInputTokens: undefined, rejections: dependencies.learnedRejections.of(target) };
    const { count, reader } = dependencies.translate({ request, messagesRequest, tools }, target, known);
    const { key } = target;
    const atOnce = running.get(key) ?? 0;
    if (count === undefined || (!count.isOfClient && atOnce >= translatedAtOnceMax)) return uncounted;
    running.set(key, atOnce + 1);
    try {
      return await withinTime(job, { count, reader }, { ...dependencies, pause });
    } finally {
      running.set(key, (running.get(key) ?? 1) - 1);
    }
  };
}

/** Whether an image or a document would have to be fetched first, which no count is worth. */
function needsFiles(messagesRequest: MessagesRequest, { inlineMedia }: Target): boolean {
  return inlineMedia.length > 0 && findUrlSources(messagesRequest).some(({ what }) => inlineMedia.includes(what));
}

type Translated = Pick<ReturnType<Translate>, 'reader'> & { readonly count: PromptCount };

async function withinTime(job: CountJob, translated: Translated, dependencies: Dependencies): Promise<Native> {
  const { target, sink } = job;
  const { clock, pause } = dependencies;
  const { isOfClient } = translated.count;
  const timeout = new AbortController();
  const cancel = clock.schedule(isOfClient ? ownTimeoutMs : translatedTimeoutMs, () => {
    if (!isOfClient) pause(target, pauseMs);
    timeout.abort(
      new GatewayError('upstream-timeout', `The provider "${target.provider.name}" did not count in time.`),
    );
  });
  try {
    return await callForCount(job, translated, AbortSignal.any([sink.signal, timeout.signal]), dependencies);
  } finally {
    cancel();
  }
}

async function callForCount(
  { target, request, sink }: CountJob,
  { count, reader }: Translated,
  signal: AbortSignal,
  { callTarget, pause }: Dependencies,
): Promise<Native> {
  const called = await callTarget(target, {
    operation: 'count',
    stream: false,
    translated: count.request(),
    request,
    signal,
  });
  /** A provider that fails is replaced by the estimate; a client that left is not answered. */
  const failed = (failure: Failure): Counted =>
    sink.signal.aborted ? { kind: 'failed', failure } : { kind: 'uncounted' };
  if (called.kind === 'failed') {
    return { ...failed(called.failure), attempts: [...called.earlier, called.attempt] };
  }
  const { response, attempt, earlier } = called;
  const ended = (outcome: Outcome) => [...earlier, endAttempt(attempt, outcome)];
  try {
    if (isAnswer(response)) {
      const body = count.answer(await response.body.collect(answerMaxBytes));
      if (body !== undefined) return { kind: 'counted', body, attempts: ended('ok') };
      return { kind: 'uncounted', attempts: ended('upstream_error') };
    }
    if (cannotCount(response)) pause(target);
    else if (response.status === 429 && !count.isOfClient) pause(target, pauseMs);
    const { error } = await readRejection(target, called, reader, undefined);
    const attempts = ended(outcomeOfFailure(error));
    const isTold = count.isOfClient && !isUnavailable(response);
    return isTold ? { kind: 'failed', failure: error, attempts } : { kind: 'uncounted', attempts };
  } catch (thrown) {
    if (!(thrown instanceof UpstreamCallError)) throw thrown;
    const failure = failureOf(thrown, signal, target);
    return { ...failed(failure), attempts: ended(outcomeOfFailure(failure)) };
  }
}

function isUnavailable(response: UpstreamResponse): boolean {
  return cannotCount(response) || response.status === 429 || response.status >= 500;
}

/** Many servers of the dialect do not count: they say 404, or that they know no such method. */
function cannotCount({ status }: UpstreamResponse): boolean {
  return status === 404 || status === 405 || status === 501;
}
