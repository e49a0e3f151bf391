import type { Clock } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import type { WaitEnd, Waiting } from './limits.ts';
import type { Ticket } from './wait.ts';
import { createWaitQueue } from './wait-queue.ts';
import type { Queued, Turn, WaitQueue } from './wait-queue.ts';

/** How a wait came to its end. */
export type WaitOutcome = 'admitted' | 'over' | 'left' | 'full';

interface WaitingRoomOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly replica: string;
  /** Most bytes of requests that wait in this process. */
  readonly maxWaitingBytes: number;
  readonly onWaited: ((outcome: WaitOutcome, waitedMs: number) => void) | undefined;
  readonly note: (error: unknown) => void;
}

/** A request in the waiting room. */
export interface Waiter {
  /**
   * Resolves when the request may try, or has to give up. May be called again where the request could not take the place
   * that it was granted. Rejects with the reason of the signal.
   */
  turn(this: void): Promise<Turn | WaitEnd>;
  /** Ends the wait, and gives up what is held unless the request was admitted. */
  close(this: void, isAdmitted: boolean): void;
}

/** The requests of this process that wait for a place. */
export interface WaitingRoom {
  /** Undefined where the memory for requests that wait is full. */
  open(ticket: Ticket, waiting: Waiting, maxWaitMs: number): Waiter | undefined;
  /** Grants the places that a request has left, in the background. */
  grant(this: void, tenant: string): void;
  waiting(this: void): number;
}

export function createWaitingRoom({ clock, maxWaitingBytes, onWaited, ...options }: WaitingRoomOptions): WaitingRoom {
  const queue = createWaitQueue({ ...options, clock });
  let [bytes, count] = [0, 0];
  return {
    open(ticket, waiting, maxWaitMs) {
      if (bytes + waiting.bytes > maxWaitingBytes) {
        onWaited?.('full', 0);
        return undefined;
      }
      bytes += waiting.bytes;
      count += 1;
      const sinceMs = clock.monotonicMs();
      return openWaiter(queue, ticket, endOf(waiting.signal, maxWaitMs, clock), (outcome) => {
        bytes -= waiting.bytes;
        count -= 1;
        onWaited?.(waiting.signal.aborted && outcome !== 'admitted' ? 'left' : outcome, clock.monotonicMs() - sinceMs);
      });
    },
    grant: queue.grant,
    waiting: () => count,
  };
}

interface WaitLimit {
  /** Resolves when the time is over; rejects with the reason of the signal. */
  readonly reached: Promise<'over'>;
  cancel(this: void): void;
}

function endOf(signal: AbortSignal, maxWaitMs: number, clock: Clock): WaitLimit {
  const { promise: reached, resolve, reject } = Promise.withResolvers<'over'>();
  // It may reject while nobody waits for it.
  reached.catch(() => {});
  const leave = (): void => {
    reject(signal.reason);
  };
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  const cancelTimer = clock.schedule(maxWaitMs, () => {
    resolve('over');
  });
  return {
    reached,
    cancel() {
      cancelTimer();
      signal.removeEventListener('abort', leave);
    },
  };
}

function openWaiter(
  queue: WaitQueue,
  ticket: Ticket,
  limit: WaitLimit,
  closed: (outcome: WaitOutcome) => void,
): Waiter {
  let queued: Queued | undefined;
  let outcome: WaitOutcome = 'over';
  return {
    async turn() {
      queued = queue.join(ticket, queued?.place());
      const turn = await Promise.race([queued.told, limit.reached]);
      if (turn === 'granted') await queued.entered;
      outcome = turn === 'full' ? 'full' : 'over';
      return turn;
    },
    close(isAdmitted) {
      limit.cancel();
      closed(isAdmitted ? 'admitted' : outcome);
      if (queued === undefined) return;
      if (isAdmitted) queue.forget(queued);
      else queue.leave(queued);
    },
  };
}
