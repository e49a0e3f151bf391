import type { Clock } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import type { WaitEnd, Waiting } from './limits.ts';
import type { Ticket } from './wait.ts';
import { createWaitQueue } from './wait-queue.ts';
import { createRechecks } from './rechecks.ts';
import type { Recheck } from './rechecks.ts';
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
   * Resolves when the request may try, has to give up, or should read its limits again. May be called again. Rejects with
   * the reason of the signal.
   */
  turn(this: void): Promise<Turn | WaitEnd | 'recheck'>;
  /** Goes on with a ticket for the same lease sets, whose caps may have been changed. */
  update(this: void, ticket: Ticket): void;
  /** Gives up the place that was granted, or the ticket; the next turn is asked for with another one, where it stood. */
  leaveFor(this: void, ticket: Ticket): Promise<void>;
  /** Ends the wait, and gives up what is held unless the request was admitted. */
  close(this: void, isAdmitted: boolean): void;
}

/** The requests of this process that wait for a place. */
export interface WaitingRoom {
  /** Undefined where the memory for requests that wait is full. */
  open(ticket: Ticket, waiting: Waiting, maxWaitMs: number): Waiter | undefined;
  /** Has those of a tenant that wait read their limits again. */
  recheck(this: void, tenant: string): void;
  /** Grants the places that a request has left, in the background. */
  grant(this: void, tenant: string): void;
  waiting(this: void): number;
}

export function createWaitingRoom({ clock, maxWaitingBytes, onWaited, ...options }: WaitingRoomOptions): WaitingRoom {
  const queue = createWaitQueue({ ...options, clock });
  const rechecks = createRechecks(clock);
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
      const recheck = waiting.limitsNow === undefined ? never : rechecks.open(ticket.tenant);
      const limit = endOf(waiting.signal, maxWaitMs, clock);
      return openWaiter({ queue, ticket, limit, recheck }, (outcome) => {
        bytes -= waiting.bytes;
        count -= 1;
        onWaited?.(waiting.signal.aborted && outcome !== 'admitted' ? 'left' : outcome, clock.monotonicMs() - sinceMs);
      });
    },
    recheck: rechecks.now,
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

/** For a request whose limits cannot change. */
const never: Recheck = { due: () => new Promise(() => {}), cancel() {} };

interface Opened {
  readonly queue: WaitQueue;
  readonly ticket: Ticket;
  readonly limit: WaitLimit;
  readonly recheck: Recheck;
}

function openWaiter({ queue, ticket: first, limit, recheck }: Opened, closed: (outcome: WaitOutcome) => void): Waiter {
  let ticket = first;
  let place: string | undefined;
  let queued: Queued | undefined;
  let outcome: WaitOutcome = 'over';
  return {
    async turn() {
      queued ??= queue.join(ticket, place);
      const { told, entered } = queued;
      const turn = await Promise.race([told, limit.reached, recheck.due()]);
      if (turn === 'granted') await entered;
      outcome = turn === 'full' ? 'full' : 'over';
      return turn;
    },
    update(changed) {
      ticket = changed;
      if (queued !== undefined) queue.update(queued, changed);
    },
    async leaveFor(next) {
      ticket = next;
      if (queued === undefined) return;
      const left = queued;
      place = left.place();
      queued = undefined;
      await queue.leave(left);
    },
    close(isAdmitted) {
      limit.cancel();
      recheck.cancel();
      closed(isAdmitted ? 'admitted' : outcome);
      if (queued === undefined) return;
      if (isAdmitted) queue.forget(queued);
      else void queue.leave(queued);
    },
  };
}
