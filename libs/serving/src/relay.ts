import type { Target } from '@ccg/catalog';
import { ReaderGoneError } from '@ccg/kernel';
import type { Clock, GatewayError } from '@ccg/kernel';
import type { Metrics, StreamEnd, StreamMeters } from '@ccg/telemetry';
import type { AnswerReader, StreamTranslator } from '@ccg/translation';
import { createBodyCheck, UpstreamCallError, wrongBaseUrlError } from '@ccg/upstream';
import type { UpstreamResponse } from '@ccg/upstream';
import { answerHeaders, jsonContentType, streamContentType, tellFailure, writeAnswer } from './answer.ts';
import type { Provenance } from './answer.ts';
import { createStreamGrammar, stopReasonIn } from './stream-grammar.ts';
import type { GrammarRule, StreamGrammar } from './stream-grammar.ts';
import { errorWithoutCredentials, framesWithoutCredentials } from './upstream-words.ts';
import { failureOf, isTimeOut } from './call-target.ts';
import { createDocumentEnd } from './document-end.ts';
import { closeSoon, createEndGrace } from './end-grace.ts';
import { notMeasured } from './record.ts';
import type { End, Failure, Measured } from './record.ts';
import { createRelayTiming } from './relay-timing.ts';
import type { RelayTimes, RelayTiming } from './relay-timing.ts';
import type { ResponseSink, ServeRequest } from './request.ts';

/** An answer to be relayed. Nothing here can reach the body of the request, which may be large. */
export interface RelayJob {
  readonly target: Target;
  readonly response: UpstreamResponse;
  readonly reader: AnswerReader;
  readonly provenance: Provenance;
  readonly requestId: string;
  readonly elapsedMs: ServeRequest['elapsedMs'];
  readonly sink: ResponseSink;
  /** Told of the answer, and how to measure what it has used so far. */
  measure(this: void, target: Target, measured: () => Measured): void;
  /** Called once, before the client sees anything of the answer: from then on no other target can be asked. */
  onVisible(this: void): void;
}

