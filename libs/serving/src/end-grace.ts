import type { Clock } from '@ccg/kernel';
import type { UpstreamBody } from '@ccg/upstream';

/** How long a finished answer may stay open without another part of it. */
export const endGraceMs = 5000;
/** How long an upstream may take to close after its last event, before its connection is given up. */
const closeGraceMs = 1000;

interface EndGrace {
  /** Takes `finishedAt` of a stream that is still open, and what `deliver` gave. */
  observe(finishedAt: number | undefined, room: Promise<void> | undefined): void;
  isOver(): boolean;
  cancel(): void;
}

/**
 * Ends an answer that has finished although its provider sends no terminal event and keeps the connection. A part of the
 * answer that comes all the same begins the wait anew, since some servers give a reason to stop with every part. While the
 * client has no room nothing is read, so the wait begins when it has.
 */
export function createEndGrace(clock: Clock, onOver: () => void): EndGrace {
  let cancelTimer = () => {};
  let latest: number | undefined;
  let state: 'waiting' | 'over' | 'cancelled' = 'waiting';
  const begin = () => {
    cancelTimer();
    if (state !== 'waiting') return;
    cancelTimer = clock.schedule(endGraceMs, () => {
      state = 'over';
      onOver();
    });
  };
  return {
    observe(finishedAt, room) {
      if (finishedAt === undefined) return;
      if (room !== undefined) {
        cancelTimer();
        room.then(begin, () => {});
      } else if (finishedAt !== latest) begin();
      latest = finishedAt;
    },
    isOver: () => state === 'over',
    cancel() {
      cancelTimer();
      if (state === 'waiting') state = 'cancelled';
    },
  };
}

/** Gives the provider a moment to close by itself, so that its connection can be used again. */
export function closeSoon(body: UpstreamBody, piping: Promise<void>, clock: Clock): void {
  const cancel = clock.schedule(closeGraceMs, () => {
    body.abort();
  });
  // A timer that stayed would keep the finished stream alive.
  piping.then(cancel, cancel);
}
