/** Ends a bench that was given arguments: it has none, and takes minutes. */
export function refuseArguments(): void {
  const [, , first] = process.argv;
  if (first === undefined) return;
  process.stderr.write(`This bench has no arguments: ${first}\n`);
  process.exit(2);
}

/** The value that this share of the times does not exceed. */
export function percentile(timesMs: readonly number[], share: number): number {
  const sorted = timesMs.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** A figure beside its bound. */
export function judged(what: string, figure: number, bound: number, unit = ''): string {
  const verdict = figure <= bound ? 'met' : 'MISSED';
  return `${what}: ${figure.toFixed(2)}${unit} (at most ${bound}${unit}: ${verdict})\n`;
}
