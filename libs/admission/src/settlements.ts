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
  /** Settles in Redis; false if there was no reservation. Rejects with StoreUnavailableError while it is away. */
  readonly send: (settlement: Settlement) => Promise<boolean>;
  /** Whether a settlement is sent at all now, so that it may be made although no answer comes. */
  readonly isSent: () => boolean;
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
  /** A try that got no answer may have been made: without a reservation there is nothing to be done then. */
  mayBeMade: boolean;
}

const retryIntervalMs = 1000;
const keptMs = 60 * 60_000;
const waitingMax = 10_000;

type Attempt = (waits: Waiting) => Promise<'made' | 'unavailable' | 'rejected'>;

function createAttempt({ send, isSent, onSettlement, onFault }: Omit<SettlementOptions, 'clock'>): Attempt {
  return async (waits) => {
    const wasSent = isSent();
    try {
      const settlement = await waits.settle();
      const isMade = await send(settlement);
      // Redis has lost the reservation, with the last second before it was killed or with a primary that failed.
      const isLost = !isMade && !waits.mayBeMade && settlement.kind === 'ended';
      if (isLost) await send({ ...settlement, kind: 'unreserved' });
      return 'made';
    } catch (error) {
      if (error instanceof StoreUnavailableError) {
        waits.mayBeMade ||= wasSent;
        return 'unavailable';
      }
      onFault?.(error);
      onSettlement?.('lost');
      return 'rejected';
    }
  };
}

/** Settlements of one process. Those that wait are in its memory: at most 10,000, for an hour. */
export function createSettlements(options: SettlementOptions): Settlements {
  const { clock, onSettlement } = options;
  const attempt = createAttempt(options);
  const waiting: Waiting[] = [];
  const running = new Set<Promise<void>>();
  let retrying: Promise<void> | undefined;
  let isScheduled = false;

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
      const settling = settleOnce({ settle, sinceMs: clock.monotonicMs(), mayBeMade: false }).finally(() =>
        running.delete(settling),
      );
      running.add(settling);
      return settling;
    },
    async flush() {
      await Promise.all(running);
      await retry();
    },
  };
}
