import type { Clock } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import { BatchFilesError } from '../files/batch-files.ts';

const patienceMs = 30_000;
const pauseMs = 500;

/** Does work that a store is needed for. */
export interface Patience {
  <T>(work: () => Promise<T>): Promise<T>;
  /** From now on an outage is waited out. */
  begin(this: void): void;
}

/** Tries again, for half a minute each time, what a store does not do now; without a clock, nothing. */
export function createPatience(clock: Clock | undefined): Patience {
  let waits = false;
  const patiently = async <T>(work: () => Promise<T>): Promise<T> => {
    const beganAtMs = clock?.now() ?? 0;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        const isOver = clock === undefined || clock.now() - beganAtMs >= patienceMs;
        if (!waits || isOver || !mayPass(error)) throw error;
        await new Promise<void>((resolve) => {
          clock.schedule(pauseMs, resolve);
        });
      }
    }
  };
  return Object.assign(patiently, {
    begin() {
      waits = true;
    },
  });
}

function mayPass(error: unknown): boolean {
  return error instanceof StoreUnavailableError || (error instanceof BatchFilesError && error.fault === 'unavailable');
}
