import type { ServerResponse } from 'node:http';
import type { Clock } from '@ccg/kernel';

export interface BackPressure {
  /** Resolves when the reader has made room. */
  room(): Promise<void>;
  isWaiting(): boolean;
  /** The reader is gone: whoever waits is told so. */
  fail(reason: Error): void;
}

interface Waiting {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(reason: Error): void;
}

/** Waits for the reader of a response, and calls `onStall` when it has taken nothing for the timeout. */
export function createBackPressure(
  response: ServerResponse,
  stallTimeoutMs: number,
  clock: Clock,
  onStall: () => void,
): BackPressure {
  let waiting: Waiting | undefined;
  let cancel = () => {};
  const stop = (settle: (current: Waiting) => void) => {
    cancel();
    const current = waiting;
    waiting = undefined;
    if (current !== undefined) settle(current);
  };
  const makeRoom = () => {
    stop((current) => {
      current.resolve();
    });
  };
  const watch = (takenBefore: number) => {
    cancel = clock.schedule(stallTimeoutMs, () => {
      // A slow reader takes bytes long before there is room for more.
      const taken = bytesTaken(response);
      if (taken === takenBefore) onStall();
      else watch(taken);
    });
  };
  return {
    room() {
      if (waiting === undefined) {
        waiting = Promise.withResolvers<void>();
        response.once('drain', makeRoom);
        // The writer may have stopped listening by the time the reader leaves.
        waiting.promise.catch(() => {});
        watch(bytesTaken(response));
      }
      return waiting.promise;
    },
    isWaiting: () => waiting !== undefined,
    fail(reason) {
      stop((current) => {
        current.reject(reason);
      });
    },
  };
}

function bytesTaken({ socket }: ServerResponse): number {
  return socket === null ? 0 : socket.bytesWritten - socket.writableLength;
}
