import type { Clock } from '@ccg/kernel';

/** What is told of a collector, once when it begins to fail and once when it takes spans again. */
export interface CollectorEvents {
  /** `reason`: a status, a fault of the connection, or that time was up. Never what the collector said. */
  readonly onFailing: (this: void, reason: string) => void;
  /** `dropped`: how many spans it has cost. */
  readonly onRecovered: (this: void, dropped: number) => void;
}

export interface CollectorHealth {
  /** Spans were dropped. */
  dropped(count: number, reason: string): void;
  /** It has taken spans. */
  taken(): void;
}

/** One that fails now and then is one that fails: for so long nothing must have been dropped before it counts as well again. */
const quietMs = 10_000;

export function createCollectorHealth(clock: Clock, { onFailing, onRecovered }: CollectorEvents): CollectorHealth {
  let failing: { spans: number; lastMs: number } | undefined;
  return {
    dropped(count, reason) {
      if (failing === undefined) {
        failing = { spans: 0, lastMs: 0 };
        onFailing(reason);
      }
      failing.spans += count;
      failing.lastMs = clock.monotonicMs();
    },
    taken() {
      if (failing === undefined || clock.monotonicMs() - failing.lastMs < quietMs) return;
      const { spans } = failing;
      failing = undefined;
      onRecovered(spans);
    },
  };
}
