import type { Clock } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { Settlement } from './settle.ts';

/**
 * `late`: Redis took it at a later try. `lost`: it was given up, so that a limit counts what was reserved. `swept`: its process
 * had died.
 */
export type SettlementOutcome = 'late' | 'lost' | 'swept';

interface SettlementOptions {
  readonly clock: Clock;
  /** Settles in Redis. Rejects with StoreUnavailableError while it is away. */
  readonly send: (settlement: Settlement) => Promise<unknown>;
  readonly onSettlement: ((outcome: SettlementOutcome) => void) | undefined;
  /** Called when Redis rejects a settlement: a fault of ours, for the log. */
  readonly onFault: ((error: unknown) => void) | undefined;
}

/** Gives a settlement at each try: only then is it certain whether Redis has the reservation. */
type Settle = () => Settlement | Promise<Settlement>;

/** Brings what requests have used to Redis, also when it was away when they ended. */
export interface Settlements {
  /** Resolves after the first try, and never rejects. */
  settle(settle: Settle): Promise<void>;
  /** Waits for the tries that run, and tries the others once more. Never rejects. */
  flush(): Promise<void>;
}

interface Waiting {
  readonly settle: Settle;
  readonly sinceMs: number;
}

const retryIntervalMs = 1000;
const keptMs = 60 * 60_000;
const waitingMax = 10_000;

/** Settlements of one process. Those that wait are in its memory: at most 10,000, for an hour. */
export function createSettlements({ clock, send, onSettlement, onFault }: SettlementOptions): Settlements {
  const waiting: Waiting[] = [];
  const running = new Set<Promise<void>>();
  let retrying: Promise<void> | undefined;
  let isScheduled = false;

  async function attempt({ settle }: Waiting): Promise<'made' | 'unavailable' | 'rejected'> {
    try {
      await send(await settle());
      return 'made';
    } catch (error) {
      if (error instanceof StoreUnavailableError) return 'unavailable';
      onFault?.(error);
      onSettlement?.('lost');
      return 'rejected';
    }
  }

  async function settleOnce(settlement: Waiting): Promise<void> {
    if ((await attempt(settlement)) !== 'unavailable') return;
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
      const isOver = clock.monotonicMs() - next.sinceMs >= keptMs;
      const tried = isOver ? 'over' : await attempt(next);
      if (tried === 'unavailable') return;
      waiting.shift();
      if (tried !== 'rejected') onSettlement?.(tried === 'over' ? 'lost' : 'late');
    }
  }

  return {
    settle(settle) {
      const settling = settleOnce({ settle, sinceMs: clock.monotonicMs() }).finally(() => running.delete(settling));
      running.add(settling);
      return settling;
    },
    async flush() {
      await Promise.all(running);
      await retry();
    },
  };
}
