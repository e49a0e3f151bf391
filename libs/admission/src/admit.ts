import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { Lease } from './leases.ts';
import { assertLimits, concurrencyRetryMs, estimatedOutput, refillMs, reservedBy } from './limits.ts';
import type { AdmissionRequest, ConcurrencyLimit, LimitState, RateLimit, Refused } from './limits.ts';

/** What the store says: the lease that it granted and what it left of each limit, or the limit that refused. */
export type StoreDecision =
  | { readonly kind: 'admitted'; readonly lease: Lease; readonly states: readonly LimitState[] }
  | { readonly kind: 'limited'; readonly refused: Refused };

const script = loadScript(new URL('./admit.lua', import.meta.url));

/**
 * Decides in Redis, in one round trip and by Redis's clock. Rejects with StoreUnavailableError, after `timeoutMs` at
 * the latest, and with RangeError for an impossible limit.
 */
export async function admitInStore(
  store: Store,
  request: AdmissionRequest,
  { timeoutMs, leaseTtlMs }: { readonly timeoutMs: number; readonly leaseTtlMs: number },
): Promise<StoreDecision> {
  const { tenant, requestId } = request;
  const { redisKeys } = store;
  const { running, rates, subjects, numbers } = callFor(request);
  const keys = [
    ...running.map(({ subject }) => redisKeys.leases(tenant, subject)),
    ...rates.map(({ name, subject }) => redisKeys.rateLimit(tenant, name, subject)),
  ];
  const reply = await store.run(script, keys, [requestId, Math.ceil(leaseTtlMs), ...numbers], { timeoutMs });
  return toDecision({ tenant, id: requestId, subjects }, running, rates, reply);
}

/** What of a call follows from the limits alone. */
interface LimitsCall {
  readonly running: readonly ConcurrencyLimit[];
  readonly rates: readonly RateLimit[];
  readonly subjects: readonly string[];
  readonly numbers: readonly number[];
}

function callFor(request: AdmissionRequest): LimitsCall {
  const { limits } = request;
  assertLimits(limits);
  const outputTokens = estimatedOutput(request);
  const running = limits.filter((limit) => limit.kind === 'concurrency');
  const rates = limits.filter((limit) => limit.kind === 'rate');
  const maxima = running.map(({ maxRunning }) => maxRunning);
  return {
    running,
    rates,
    subjects: running.map(({ subject }) => subject),
    numbers: [running.length, ...maxima, ...rates.flatMap((rate) => toArguments(rate, reservedBy(rate, outputTokens)))],
  };
}

function toArguments(rate: RateLimit, cost: number): readonly number[] {
  return [rate.capacity, Math.min(cost, rate.capacity), cost].map((amount) => refillMs(rate, amount));
}

function toDecision(
  lease: Lease,
  running: readonly ConcurrencyLimit[],
  rates: readonly RateLimit[],
  reply: unknown,
): StoreDecision {
  if (!Array.isArray(reply)) throw new TypeError('The admission script returned no list.');
  const [admitted, ...numbers] = reply.map(Number);
  if (admitted !== 1) {
    const [position = 0, waitMs = 0] = numbers;
    const limit = [...running, ...rates][position - 1];
    if (limit === undefined) throw new TypeError('The admission script named no limit.');
    return { kind: 'limited', refused: toRefused(limit, Math.ceil(waitMs)) };
  }
  const places = running.map((limit, at) => ({ limit, remaining: limit.maxRunning - (numbers[at] ?? 0) }));
  const buckets = rates.map((rate, at) => toBucketState(rate, numbers[running.length + at]));
  return { kind: 'admitted', lease, states: [...places, ...buckets] };
}

function toRefused(limit: ConcurrencyLimit | RateLimit, waitMs: number): Refused {
  if (limit.kind === 'concurrency') return { limit, retryAfterMs: concurrencyRetryMs, state: { limit, remaining: 0 } };
  return { limit, retryAfterMs: waitMs, state: { limit, remaining: 0, fullInMs: waitMs } };
}

function toBucketState(limit: RateLimit, fullInMs = 0): LimitState {
  // The same microsecond as in the script, so that an exact number of units is not rounded down to one less.
  const remaining = limit.capacity - ((fullInMs - 0.001) * limit.refillPerSecond) / 1000;
  return { limit, remaining: Math.max(0, Math.floor(remaining)), fullInMs: Math.ceil(fullInMs) };
}
