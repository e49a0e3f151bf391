import { RateLimiterMemory } from 'rate-limiter-flexible';
import { assertBuckets } from './bucket.ts';
import type { Bucket } from './bucket.ts';
import type { Decision } from './decision.ts';

export interface LocalFallback {
  admit(tenant: string, buckets: readonly Bucket[]): Promise<Decision>;
}

const shortestWindowSeconds = 1;
const longestWindowSeconds = 86_400;

/**
 * Limits while Redis is away: each replica lets through its share of what flows into a bucket in a fixed window,
 * the time that the bucket takes to fill. It knows nothing of what was used before, and forgets when the window ends.
 */
export function createLocalFallback(liveReplicas: () => number): LocalFallback {
  // Its own limit is never reached: the share depends on the bucket and on how many replicas are left.
  const limiter = new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: shortestWindowSeconds });

  return {
    async admit(tenant, buckets) {
      assertBuckets(buckets);
      const replicas = Math.max(1, liveReplicas());
      const taken = await Promise.all(
        buckets.map(async (bucket) => {
          const { seconds, share } = windowOf(bucket, replicas);
          const points = Math.ceil(Math.min(bucket.cost, share));
          const limiterKey = `${tenant} ${bucket.name}`;
          const { consumedPoints, msBeforeNext } = await limiter.consume(limiterKey, points, {
            customDuration: seconds,
          });
          return { bucket, points, limiterKey, remaining: share - consumedPoints, fullInMs: msBeforeNext };
        }),
      );
      const late = taken.filter(({ remaining }) => remaining < 0);
      const [latest] = late.toSorted((a, b) => b.fullInMs - a.fullInMs);
      if (latest === undefined) {
        const states = taken.map(({ bucket, remaining, fullInMs }) => ({
          name: bucket.name,
          remaining: Math.max(0, remaining),
          fullInMs,
        }));
        return { kind: 'admitted', by: 'local-fallback', buckets: states };
      }
      await Promise.all(taken.map(({ limiterKey, points }) => limiter.reward(limiterKey, points)));
      return { kind: 'limited', bucket: latest.bucket.name, retryAfterMs: latest.fullInMs };
    },
  };
}

function windowOf(bucket: Bucket, replicas: number): { readonly seconds: number; readonly share: number } {
  const toFill = bucket.capacity / bucket.refillPerSecond;
  const seconds = Math.min(longestWindowSeconds, Math.max(shortestWindowSeconds, toFill));
  return { seconds, share: Math.max(1, Math.floor((bucket.refillPerSecond * seconds) / replicas)) };
}
