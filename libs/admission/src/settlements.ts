import type { Clock } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { Lease } from './leases.ts';
import { settleInStore } from './settle.ts';
import type { Refund } from './settle.ts';

/** `late`: Redis took it at a later try. `lost`: it was given up, so that a limit counts what was reserved. */
export type SettlementOutcome = 'late' | 'lost';

interface SettlementOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly onSettlement: ((outcome: SettlementOutcome) => void) | undefined;
  /** Called when Redis rejects a settlement: a fault of ours, for the log. */
  readonly onFault: ((error: unknown) => void) | undefined;
}

/** Brings what requests have used to Redis, also when it was away when they ended. */
export interface Settlements {
  /** Resolves after the first try, and never rejects. */
  settle(lease: Lease, refunds: readonly Refund[]): Promise<void>;
  /** Waits for the tries that run, and tries the others once more. Never rejects. */
  flush(): Promise<void>;
}

interface Waiting {
  readonly lease: Lease;
  readonly refunds: readonly Refund[];
  readonly sinceMs: number;
}

const retryIntervalMs = 1000;
/** A bucket of a minute has forgotten all of it by then. */
const keptMs = 5 * 60_000;
const waitingMax = 10_000;

/** Settlements of one process. Those that wait are in its memory: at most 10,000, for five minutes. */
export function createSettlements({ store, clock, onSettlement, onFault }: SettlementOptions): Settlements {
  const waiting: Waiting[] = [];
  const running = new Set<Promise<void>>();
  let retrying: Promise<void> | undefined;
  let isScheduled = false;

  /** False where it is worth another try. */
  async function attempt({ lease, refunds }: Waiting): Promise<boolean> {
    try {
      await settleInStore(store, lease, refunds, keptMs);
      return true;
    } catch (error) {
      if (error instanceof StoreUnavailableError) return false;
      onFault?.(error);
      onSettlement?.('lost');
      return true;
    }
  }

  async function settleOnce(settlement: Waiting): Promise<void> {
    if (await attempt(settlement)) return;
    if (waiting.length >= waitingMax) {
      onSettlement?.('lost');
      return;
    }
    waiting.push(settlement);
    schedule();
  }

  function schedule(): void {
    if (isScheduled || waiting.length === 0) return;
    isScheduled = true;
    clock.schedule(retryIntervalMs, () => {
      isScheduled = false;
      void retry().then(schedule);
    });
  }

  function retry(): Promise<void> {
    retrying ??= retryWaiting().finally(() => {
      retrying = undefined;
    });
    return retrying;
  }

  async function retryWaiting(): Promise<void> {
    for (let [next] = waiting; next !== undefined; [next] = waiting) {
      const isOver = clock.now() - next.sinceMs >= keptMs;
      if (!isOver && !(await attempt(next))) return;
      waiting.shift();
      onSettlement?.(isOver ? 'lost' : 'late');
    }
  }

  return {
    settle(lease, refunds) {
      const settling = settleOnce({ lease, refunds, sinceMs: clock.now() }).finally(() => running.delete(settling));
      running.add(settling);
      return settling;
    },
    async flush() {
      await Promise.all(running);
      await retry();
    },
  };
}
