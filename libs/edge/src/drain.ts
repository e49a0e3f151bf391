import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import { GatewayError } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import { expectations } from './listen.ts';
import type { OpenSinks } from './open-sinks.ts';

export interface DrainTimes {
  /** How long new connections are still accepted after readiness ended: load balancers need time to notice. */
  readonly drainDelayMs: number;
  /** How long running answers may go on after that. */
  readonly drainTimeoutMs: number;
}

/** How often idle connections are closed. Not at once: a request that is already on its way would be lost. */
const idleLingerMs = 3000;
/** How long interrupted answers have to write their last event. */
const lastWordsMs = 5000;

/**
 * Closes a listener without cutting off an answer. It accepts connections for the delay, then no more; running answers
 * may finish within the timeout; the rest end with an error event.
 */
export async function drain(server: Server, openSinks: OpenSinks, times: DrainTimes, clock: Clock): Promise<void> {
  await wait(clock, times.drainDelayMs);
  const closed = new Promise<void>((resolve) => {
    // The HTTP server's own close would also drop idle connections at once.
    NetServer.prototype.close.call(server, () => {
      resolve();
    });
  });
  for (const event of ['request', ...expectations]) {
    server.prependListener(event, (_request, response: ServerResponse) => {
      response.setHeader('connection', 'close');
    });
  }
  const cancelLinger = every(clock, idleLingerMs, () => {
    server.closeIdleConnections();
  });
  await Promise.race([closed, wait(clock, times.drainTimeoutMs)]);
  cancelLinger();
  const error = new GatewayError(
    'draining',
    'The gateway is restarting, and this answer was not finished in time. Try again.',
  );
  for (const sink of openSinks.list()) sink.interrupt(error);
  server.closeIdleConnections();
  await Promise.race([closed, wait(clock, lastWordsMs)]);
  server.closeAllConnections();
  await closed;
}

function wait(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(delayMs, resolve);
  });
}

function every(clock: Clock, intervalMs: number, callback: () => void): () => void {
  let cancel = clock.schedule(intervalMs, tick);
  function tick() {
    callback();
    cancel = clock.schedule(intervalMs, tick);
  }
  return () => {
    cancel();
  };
}
