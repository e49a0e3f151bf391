/** A token bucket as data: it holds `capacity`, refills continuously, and this request takes `cost` out of it. */
export interface Bucket {
  /** Names it within its tenant. */
  readonly name: string;
  /** Above 0. A cost above it needs a full bucket alone, and leaves a debt. */
  readonly capacity: number;
  /** Per second, above 0. */
  readonly refillPerSecond: number;
  /** 0 or more; 0 takes nothing and is refused by a debt alone. */
  readonly cost: number;
}

/** What a request gets back at its end: `amount` of what it took; below 0 it pays on top. */
export interface Credit {
  readonly name: string;
  readonly amount: number;
  readonly capacity: number;
  readonly refillPerSecond: number;
}

/** Milliseconds in which `amount` flows into a bucket. Levels are kept as time: see admit.lua. */
export function refillMs(bucket: { readonly refillPerSecond: number }, amount: number): number {
  return (amount / bucket.refillPerSecond) * 1000;
}

/** Refuses what no script could make sense of, with RangeError: it is a fault of the configuration. */
export function assertBuckets(buckets: readonly Omit<Bucket, 'cost'>[]): void {
  for (const { name, capacity, refillPerSecond } of buckets) {
    const sound = [capacity, refillPerSecond].every((value) => Number.isFinite(value) && value > 0);
    if (!sound) throw new RangeError(`Bucket "${name}" needs a capacity and a refill above 0.`);
  }
  if (new Set(buckets.map(({ name }) => name)).size !== buckets.length) {
    throw new RangeError('Two buckets have one name.');
  }
}
