import { systemClock } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { Redis } from 'ioredis';
import { createBreaker } from './breaker.ts';
import { callWithTimeout } from './call-with-timeout.ts';
import { createSubscriber } from './create-subscriber.ts';
import { openConnection } from './open-connection.ts';
import type { ConnectionTarget } from './open-connection.ts';
import { createRedisKeys } from './redis-keys.ts';
import { runScript } from './run-script.ts';
import { StoreUnavailableError } from './store-unavailable-error.ts';
import type { Store, StoreState } from './store.ts';
import { describeConnectionError, toStoreError } from './to-store-error.ts';

export interface StoreOptions extends ConnectionTarget {
  /** Stands before every redis key and channel; no braces. */
  readonly keyPrefix: string;
  /** Milliseconds after which a call fails that names no timeout of its own. */
  readonly commandTimeoutMs: number;
  readonly clock?: Clock | undefined;
  /** Called on each change. `detail` is an error code or a sentence of ours, fit for a log. */
  readonly onState?: ((state: StoreState, detail: string) => void) | undefined;
}

const failuresThatOpen = 3;
const probeIntervalMs = 1000;

/**
 * Connects to Redis for the request path and returns at once, connected or not: while there is no connection every
 * call fails immediately, and the connection comes back by itself. After three calls in a row without an answer
 * calls fail unasked until a probe, one a second, is answered.
 */
export function connectStore(options: StoreOptions): Store {
  const clock = options.clock ?? systemClock;
  const redis = openConnection(options, 'requests');
  const subscriber = createSubscriber(options, clock);
  const call = createGuard(redis, clock, options.onState);
  const timeout = (own: number | undefined) => own ?? options.commandTimeoutMs;
  return {
    redisKeys: createRedisKeys(options.keyPrefix),
    run: (script, keys, args, callOptions) =>
      call.guarded(timeout(callOptions?.timeoutMs), () => runScript(redis, script, keys, args)),
    command: (name, args, callOptions) =>
      call.guarded(timeout(callOptions?.timeoutMs), () => redis.call(name, ...args)),
    subscribe: (channel, handler) => subscriber.subscribe(channel, handler),
    whenReady: (timeoutMs) => call.whenReady(timeoutMs),
    state: () => call.state(),
    async close() {
      call.close();
      subscriber.close();
      if (redis.status === 'ready') {
        await callWithTimeout(clock, options.commandTimeoutMs, () => redis.quit()).catch(() => {});
      }
      redis.disconnect();
    },
  };
}

interface Guard {
  guarded<T>(timeoutMs: number, operation: () => Promise<T>): Promise<T>;
  whenReady(timeoutMs: number): Promise<void>;
  state(): StoreState;
  close(): void;
}

function createGuard(redis: Redis, clock: Clock, onState: StoreOptions['onState']): Guard {
  let reported: StoreState | undefined;
  let closed = false;
  let lastError = 'not connected yet';
  const breaker = createBreaker({
    clock,
    threshold: failuresThatOpen,
    probeIntervalMs,
    probe: () => callWithTimeout(clock, probeIntervalMs, () => redis.ping()),
    onChange: report,
  });

  function state(): StoreState {
    return redis.status === 'ready' && !breaker.isOpen() ? 'ready' : 'down';
  }

  function report(): void {
    const now = state();
    if (now === reported || closed) return;
    reported = now;
    onState?.(now, now === 'ready' ? 'connected' : breaker.isOpen() ? 'no answers' : lastError);
  }

  redis.on('error', (error: Error) => {
    lastError = describeConnectionError(error);
  });
  redis.on('ready', () => {
    // The handshake was answered just now, which is all that a probe could tell.
    breaker.succeeded();
    lastError = 'connection lost';
    report();
  });
  redis.on('close', report);

  return {
    state,
    async whenReady(timeoutMs) {
      if (!(await becomesReady(redis, clock, timeoutMs))) throw new StoreUnavailableError('down', lastError);
    },
    close() {
      closed = true;
      breaker.close();
    },
    async guarded(timeoutMs, operation) {
      if (redis.status !== 'ready') throw new StoreUnavailableError('down', lastError);
      if (breaker.isOpen()) throw new StoreUnavailableError('breaker', 'it did not answer the last calls');
      try {
        const value = await callWithTimeout(clock, timeoutMs, operation);
        breaker.succeeded();
        return value;
      } catch (thrown) {
        const error = toStoreError(thrown);
        if (error instanceof StoreUnavailableError) breaker.failed();
        else breaker.succeeded();
        throw error;
      }
    },
  };
}

async function becomesReady(redis: Redis, clock: Clock, timeoutMs: number): Promise<boolean> {
  if (redis.status === 'ready') return true;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const onReady = (): void => {
    resolve(true);
  };
  redis.once('ready', onReady);
  const cancel = clock.schedule(timeoutMs, () => {
    resolve(false);
  });
  const ready = await promise;
  cancel();
  redis.off('ready', onReady);
  return ready;
}
