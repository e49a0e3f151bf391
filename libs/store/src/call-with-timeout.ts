import type { Clock } from '@ccg/kernel';
import { StoreUnavailableError } from './store-unavailable-error.ts';

/** Gives the call's result, or rejects with StoreUnavailableError after `timeoutMs`; a later result is dropped. */
export function callWithTimeout<T>(clock: Clock, timeoutMs: number, call: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cancel = clock.schedule(timeoutMs, () => {
      // A busy event loop fires the timer before it reads a reply that came in time: read once more first.
      setImmediate(() => {
        reject(new StoreUnavailableError('timeout', `no reply within ${timeoutMs} ms`));
      });
    });
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
