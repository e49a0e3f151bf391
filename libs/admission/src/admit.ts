import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { assertBuckets, refillMs } from './bucket.ts';
import type { Bucket } from './bucket.ts';
import type { BucketState, Decision } from './decision.ts';

export interface Lease {
  /** Unique among the tenant's running requests. */
  readonly id: string;
  /** Milliseconds after which it lapses by itself when nobody renews it. */
  readonly ttlMs: number;
}

export interface AdmissionRequest {
  readonly tenant: string;
  /** All must hold enough; empty means that nothing limits, and still takes the lease. */
  readonly buckets: readonly Bucket[];
  readonly lease: Lease;
}

const script = loadScript(new URL('./admit.lua', import.meta.url));

/**
 * Decides in Redis, in one round trip and at Redis's time. Rejects with StoreUnavailableError, after `timeoutMs` at the
 * latest; RangeError for an impossible bucket.
 */
export async function admitInStore(
  store: Store,
  { tenant, buckets, lease }: AdmissionRequest,
  timeoutMs: number,
): Promise<Decision> {
  assertBuckets(buckets);
  const { redisKeys } = store;
  const reply = await store.run(
    script,
    [redisKeys.rateLimits(tenant), redisKeys.leases(tenant)],
    [lease.id, Math.ceil(lease.ttlMs), ...buckets.flatMap(toArguments)],
    { timeoutMs },
  );
  return toDecision(buckets, reply);
}

function toArguments(bucket: Bucket): (string | number)[] {
  return [
    bucket.name,
    refillMs(bucket, bucket.capacity),
    refillMs(bucket, Math.min(bucket.cost, bucket.capacity)),
    refillMs(bucket, bucket.cost),
  ];
}

function toDecision(buckets: readonly Bucket[], reply: unknown): Decision {
  if (!Array.isArray(reply)) throw new TypeError('The admission script gave no list.');
  const [admitted, ...numbers] = reply.map(Number);
  if (admitted === 1) {
    return { kind: 'admitted', by: 'store', buckets: buckets.map((bucket, at) => toState(bucket, numbers[at])) };
  }
  const [position = 0, waitMs = 0] = numbers;
  const late = buckets[position - 1];
  if (late === undefined) throw new TypeError('The admission script named no bucket.');
  return { kind: 'limited', bucket: late.name, retryAfterMs: Math.ceil(waitMs) };
}

function toState(bucket: Bucket, fullInMs = 0): BucketState {
  // The same microsecond as in the script, so that an exact number of units is not rounded down to one less.
  const remaining = bucket.capacity - ((fullInMs - 0.001) * bucket.refillPerSecond) / 1000;
  return { name: bucket.name, remaining: Math.max(0, Math.floor(remaining)), fullInMs: Math.ceil(fullInMs) };
}
