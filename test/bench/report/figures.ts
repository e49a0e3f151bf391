import { nativeDialects } from '../cases.ts';
import type { CaseName } from '../cases.ts';
import type { JobResult } from '../load/messages.ts';
import type { Measured } from '../run-rounds.ts';
import type { TargetName } from '../servers/targets.ts';

/** Something that every round of a case gives. */
export interface Figure {
  readonly label: string;
  readonly name: CaseName;
  readonly of: (result: JobResult) => number;
  /** A rate is the generator's limit and not the server's when little of its time was idle. */
  readonly isRate: boolean;
  /** What other targets are compared with in the same round. */
  readonly comparedWith: 'pipe' | 'direct';
  readonly digits: number;
}

export const cpuPerAnswer = (result: JobResult): number => result.cpuMicroseconds / result.answers;
export const cpuPerToken = (result: JobResult): number => result.cpuMicroseconds / result.tokens;
const answersPerSecond = (result: JobResult): number => result.answers / (result.durationMs / 1000);
export const tokensPerSecond = (result: JobResult): number => result.tokens / (result.durationMs / 1000);
export const firstByte = (result: JobResult): number => result.firstByteMs;

const latency = { isRate: false, comparedWith: 'direct', digits: 3 } as const;
const rate = { isRate: true, comparedWith: 'pipe', digits: 0 } as const;
const cpu = { isRate: false, comparedWith: 'pipe', digits: 0 } as const;

export const figures: readonly Figure[] = [
  { ...latency, label: 'small, alone: p50 ms', name: 'small alone', of: ({ latencyMs }) => latencyMs },
  { ...rate, label: 'small, 64 at once: requests/s', name: 'small', of: answersPerSecond },
  { ...cpu, label: 'small: CPU µs/request', name: 'small', of: cpuPerAnswer },
  { ...rate, label: '132 KB, 16 at once: requests/s', name: 'large', of: answersPerSecond },
  { ...cpu, label: '132 KB: CPU µs/request', name: 'large', of: cpuPerAnswer },
  { ...latency, label: 'small: first event, p50 ms', name: 'first event small', of: firstByte },
  { ...latency, label: '132 KB: first event, p50 ms', name: 'first event large', of: firstByte },
  { ...rate, label: '50 streams: tokens/s', name: 'tokens', of: tokensPerSecond },
  { ...cpu, label: '50 streams: CPU µs/token', name: 'tokens', of: cpuPerToken, digits: 2 },
  ...nativeDialects.flatMap((dialect): readonly Figure[] => [
    { ...cpu, label: `small, ${dialect}: CPU µs/request`, name: `small ${dialect}`, of: cpuPerAnswer },
    { ...cpu, label: `50 streams, ${dialect}: CPU µs/token`, name: `tokens ${dialect}`, of: cpuPerToken, digits: 2 },
  ]),
];

/** The middle of a few values, and how far the middle half of them reaches. */
export interface Spread {
  readonly median: number;
  readonly lower: number;
  readonly upper: number;
}

/** Median and quartiles; NaN of nothing. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number): number => {
    const place = (sorted.length - 1) * share;
    const below = sorted[Math.floor(place)] ?? Number.NaN;
    return below + ((sorted[Math.ceil(place)] ?? Number.NaN) - below) * (place % 1);
  };
  return { median: at(0.5), lower: at(0.25), upper: at(0.75) };
}

/** How a figure of two targets relates, round by round: what disturbs a round disturbs both of its neighbours. */
export function relate(
  { rounds }: Measured,
  { name, of }: Pick<Figure, 'name' | 'of'>,
  [target, other]: readonly [TargetName, TargetName],
  relation: (one: number, other: number) => number,
): Spread {
  const others = rounds[name]?.[other] ?? [];
  return spreadOf(
    (rounds[name]?.[target] ?? []).flatMap((result, round) => {
      const neighbour = others[round];
      return result === undefined || neighbour === undefined ? [] : [relation(of(result), of(neighbour))];
    }),
  );
}

export const ratio = (one: number, other: number): number => one / other;
export const difference = (one: number, other: number): number => one - other;
