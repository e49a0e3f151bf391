/** A time that the product keeps to. */
export interface BoundFigure {
  readonly what: string;
  readonly boundMs: number;
  /** What the time is for, where it is also shown by the piece and by the MB. */
  readonly per?: { readonly count: number; readonly megabytes: number };
  readonly measure: () => Promise<number>;
}

const rounds = 5;

/** Measures a figure a few times and gives the line to print; a missed bound is marked, by its median. */
export async function measureBound({ what, boundMs, per, measure }: BoundFigure): Promise<string> {
  const samples: number[] = [];
  for (let round = 0; round < rounds; round += 1) samples.push(await measure());
  samples.sort((a, b) => a - b);
  const [least = 0, median = 0, most = 0] = [samples[0], samples[Math.floor(rounds / 2)], samples.at(-1)];
  const times = [least, median, most].map((ms) => `${ms.toFixed(0)} ms`).join(' / ');
  const pieces = per === undefined ? '' : `; ${byPiece(median, per)}`;
  const missed = median > boundMs ? '; MISSED' : '';
  return `${what}: ${times} (least / median / most of ${rounds}), bound ${boundMs.toFixed(0)} ms${pieces}${missed}`;
}

function byPiece(ms: number, { count, megabytes }: NonNullable<BoundFigure['per']>): string {
  return `${((ms * 1000) / count).toFixed(1)} µs a message or block, ${(ms / megabytes).toFixed(0)} ms a MB`;
}
