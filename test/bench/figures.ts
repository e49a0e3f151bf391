import type { CaseName } from './cases.ts';
import type { JobResult } from './messages.ts';
import type { Measured } from './run-rounds.ts';
import type { ServerName, TargetName } from './targets.ts';

export const cpuPerAnswer = (result: JobResult): number => result.cpuMicroseconds / result.answers;
export const cpuPerToken = (result: JobResult): number => result.cpuMicroseconds / result.tokens;
export const answersPerSecond = (result: JobResult): number => result.answers / (result.durationMs / 1000);
export const tokensPerSecond = (result: JobResult): number => result.tokens / (result.durationMs / 1000);

export type Figure = (result: JobResult) => number;

/** The median of a figure over the rounds of a case. */
export function typical({ rounds }: Measured, name: CaseName, target: TargetName, figure: Figure): number {
  return median(rounds[name][target].map(figure));
}

/** The median over the rounds of how a target's figure relates to the pipe's of the same round. */
export function ratioToPipe({ rounds }: Measured, name: CaseName, target: ServerName, figure: Figure): number {
  return compare(rounds[name][target], rounds[name].pipe, (one, pipe) => figure(one) / figure(pipe));
}

/** The median over the rounds of how much later than without a gateway the first byte came, in milliseconds. */
export function addedToFirstByte({ rounds }: Measured, name: CaseName, target: ServerName): number {
  return compare(rounds[name][target], rounds[name].direct, (one, direct) => one.firstByteMs - direct.firstByteMs);
}

function compare(
  results: readonly JobResult[],
  others: readonly JobResult[],
  relate: (result: JobResult, other: JobResult) => number,
): number {
  return median(
    results.flatMap((result, round) => {
      const other = others[round];
      return other === undefined ? [] : [relate(result, other)];
    }),
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}
