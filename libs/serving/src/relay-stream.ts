import { GatewayError, ReaderGoneError } from '@ccg/kernel';
import type { AnswerReader, StreamTranslator } from '@ccg/translation';
import { callErrorToGatewayError, UpstreamCallError } from '@ccg/upstream';
import type { UpstreamResponse } from '@ccg/upstream';
import { answerHeaders } from './answer-headers.ts';
import type { AttemptContext } from './attempt-context.ts';
import { learnFromSilence } from './learn-from-silence.ts';
import type { Outcome } from './outcome.ts';
import { answerMaxBytes } from './relay-json.ts';

/** How long an upstream may take to close after its last event, before its connection is given up. */
const closeGraceMs = 1000;

/**
 * Relays a stream as it comes. Until the first frame a failure is thrown, and so becomes an HTTP status; from
 * then on it is the stream's last event.
 */
export async function relayStream(
  context: AttemptContext,
  reader: AnswerReader,
  response: UpstreamResponse,
  hangProneFields: readonly string[],
): Promise<Outcome> {
  await refuseJson(reader, response);
  const { facts, sink, dependencies } = context;
  const closed = dependencies.metrics.streamOpened(context.target.dialect);
  const delivery = createDelivery(context, reader);
  try {
    await pump(context, delivery, response, hangProneFields);
    await delivery.deliver();
  } finally {
    closed();
    const { usage, usageSource } = delivery.translator.progress();
    facts.usage = usage;
    facts.usageReported = usageSource === 'reported';
    dependencies.clock.schedule(closeGraceMs, () => {
      response.body.abort();
    });
  }
  const { error } = delivery.translator.progress();
  if (error !== undefined && !sink.committed) throw error;
  sink.end();
  return error === undefined ? { kind: 'completed', facts } : { kind: 'broken', error, facts };
}

interface Delivery {
  readonly translator: StreamTranslator;
  /** Writes the frames that are ready; a promise means that the reader has no room. */
  deliver(): Promise<void> | undefined;
}

function createDelivery({ facts, sink, request, dependencies }: AttemptContext, reader: AnswerReader): Delivery {
  let ready: (string | Uint8Array)[] = [];
  const translator = reader.stream((frames) => {
    ready.push(frames);
  });
  return {
    translator,
    deliver() {
      if (ready.length === 0) return undefined;
      if (!sink.committed) {
        // Nothing was sent yet, so a failure can still have a status of its own.
        if (translator.progress().error !== undefined) return undefined;
        sink.commit(200, answerHeaders('text/event-stream; charset=utf-8', facts));
      }
      facts.firstEventMs ??= dependencies.clock.now() - request.receivedAtMs;
      const frames = ready;
      ready = [];
      const waits = frames.map((data) => sink.write(data)).filter((room) => room !== undefined);
      return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined);
    },
  };
}

/** Feeds the translator until the stream has ended, by its own terminal event or with the body. */
async function pump(
  context: AttemptContext,
  { translator, deliver }: Delivery,
  response: UpstreamResponse,
  hangProneFields: readonly string[],
): Promise<void> {
  const { sink, target } = context;
  const terminal = Promise.withResolvers<void>();
  let over = false;
  let silent = true;
  const finish = (last: () => void) => {
    if (over) return;
    over = true;
    last();
    terminal.resolve();
  };
  const piping = response.body.pipe((chunk) => {
    if (over) return undefined;
    silent = false;
    translator.push(chunk);
    const room = deliver();
    if (translator.progress().state !== 'open') {
      finish(() => {
        if (translator.progress().state !== 'complete') response.body.abort();
      });
    }
    return room;
  });
  piping.then(
    () => {
      finish(() => {
        translator.end();
      });
    },
    (thrown: unknown) => {
      finish(() => {
        if (silent) learnFromSilence(context, hangProneFields, thrown);
        translator.fail(failureOf(thrown, sink.signal, target.provider.name));
      });
    },
  );
  await terminal.promise;
  if (sink.signal.reason instanceof ReaderGoneError) throw sink.signal.reason;
}

function failureOf(thrown: unknown, signal: AbortSignal, providerName: string): GatewayError {
  if (signal.reason instanceof GatewayError) return signal.reason;
  const error = thrown instanceof UpstreamCallError ? thrown : new UpstreamCallError('cut', thrown);
  return callErrorToGatewayError(error, providerName);
}

/** A server that answers a stream request with JSON is telling an error, or does not stream at all. */
async function refuseJson(reader: AnswerReader, response: UpstreamResponse): Promise<void> {
  const contentType = response.headers.find(([name]) => name === 'content-type')?.[1] ?? '';
  if (!contentType.toLowerCase().startsWith('application/json')) return;
  const answer = reader.answer(await response.body.collect(answerMaxBytes));
  if (answer.kind === 'failure') throw answer.error;
  throw new GatewayError(
    'upstream-malformed',
    'The provider answered a stream request with a single JSON document. Ask without "stream", or point the gateway at a server that streams.',
  );
}
