import { assertNever } from '@ccg/kernel';
import { loadScript } from '@ccg/store';
import type { RedisKeys, Store } from '@ccg/store';
import type { Calendar, Periods } from './calendar.ts';
import { assertLimits, concurrencyRetryMs, isWaitedFor, leaseSubjectOf, refillMs } from './limits.ts';
import type { AdmissionRequest, Limit, LimitState, Refused } from './limits.ts';
import { reservationKeptMs } from './reservation-kept.ts';

/** What the store says. */
export type StoreDecision =
  | {
      readonly kind: 'admitted';
      readonly states: readonly LimitState[];
      readonly shadowed: readonly Refused[];
      readonly charged: Charged;
      /** Tokens; 0 for a request without output. */
      readonly estimatedOutput: number;
    }
  | {
      readonly kind: 'limited';
      readonly refused: Refused;
      readonly states: readonly LimitState[];
      readonly shadowed: readonly Refused[];
    };

/** The redis key of the counter that each limit was charged to, by its place; undefined where it was not charged. */
export type Charged = readonly (string | undefined)[];

export interface AdmitOptions {
  readonly calendar: Calendar;
  readonly nowMs: number;
  /** The store's own unless given. */
  readonly timeoutMs: number | undefined;
  readonly leaseTtlMs: number;
  /** The request has waited, and was granted a place. */
  readonly isGranted: boolean;
}

const script = loadScript(new URL('./admit.lua', import.meta.url));
const statusLimited = 0;
const statusOtherPeriods = 2;
const statusSettled = 3;

/**
 * Decides in Redis, in one round trip and by Redis's clock. Rejects with StoreUnavailableError, after `timeoutMs` at
 * the latest, and with RangeError for an impossible limit.
 */
export async function admitInStore(
  store: Store,
  request: AdmissionRequest,
  options: AdmitOptions,
): Promise<StoreDecision> {
  assertLimits(request.limits);
  const { timeoutMs } = options;
  let { nowMs } = options;
  // A second call is for a clock that is a period away from Redis's, a third for a period that ends between two calls.
  for (let calls = 1; calls <= 3; calls += 1) {
    const call = callFor(store.redisKeys, request, { ...options, nowMs });
    const reply = await store.run(script, call.keys, call.args, { timeoutMs });
    if (!Array.isArray(reply)) throw new TypeError('The admission script returned no list.');
    const numbers = reply.map(Number);
    const [status, redisNowMs = Number.NaN] = numbers;
    if (status === statusSettled) throw new RangeError(`The request ${request.requestId} was admitted before.`);
    if (status !== statusOtherPeriods) return toDecision(request.limits, call, numbers);
    nowMs = redisNowMs;
  }
  throw new RangeError("Redis's time is in no period.");
}

interface Call {
  readonly keys: string[];
  readonly args: (string | number)[];
  /** Of each limit. */
  readonly counters: Counter[];
}

/** A redis key; of a budget those of two periods. */
type Counter = string | { readonly keys: readonly [string, string]; readonly periods: Periods };

/** KEYS and ARGV of admit.lua. */
function callFor(redisKeys: RedisKeys, request: AdmissionRequest, options: AdmitOptions): Call {
  const { tenant, requestId, limits, output, handOver, record } = request;
  const maxTokens = output?.maxTokens ?? -1;
  const leavesNothing = handOver === undefined ? 0 : 1;
  const call: Call = {
    keys: [redisKeys.reservation(tenant, requestId), redisKeys.reservations(tenant)],
    args: [requestId, Math.ceil(options.leaseTtlMs), reservationKeptMs, record, maxTokens, leavesNothing],
    counters: [],
  };
  for (const limit of limits) addLimit(call, limit, redisKeys, tenant, options);
  if (output !== undefined) call.keys.push(redisKeys.outputEstimate(tenant, output.model));
  return call;
}

