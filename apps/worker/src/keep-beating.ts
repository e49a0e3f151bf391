import type { Clock } from '@ccg/kernel';
import type { Dispatcher } from './dispatcher.ts';

interface Beating {
  readonly dispatcher: Pick<Dispatcher, 'beat'>;
  readonly clock: Clock;
  readonly sweep: () => Promise<void>;
  readonly onFault: (error: unknown) => void;
  /** Another worker hands out items from now on. */
  readonly onFollow: () => void;
}

const busyBeatMs = 250;
const idleBeatMs = 1000;
const soonMs = 20;
const sweepIntervalMs = 15_000;

/** Hands out items again and again, sooner when one has ended, and does now and then what is due. */
export function keepBeating({ dispatcher, clock, sweep, onFault, onFollow }: Beating) {
  let cancel = (): void => {};
  let running: Promise<void> | undefined;
  let isStopped = false;
  let leads = false;
  let sweptAtMs = -Infinity;
  /** When the next beat is. */
  let dueAtMs = Infinity;
  /** An item has ended while a beat was running, which may not have seen it. */
  let isDueSoon = false;

  async function beat(): Promise<void> {
    let nextMs = idleBeatMs;
    try {
      const found = await dispatcher.beat();
      if (leads && !found.leads) onFollow();
      ({ leads } = found);
      if (found.isBusy) nextMs = busyBeatMs;
      if (leads && clock.now() - sweptAtMs >= sweepIntervalMs) {
        sweptAtMs = clock.now();
        await sweep();
      }
    } catch (error) {
      onFault(error);
    }
    running = undefined;
    schedule(isDueSoon ? soonMs : nextMs);
  }
  /** A beat that is due earlier stays: items that end one after the other must not put it off. */
  function schedule(delayMs: number): void {
    const atMs = clock.monotonicMs() + delayMs;
    if (isStopped || running !== undefined || atMs >= dueAtMs) return;
    cancel();
    dueAtMs = atMs;
    cancel = clock.schedule(delayMs, () => {
      dueAtMs = Infinity;
      isDueSoon = false;
      running = beat();
    });
  }
  schedule(0);
  return {
    soon(): void {
      if (!leads) return;
      if (running === undefined) schedule(soonMs);
      else isDueSoon = true;
    },
    async stop(): Promise<void> {
      isStopped = true;
      cancel();
      await running;
    },
  };
}