export interface RelayDependencies {
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** What is known of an answer of which the client saw a part. */
export interface AnswerFacts extends RelayTimes {
  readonly end: End;
  readonly stopReason: string | undefined;
  /** Of a stream that the client got although its grammar does not allow it. */
  readonly brokenRule?: GrammarRule | undefined;
}

/** Whether the client saw a part of the answer. As long as it did not, another target may answer, pings or not. */
export type Relayed = Measured &
  (
    | ({ readonly kind: 'answered' } & AnswerFacts)
    | {
        readonly kind: 'failed';
        readonly failure: Failure;
        /** Whether the provider sent nothing at all until its time was over. */
        readonly silent: boolean;
      }
  );

const answerMaxBytes = 64 * 1024 * 1024;

/** Relays an answer as a stream or as a document. What it says of a failure holds no credential of its provider. */
export async function relayAnswer(job: RelayJob, stream: boolean, dependencies: RelayDependencies): Promise<Relayed> {
  const { sink, target } = job;
  const relayed = await (stream ? relayStream(job, dependencies) : relayJson(job, dependencies)).catch(
    (thrown: unknown): Relayed => {
      const failure = failureOf(thrown, sink.signal, target);
      return { kind: 'failed', failure, silent: isTimeOut(thrown), ...notMeasured };
    },
  );
  if (relayed.kind === 'answered') {
    const { end } = relayed;
    if (end.kind !== 'broken') return relayed;
    return { ...relayed, end: { ...end, error: errorWithoutCredentials(end.error, target.endpoint) } };
  }
  const { failure } = relayed;
  if (failure instanceof ReaderGoneError) return relayed;
  return { ...relayed, failure: errorWithoutCredentials(failure, target.endpoint) };
}

/** Collects an answer, a document or a stream, and writes it as one. Nothing was sent before that. */
async function relayJson(job: RelayJob, { clock }: Pick<RelayDependencies, 'clock'>): Promise<Relayed> {
  const { response, reader, provenance, requestId, sink, onVisible } = job;
  const collector = reader.collect();
  let size = 0;
  const translator: StreamTranslator = {
    ...collector,
    push(bytes) {
      size += bytes.length;
      if (size > answerMaxBytes) throw new UpstreamCallError('too-large');
      collector.push(bytes);
    },
  };
  const timing = createRelayTiming(job.elapsedMs);
  job.measure(job.target, () => measuredOf(collector));
  const { failure, silent } = await pump(job, { translator, deliver: () => undefined, timing }, clock);
  if (failure !== undefined) {
    response.body.abort();
    return { kind: 'failed', failure, silent, ...measuredOf(collector) };
  }
  timing.partCame(undefined);
  const answer = collector.answer();
  timing.partDone();
  if (answer.kind === 'failure') return { kind: 'failed', failure: answer.error, silent: false, ...notMeasured };
  const { body, usage, usageSource } = answer;
  onVisible();
  const end = await writeAnswer(body, { contentType: jsonContentType, provenance, requestId, sink });
  const { firstEventMs, work } = timing.times();
  return { kind: 'answered', end, firstEventMs, work, stopReason: stopReasonIn(body), usage, usageSource };
}

/** Relays a stream as it comes. A failure before the first frame is returned; after it, it is the stream's last event. @internal */
export async function relayStream(job: RelayJob, { clock, metrics }: RelayDependencies): Promise<Relayed> {
  const { target, response, sink, requestId } = job;
  const meters = metrics.streamsOf(target.dialect, target.provider.name);
  meters.opened();
  const delivery = createDelivery(job, meters);
  job.measure(target, () => measuredOf(delivery.translator));
  const { failure, silent } = await pump(job, delivery, clock).catch((thrown: unknown) => ({
    failure: failureOf(thrown, sink.signal, target),
    silent: false,
  }));
  if (failure === undefined) delivery.grammar.complete();
  meters.ended(streamEndOf(failure));
  const { state, error } = delivery.translator.progress();
  if (state !== 'complete') response.body.abort();
  const times = delivery.timing.times();
  const measured = measuredOf(delivery.translator);
  if (failure !== undefined && times.firstEventMs === undefined) {
    return { kind: 'failed', failure, silent, ...measured };
  }
  const isTold = failure === undefined || failure === error;
  if (isTold) void sink.end();
  const end = isTold ? endOf(failure) : await tellFailure(failure, true, requestId, sink);
  const { grammar } = delivery;
  const facts = { stopReason: grammar.stopReason(), brokenRule: grammar.brokenRule() };
  return { kind: 'answered', end, ...times, ...facts, ...measured };
}

function measuredOf(translator: Pick<StreamTranslator, 'progress'>): Measured {
  const { usage, usageSource } = translator.progress();
  return { usage, usageSource };
}

function endOf(error: GatewayError | undefined): End {
  return error === undefined ? { kind: 'completed' } : { kind: 'broken', error };
}

function streamEndOf(failure: Failure | undefined): StreamEnd {
  if (failure === undefined) return 'complete';
  if (failure instanceof ReaderGoneError) return 'aborted';
  return failure.code === 'upstream-truncated' ? 'truncated' : 'failed';
}

interface Delivery {
  readonly translator: StreamTranslator;
  /** Writes the frames that are ready; a promise means that the reader has no room. */
  deliver(): Promise<void> | undefined;
  readonly timing: RelayTiming;
  /** Told of the milliseconds between the parts of a stream. */
  onGap?(this: void, gapMs: number): void;
}

function createDelivery(job: RelayJob, meters: StreamMeters): Delivery & { readonly grammar: StreamGrammar } {
  const { target, reader, provenance, sink, onVisible } = job;
  const grammar = createStreamGrammar(meters.grammarViolation);
  let ready: (string | Uint8Array)[] = [];
  let hasBegun = false;
  const timing = createRelayTiming(job.elapsedMs);
  const translator = reader.stream((frames) => {
    ready.push(frames);
  });
  return {
    translator,
    deliver() {
      if (ready.length === 0) return undefined;
      if (!hasBegun) {
        // The client has seen nothing, so the failure can still get a status of its own, or another target answers.
        if (translator.progress().error !== undefined) return undefined;
        hasBegun = true;
        timing.firstEvent();
        onVisible();
        sink.commit(200, answerHeaders(streamContentType, provenance));
      }
      const hasFailed = translator.progress().error !== undefined;
      const frames = hasFailed ? ready.map((data) => framesWithoutCredentials(data, target.endpoint)) : ready;
      ready = [];
      for (const data of frames) grammar.check(data);
      const waits = frames.map((data) => sink.write(data)).filter((room) => room !== undefined);
      return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined);
    },
    timing,
    grammar,
    onGap(gapMs) {
      meters.gap(gapMs / 1000);
    },
  };
}

