/**
 * A token bucket: it holds `capacity`, refills continuously, and this request takes `cost` out of it. A cost above
 * the capacity needs a full bucket and leaves a debt.
 */
export interface RateLimit {
  readonly kind: 'rate';
  /** What is counted, such as `requests`; no colon. One subject has at most one rate limit of a name. */
  readonly name: string;
  /** Whose bucket it is, unique within the tenant; `wholeTenant` is the tenant itself. */
  readonly subject: string;
  /** Above 0. */
  readonly capacity: number;
  /** Above 0. */
  readonly refillPerSecond: number;
  /** 0 or more. A cost of 0 takes nothing, and only a debt refuses it. */
  readonly cost: number;
}

/** How many requests of a subject may run at the same time. One subject has at most one. */
export interface ConcurrencyLimit {
  readonly kind: 'concurrency';
  readonly subject: string;
  /** A whole number above 0. */
  readonly maxRunning: number;
}

/** A limit as data: admission knows how each kind is counted, never which limits exist. */
export type Limit = RateLimit | ConcurrencyLimit;

/** The subject that stands for the tenant itself. */
export const wholeTenant = 'tenant';

export interface AdmissionRequest {
  readonly tenant: string;
  /** Unique among the tenant's running requests; it names their leases. */
  readonly requestId: string;
  /** A request is admitted if all of them allow it. Without any it is admitted, and Redis is not asked. */
  readonly limits: readonly Limit[];
}

/** A limit and what this admission left of it. */
export type LimitState =
  | {
      readonly limit: RateLimit;
      /** Whole units; 0 if the bucket is in debt. */
      readonly remaining: number;
      readonly fullInMs: number;
    }
  | { readonly limit: ConcurrencyLimit; readonly remaining: number };

/** Refund at settlement; a negative amount charges more. */
export interface Refund {
  readonly limit: RateLimit;
  readonly amount: number;
}

/** `limited` names the limit that takes longest to allow the request, and the milliseconds until it does. */
export type Decision =
  | {
      readonly kind: 'admitted';
      readonly by: 'no-limit' | 'store' | 'local-fallback';
      readonly limits: readonly LimitState[];
      /**
       * Ends the lease and applies the refunds. Call it once, when the request has ended; later calls do nothing.
       * Never rejects. Nothing is refunded to a request that the local fallback admitted.
       */
      settle(this: void, refunds: readonly Refund[]): Promise<void>;
    }
  | Limited;

export interface Limited {
  readonly kind: 'limited';
  readonly limit: Limit;
  readonly retryAfterMs: number;
}

/** Nobody knows when a running request ends, so a caller above its concurrency limit tries again after a second. */
export const concurrencyRetryMs = 1000;

/** Milliseconds until `amount` has flowed into a bucket. Levels are stored as time: see admit.lua. */
export function refillMs(limit: RateLimit, amount: number): number {
  return (amount / limit.refillPerSecond) * 1000;
}

/** Throws RangeError for limits that no script can apply; the configuration is wrong. */
export function assertLimits(limits: readonly Limit[]): void {
  const counters = limits.map((limit) => {
    assertNumbers(limit);
    return limit.kind === 'rate' ? `rate:${limit.name}:${limit.subject}` : `concurrency:${limit.subject}`;
  });
  if (new Set(counters).size !== counters.length) throw new RangeError('Two limits share one counter.');
}

function assertNumbers(limit: Limit): void {
  if (limit.kind === 'concurrency') {
    if (Number.isSafeInteger(limit.maxRunning) && limit.maxRunning > 0) return;
    throw new RangeError(`The concurrency limit of "${limit.subject}" must be a whole number above 0.`);
  }
  const positive = [limit.capacity, limit.refillPerSecond].every((value) => Number.isFinite(value) && value > 0);
  if (!positive) throw new RangeError(`The rate limit "${limit.name}" needs a capacity and a refill above 0.`);
  if (limit.name.includes(':')) throw new RangeError(`The name of the rate limit "${limit.name}" contains a colon.`);
}
