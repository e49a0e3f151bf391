import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { Lease } from './leases.ts';
import { assertLimits, concurrencyRetryMs, refillMs, wholeTenant } from './limits.ts';
import type { AdmissionRequest, ConcurrencyLimit, Limit, Limited, LimitState, RateLimit } from './limits.ts';

/** What the store says: the lease that it granted and what it left of each limit, or the limit that refused. */
export type StoreDecision =
  | { readonly kind: 'admitted'; readonly lease: Lease; readonly limits: readonly LimitState[] }
  | Limited;

interface LeaseSet {
  readonly subject: string;
  readonly limit: ConcurrencyLimit | undefined;
}

const script = loadScript(new URL('./admit.lua', import.meta.url));

/**
 * Decides in Redis, in one round trip and by Redis's clock. Rejects with StoreUnavailableError, after `timeoutMs` at
 * the latest, and with RangeError for an impossible limit.
 */
export async function admitInStore(
  store: Store,
  { tenant, requestId, limits }: AdmissionRequest,
  { timeoutMs, leaseTtlMs }: { readonly timeoutMs: number; readonly leaseTtlMs: number },
): Promise<StoreDecision> {
  assertLimits(limits);
  const { redisKeys } = store;
  const leaseSets = leaseSetsOf(limits);
  const rates = limits.filter((limit) => limit.kind === 'rate');
  const reply = await store.run(
    script,
    [
      ...leaseSets.map(({ subject }) => redisKeys.leases(tenant, subject)),
      ...rates.map(({ name, subject }) => redisKeys.rateLimit(tenant, name, subject)),
    ],
    [
      requestId,
      Math.ceil(leaseTtlMs),
      leaseSets.length,
      ...leaseSets.map(({ limit }) => limit?.maxRunning ?? 0),
      ...rates.flatMap(toArguments),
    ],
    { timeoutMs },
  );
  const lease = { tenant, id: requestId, subjects: leaseSets.map(({ subject }) => subject) };
  return toDecision(lease, leaseSets, rates, reply);
}

/** A request holds a lease of its tenant, limited or not, and of every other subject whose running requests are limited. */
function leaseSetsOf(limits: readonly Limit[]): readonly LeaseSet[] {
  const limited = limits
    .filter((limit) => limit.kind === 'concurrency')
    .map((limit) => ({ subject: limit.subject, limit }));
  if (limited.some(({ subject }) => subject === wholeTenant)) return limited;
  return [{ subject: wholeTenant, limit: undefined }, ...limited];
}

function toArguments(rate: RateLimit): readonly number[] {
  return [rate.capacity, Math.min(rate.cost, rate.capacity), rate.cost].map((amount) => refillMs(rate, amount));
}

function toDecision(
  lease: Lease,
  leaseSets: readonly LeaseSet[],
  rates: readonly RateLimit[],
  reply: unknown,
): StoreDecision {
  if (!Array.isArray(reply)) throw new TypeError('The admission script returned no list.');
  const [admitted, ...numbers] = reply.map(Number);
  if (admitted !== 1) {
    const [position = 0, waitMs = 0] = numbers;
    const limit = [...leaseSets.map((set) => set.limit), ...rates][position - 1];
    if (limit === undefined) throw new TypeError('The admission script named no limit.');
    return { kind: 'limited', limit, retryAfterMs: limit.kind === 'rate' ? Math.ceil(waitMs) : concurrencyRetryMs };
  }
  const running = leaseSets.flatMap(({ limit }, at) =>
    limit === undefined ? [] : [{ limit, remaining: limit.maxRunning - (numbers[at] ?? 0) }],
  );
  const buckets = rates.map((rate, at) => toBucketState(rate, numbers[leaseSets.length + at]));
  return { kind: 'admitted', lease, limits: [...running, ...buckets] };
}

function toBucketState(limit: RateLimit, fullInMs = 0): LimitState {
  // The same microsecond as in the script, so that an exact number of units is not rounded down to one less.
  const remaining = limit.capacity - ((fullInMs - 0.001) * limit.refillPerSecond) / 1000;
  return { limit, remaining: Math.max(0, Math.floor(remaining)), fullInMs: Math.ceil(fullInMs) };
}