interface Pumped {
  readonly failure: Failure | undefined;
  readonly silent: boolean;
}

/**
 * Feeds the translator until the stream has ended: by its own terminal event, with the body, or by a failure. Rejects
 * only with what the translator throws when it is told of a failure.
 */
async function pump(job: RelayJob, delivery: Delivery, clock: Clock): Promise<Pumped> {
  const { target, sink, response } = job;
  const { headers, body } = response;
  const { translator, deliver, timing, onGap } = delivery;
  const over = Promise.withResolvers<void>();
  const check = createBodyCheck(headers);
  const grace = createEndGrace(clock, over.resolve);
  const document = createDocumentEnd(clock, over.resolve);
  let isOver = false;
  let isSilent = true;
  let isClosed = false;
  const piping = body.pipe((chunk) => {
    isSilent = false;
    if (isOver) return undefined;
    timing.partCame(onGap);
    try {
      const found = check.find(chunk);
      if (found !== undefined) throw wrongBaseUrlError(target, found);
      translator.push(chunk);
      const room = deliver();
      timing.partDone();
      const { state, finishedAt, visible } = translator.progress();
      isOver = state !== 'open';
      if (isOver || visible || finishedAt !== undefined) document.stop();
      else document.push(chunk);
      if (isOver) over.resolve();
      else grace.observe(finishedAt, room);
      return room;
    } catch (thrown) {
      isOver = true;
      over.reject(thrown);
      throw thrown;
    }
  });
  piping.then(() => {
    isClosed = true;
    over.resolve();
  }, over.reject);
  try {
    await over.promise;
    const found = check.findAtEnd();
    if (found !== undefined) throw wrongBaseUrlError(target, found);
    translator.end();
    const room = deliver();
    if (room !== undefined) await room;
  } catch (thrown) {
    isOver = true;
    const failure = await endEarly(thrown, job, delivery);
    const isReaderGone = failure instanceof ReaderGoneError;
    return { failure, silent: isSilent && isTimeOut(thrown) && !isReaderGone };
  } finally {
    grace.cancel();
    document.stop();
  }
  if (grace.isOver() || document.isOver()) body.abort();
  else if (!isClosed) closeSoon(body, piping, clock);
  const { reason } = sink.signal;
  return { failure: reason instanceof ReaderGoneError ? reason : translator.progress().error, silent: false };
}

/** Ends the translator of a stream that has failed. Undefined where nothing of the answer is missing all the same. */
async function endEarly(
  thrown: unknown,
  { sink, target }: RelayJob,
  { translator, deliver }: Delivery,
): Promise<Failure | undefined> {
  const failure = failureOf(thrown, sink.signal, target);
  if (failure instanceof ReaderGoneError) return failure;
  if (thrown instanceof UpstreamCallError && thrown.kind === 'cut' && mayBeWhole(translator)) {
    translator.end();
    if (translator.progress().state !== 'complete') return failure;
    await deliver();
    return undefined;
  }
  translator.fail(failure);
  await deliver();
  const { state, error = failure } = translator.progress();
  return state === 'complete' ? undefined : error;
}

/**
 * Whether nothing may be missing although the connection broke: the answer has finished and its usage is known, or it is a
 * document, of which nothing is seen before its end.
 */
function mayBeWhole(translator: StreamTranslator): boolean {
  const { visible, finishedAt, usageSource } = translator.progress();
  return finishedAt === undefined ? !visible : usageSource === 'reported';
}
