import type { Clock } from '@ccg/kernel';
import type { Redis } from 'ioredis';
import { createBreaker } from './breaker.ts';
import type { Breaker } from './breaker.ts';
import { describeConnectionError, faultOf, StoreUnavailableError, toStoreError } from './errors.ts';
import type { ConnectionFault } from './errors.ts';

/**
 * A busy event loop of ours fires a timer before it reads a reply that came in time, and writes commands late. In as
 * many parts as this the time passes only while the loop turns, and every turn writes and reads.
 */
const partsOfTimeout = 4;

/**
 * Gives the call's result, or rejects with StoreUnavailableError after `timeoutMs` in which this process was able to
 * receive a reply; a later result is dropped.
 */
export function callWithTimeout<T>(clock: Clock, timeoutMs: number, call: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let cancel = (): void => {};
    const wait = (parts: number): void => {
      cancel = clock.schedule(timeoutMs / partsOfTimeout, () => {
        if (parts > 1) wait(parts - 1);
        else setImmediate(() => reject(new StoreUnavailableError('timeout', `no reply within ${timeoutMs} ms`)));
      });
    };
    wait(partsOfTimeout);
    call().then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error instanceof Error ? error : new StoreUnavailableError('down', 'unknown failure'));
      },
    );
  });
}

/**
 * `ready`: commands are answered. `down`: they fail at once with StoreUnavailableError. `partial`: they do so for some
 * redis keys, whose node of a cluster is away.
 */
export type StoreState = 'ready' | 'partial' | 'down';

/** `detail` is an error code or a sentence of ours, fit for a log. */
export type StateListener = (state: StoreState, detail: string) => void;

/** Stands before one connection: bounds each call in time, and lets none through while Redis does not answer. */
export interface Guard {
  guarded<T>(timeoutMs: number, operation: () => Promise<T>): Promise<T>;
  whenReady(timeoutMs: number): Promise<void>;
  state(): StoreState;
  close(): void;
}

const failuresThatOpen = 3;
const probeIntervalMs = 1000;

export function createGuard(redis: Redis, clock: Clock, onState: StateListener | undefined): Guard {
  let reported: StoreState | undefined;
  let closed = false;
  let lastError = 'not connected yet';
  let fault: ConnectionFault | undefined;
  const breaker = createBreaker({
    clock,
    threshold: failuresThatOpen,
    probeIntervalMs,
    probe: () => callWithTimeout(clock, probeIntervalMs, () => redis.ping()),
    onChange: report,
  });
  const outcomes = outcomesFor(breaker);

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
    fault = faultOf(error);
  });
  redis.on('ready', () => {
    // The handshake was answered just now, which is all that a probe could tell.
    breaker.succeeded();
    lastError = 'connection lost';
    fault = undefined;
    report();
  });
  redis.on('close', () => {
    if (lastError === 'not connected yet') lastError = 'connection closed';
    report();
  });

  return {
    state,
    async whenReady(timeoutMs) {
      if (fault !== undefined || !(await becomesReady(redis, clock, timeoutMs))) {
        throw new StoreUnavailableError('down', lastError, fault);
      }
    },
    close() {
      closed = true;
      breaker.close();
    },
    guarded(timeoutMs, operation) {
      if (redis.status !== 'ready') return Promise.reject(new StoreUnavailableError('down', lastError));
      if (breaker.isOpen()) {
        return Promise.reject(new StoreUnavailableError('breaker', 'it did not answer the last calls'));
      }
      return callWithTimeout(clock, timeoutMs, operation).then(outcomes.succeeded, outcomes.failed);
    },
  };
}

/** Tells the breaker how a call went, and the caller in the store's own errors. */
function outcomesFor(breaker: Breaker) {
  return {
    succeeded<T>(this: void, value: T): T {
      breaker.succeeded();
      return value;
    },
    failed(this: void, thrown: unknown): never {
      const error = toStoreError(thrown);
      if (error instanceof StoreUnavailableError) breaker.failed();
      else breaker.succeeded();
      throw error;
    },
  };
}

/** False after `timeoutMs`, or as soon as waiting does not help. */
async function becomesReady(redis: Redis, clock: Clock, timeoutMs: number): Promise<boolean> {
  if (redis.status === 'ready') return true;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const onReady = (): void => {
    resolve(true);
  };
  redis.once('ready', onReady);
  const onError = (error: Error): void => {
    if (faultOf(error) !== undefined) resolve(false);
  };
  redis.on('error', onError);
  const cancel = clock.schedule(timeoutMs, () => {
    resolve(false);
  });
  const ready = await promise;
  cancel();
  redis.off('ready', onReady);
  redis.off('error', onError);
  return ready;
}