function addLimit(
  { keys, args, counters }: Call,
  limit: Limit,
  redisKeys: RedisKeys,
  tenant: string,
  { calendar, nowMs, isGranted }: AdmitOptions,
): void {
  const { name, subject } = limit;
  const enforced = limit.mode === 'enforce' ? 1 : 0;
  switch (limit.kind) {
    case 'rate': {
      const redisKey = redisKeys.rateLimit(tenant, name, subject);
      keys.push(redisKey);
      counters.push(redisKey);
      args.push('rate', enforced, refillMs(limit, limit.capacity), refillMs(limit, limit.cost));
      args.push(refillMs(limit, limit.costPerOutputToken));
      return;
    }
    case 'concurrency': {
      const redisKey = redisKeys.leases(tenant, leaseSubjectOf(limit));
      keys.push(redisKey, redisKeys.waitedFor(tenant));
      counters.push(redisKey);
      args.push('cap', enforced, limit.maxRunning, isWaitedFor(limit) ? 1 : 0, isGranted ? 1 : 0);
      return;
    }
    case 'budget': {
      const periods = calendar.periodsAt(nowMs, limit.per, limit.timeZone);
      const [first, second] = periods.names;
      const both = [
        redisKeys.budget(tenant, first, name, subject),
        redisKeys.budget(tenant, second, name, subject),
      ] as const;
      keys.push(...both);
      counters.push({ keys: both, periods });
      args.push('budget', enforced, limit.amountMicroDollars, limit.costMicroDollars, limit.microDollarsPerOutputToken);
      args.push(...periods.bounds);
      return;
    }
    default:
      assertNever(limit);
  }
}

/** What stands before the levels in the reply. */
const numbersBefore = 3;

function toDecision(limits: readonly Limit[], { counters }: Call, numbers: readonly number[]): StoreDecision {
  const [status, redisNowMs = 0, estimatedOutput = 0] = numbers;
  const states: LimitState[] = [];
  const shadowed: Refused[] = [];
  const charged: (string | undefined)[] = [];
  let refused: Refused | undefined;
  for (const [at, limit] of limits.entries()) {
    const counter = counters[at] ?? '';
    const level = numbers[numbersBefore + 2 * at] ?? 0;
    const refusesMs = numbers[numbersBefore + 2 * at + 1] ?? 0;
    const isNext = typeof counter !== 'string' && redisNowMs >= counter.periods.bounds[1];
    const state = toState(limit, level, counter, isNext);
    states.push(state);
    if (refusesMs < 0) {
      charged.push(typeof counter === 'string' ? counter : counter.keys[isNext ? 1 : 0]);
      continue;
    }
    charged.push(undefined);
    const retryAfterMs = limit.kind === 'concurrency' ? concurrencyRetryMs : Math.ceil(refusesMs);
    const refusal = { limit, retryAfterMs, state };
    if (limit.mode === 'shadow') shadowed.push(refusal);
    else if (refused === undefined || isLonger(refusal, refused)) refused = refusal;
  }
  if (status !== statusLimited) return { kind: 'admitted', states, shadowed, charged, estimatedOutput };
  if (refused === undefined) throw new TypeError('The admission script named no limit.');
  return { kind: 'limited', refused, states, shadowed };
}

/** A cap may allow the request at any moment, so any other limit takes longer. Of caps the one counts that lets wait the least. */
function isLonger({ limit: one, retryAfterMs }: Refused, { limit: other, ...than }: Refused): boolean {
  if (one.kind !== 'concurrency') return other.kind === 'concurrency' || retryAfterMs > than.retryAfterMs;
  return other.kind === 'concurrency' && (one.maxWaitMs ?? 0) < (other.maxWaitMs ?? 0);
}

function toState(limit: Limit, level: number, counter: Counter, isNext: boolean): LimitState {
  switch (limit.kind) {
    case 'rate': {
      // The same microsecond as in the script, so that an exact number of units is not rounded down to one less.
      const left = Math.floor(limit.capacity - ((level - 0.001) * limit.refillPerSecond) / 1000);
      return { limit, remaining: Math.min(limit.capacity, Math.max(0, left)), fullInMs: Math.ceil(level) };
    }
    case 'concurrency':
      return { limit, remaining: Math.max(0, limit.maxRunning - level) };
    case 'budget': {
      if (typeof counter === 'string') throw new TypeError('A budget is counted in periods.');
      const [first, second, end] = counter.periods.bounds;
      const bounds = isNext ? { startsAtMs: second, resetsAtMs: end } : { startsAtMs: first, resetsAtMs: second };
      return { limit, usedMicroDollars: level, ...bounds };
    }
    default:
      return assertNever(limit);
  }
}
