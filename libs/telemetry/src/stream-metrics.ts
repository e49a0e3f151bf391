import { metricList } from './metric-list.ts';
import { createCells, createDistributions } from './series.ts';

export type StreamEnd = 'complete' | 'truncated' | 'failed' | 'aborted';

/** Counts the streams of one provider. */
export interface StreamMeters {
  /** Counts a stream as open until it has ended. */
  opened(): void;
  ended(end: StreamEnd): void;
  /** How long after the part before it a part of a stream came. */
  gap(seconds: number): void;
  /** What was sent to a client breaks a rule of the grammar of streams. */
  grammarViolation(this: void, rule: string): void;
}

/** Every metric that is told of a stream while it runs. */
export function createStreamMetrics() {
  const open = createCells(metricList.openStreams);
  const streams = createCells(metricList.streams);
  const gaps = createDistributions(metricList.eventGaps);
  const violations = createCells(metricList.grammarViolations);
  const pings = createCells(metricList.pings);
  const sent = pings.of({});
  const known = new Map<string, StreamMeters>();
  return {
    families: [open, streams, gaps, violations, pings],
    pinged() {
      sent.value += 1;
    },
    of(dialect: string, provider: string): StreamMeters {
      const made = known.get(provider);
      if (made !== undefined) return made;
      const openNow = open.of({ dialect });
      const gapsOf = gaps.of({ dialect, provider });
      const meters: StreamMeters = {
        opened() {
          openNow.value += 1;
        },
        ended(end) {
          openNow.value -= 1;
          streams.of({ dialect, provider, end }).value += 1;
        },
        gap: gapsOf.observe,
        grammarViolation(rule) {
          violations.of({ dialect, provider, rule }).value += 1;
        },
      };
      known.set(provider, meters);
      return meters;
    },
  };
}
