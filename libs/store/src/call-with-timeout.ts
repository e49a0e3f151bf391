import type { Clock } from '@ccg/kernel';
import { StoreUnavailableError } from './store-unavailable-error.ts';

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
