import type { ServerResponse } from 'node:http';
import { ReaderGoneError } from '@ccg/kernel';
import type { Clock, GatewayError } from '@ccg/kernel';
import { bytesToString, sseFrame } from '@ccg/wire';
import type { HeaderList } from '@ccg/wire';
import { createBackPressure } from './back-pressure.ts';

export interface SinkTimes {
  /** How long a stream's status is held back for the upstream's first event. */
  readonly streamHoldMs: number;
  /** After how much silence a stream gets a ping: clients give up on one that says nothing for minutes. */
  readonly pingIntervalMs: number;
  /** How long a reader may take nothing before it is cut. */
  readonly stallTimeoutMs: number;
}

/** Where an answer is written. It has the form that libs/serving asks for, so that neither has to know the other. */
export interface InterruptibleSink {
  /** Aborts when the answer must end early: with a `ReaderGoneError`, or with the error that `interrupt` was given. */
  readonly signal: AbortSignal;
  /** Whether a status has been sent. */
  readonly committed: boolean;
  /** The answer will be a stream: from now on a slow upstream makes the sink commit by itself. A second call changes nothing. */
  expectStream(this: void): void;
  /** Headers that the answer gets whoever commits it; they replace those of an earlier call. */
  addHeaders(headers: HeaderList): void;
  /** Sends status and headers, once; a later call changes nothing. */
  commit(status: number, headers: HeaderList): void;
  /** A promise means that there is no room: it resolves when there is, and rejects with `ReaderGoneError`. */
  write(data: string | Uint8Array): Promise<void> | undefined;
  /** Ends the answer, after its last bytes if some are given. A promise is that of `write`; the end comes after it. */
  end(last?: string | Uint8Array): Promise<void> | undefined;
  /** Ends the answer early with an error that the client is told. */
  interrupt(error: GatewayError): void;
  /** Stops every timer. Call it when the request is over, however it ended. */
  release(): void;
}

const ping = sseFrame('ping', '{"type": "ping"}');
const streamHeaders: HeaderList = [['content-type', 'text/event-stream; charset=utf-8']];

/** Writes an answer to an HTTP response: late commit, pings, back-pressure, and a limit to how long it waits. */
export function createResponseSink(
  response: ServerResponse,
  requestId: string,
  times: SinkTimes,
  clock: Clock,
  onPing: () => void = () => {},
): InterruptibleSink {
  const ending = new AbortController();
  const { signal } = ending;
  const pressure = createBackPressure(response, times.stallTimeoutMs, clock, () => {
    leave(new ReaderGoneError('reader-stalled'));
    response.destroy();
  });
  const pinger = createPinger(times, clock, () => {
    if (pressure.isWaiting()) return;
    sink.commit(200, streamHeaders);
    void sink.write(ping)?.catch(() => {});
    onPing();
  });

  function leave(reason: ReaderGoneError): void {
    if (!signal.aborted) ending.abort(reason);
    pinger.stop();
    pressure.fail(reason);
  }
  onGone(response, leave);
  let added: HeaderList = [];

  const sink = {
    signal,
    // A getter in its place would make V8 keep a hidden class, and with it the whole request, until the next full
    // garbage collection.
    committed: false,
    expectStream: pinger.start,
    addHeaders(headers: HeaderList): void {
      added = headers;
    },
    commit(status: number, headers: HeaderList): void {
      if (sink.committed) return;
      sink.committed = true;
      const list = ['request-id', requestId, ...commonHeaders];
      for (const [name, value] of added) list.push(name, value);
      for (const [name, value] of headers) list.push(name, value);
      response.writeHead(status, list);
    },
    write(data: string | Uint8Array): Promise<void> | undefined {
      const gone = readerGone(signal);
      if (gone !== undefined) return Promise.reject(gone);
      pinger.wrote();
      const hasRoom = typeof data === 'string' ? response.write(data, 'latin1') : response.write(data);
      return hasRoom ? undefined : pressure.room();
    },
    end(last?: string | Uint8Array): Promise<void> | undefined {
      const gone = last === undefined ? undefined : readerGone(signal);
      if (gone !== undefined) return Promise.reject(gone);
      if (last !== undefined && !fits(response, last)) return sink.write(last)?.then(() => sink.end()) ?? sink.end();
      pinger.stop();
      endWith(response, last);
      return undefined;
    },
    interrupt(error: GatewayError): void {
      if (!signal.aborted) ending.abort(error);
    },
    release: pinger.stop,
  };
  return sink;
}

/** Calls back when the client left before its answer was written. */
function onGone(response: ServerResponse, leave: (reason: ReaderGoneError) => void): void {
  response.once('close', () => {
    if (!response.writableFinished) leave(new ReaderGoneError('client-gone'));
  });
  response.on('error', () => {
    leave(new ReaderGoneError('client-gone'));
  });
}

/** Why nobody is left to write to. */
function readerGone(signal: AbortSignal): ReaderGoneError | undefined {
  const reason: unknown = signal.reason;
  return reason instanceof ReaderGoneError ? reason : undefined;
}

/** Whether there is room for the data now, so that nobody has to wait for it. */
function fits(response: ServerResponse, { length }: string | Uint8Array): boolean {
  return response.writableLength + length < response.writableHighWaterMark;
}

/** Node joins a string that is given to `end` with the head, so that both leave in one write to the socket. */
function endWith(response: ServerResponse, last: string | Uint8Array | undefined): void {
  if (last === undefined) response.end();
  else response.end(typeof last === 'string' ? last : bytesToString(last), 'latin1');
}

/** Names and values in turn, as Node takes them fastest. */
const commonHeaders = ['cache-control', 'no-cache, no-transform', 'x-accel-buffering', 'no'];

interface Pinger {
  start(): void;
  /** Something was written just now. */
  wrote(): void;
  stop(): void;
}

/** Calls `onSilence` once nothing has been written for the hold, and from the first write on for the interval. */
function createPinger(times: SinkTimes, clock: Clock, onSilence: () => void): Pinger {
  let lastWriteMs: number | undefined;
  let isStarted = false;
  let cancel = () => {};
  const schedule = (delayMs: number) => {
    cancel = clock.schedule(delayMs, () => {
      const silentMs = lastWriteMs === undefined ? Infinity : clock.now() - lastWriteMs;
      const due = silentMs >= times.pingIntervalMs;
      schedule(due ? times.pingIntervalMs : times.pingIntervalMs - silentMs);
      if (due) onSilence();
    });
  };
  return {
    start() {
      if (isStarted) return;
      isStarted = true;
      schedule(times.streamHoldMs);
    },
    wrote() {
      lastWriteMs = clock.now();
    },
    stop() {
      cancel();
    },
  };
}
