import type { Clock } from '@ccg/kernel';
import type { Store } from '@ccg/store';

/** How limits are decided: in Redis, by this replica alone, or so and without any closed budget. */
export type StoreMode = 'shared' | 'local' | 'closed';

/** The time in which Redis does not answer requests. */
interface Outage {
  /** Notes that Redis did not answer, and gives the milliseconds for which it has not. */
  note(): number;
  noteAnswer(): void;
}

interface OutageOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Milliseconds after which budgets are closed. */
  readonly budgetGraceMs: number;
  /** Called on each change. */
  readonly onStoreMode?: ((mode: StoreMode) => void) | undefined;
}

const outageCheckMs = 1000;

/** How long Redis has been away from the requests. It is back when it answers one, or when nobody asked and it is ready. */
export function watchOutage({ store, clock, budgetGraceMs, onStoreMode }: OutageOptions): Outage {
  let sinceMs: number | undefined;
  let mode: StoreMode = 'shared';

  function change(now: StoreMode): void {
    if (now === mode) return;
    mode = now;
    onStoreMode?.(now);
  }

  /** Part of a cluster may be away for long while the rest answers: that is one outage, not one for each request. */
  function endIfReady(): void {
    if (sinceMs === undefined || store.state() !== 'ready') return;
    sinceMs = undefined;
    change('shared');
  }

  function check(): void {
    clock.schedule(outageCheckMs, () => {
      endIfReady();
      if (sinceMs === undefined) return;
      if (clock.monotonicMs() - sinceMs >= budgetGraceMs) change('closed');
      check();
    });
  }

  return {
    note() {
      const nowMs = clock.monotonicMs();
      if (sinceMs === undefined) {
        sinceMs = nowMs;
        change('local');
        check();
      }
      return nowMs - sinceMs;
    },
    noteAnswer: endIfReady,
  };
}
