import type { RelayWork } from './record.ts';
import type { ServeRequest } from './request.ts';

/** When the client got its first frame, and how long the gateway worked on the answer. */
export interface RelayTimes {
  /** Milliseconds after the request arrived; undefined as long as the client got none, and for a document. */
  readonly firstEventMs: number | undefined;
  readonly work: RelayWork;
}

/** Measures the work on an answer, part by part. Its own cost is two readings of the clock for each part. */
export interface RelayTiming {
  /** A part came from the provider. `onGap` is told the milliseconds since the one before it. */
  partCame(onGap: ((gapMs: number) => void) | undefined): void;
  /** The work on that part is done; how long the reader takes it is no part of it. */
  partDone(): void;
  /** The client gets its first frame now. */
  firstEvent(): void;
  times(): RelayTimes;
}

export function createRelayTiming(elapsedMs: ServeRequest['elapsedMs']): RelayTiming {
  let firstCameMs: number | undefined;
  let cameMs = 0;
  let firstEventMs: number | undefined;
  let relayWorkMs: number | undefined;
  let isFirstPart = false;
  return {
    partCame(onGap) {
      const now = elapsedMs();
      if (firstCameMs === undefined) firstCameMs = now;
      else onGap?.(now - cameMs);
      cameMs = now;
      isFirstPart = false;
    },
    partDone() {
      // The part with the first event counts as the way to it.
      if (!isFirstPart) relayWorkMs = (relayWorkMs ?? 0) + elapsedMs() - cameMs;
    },
    firstEvent() {
      firstEventMs = elapsedMs();
      isFirstPart = true;
    },
    times() {
      const firstEventWorkMs =
        firstEventMs === undefined || firstCameMs === undefined ? undefined : firstEventMs - firstCameMs;
      return { firstEventMs, work: { firstEventWorkMs, relayWorkMs } };
    },
  };
}
