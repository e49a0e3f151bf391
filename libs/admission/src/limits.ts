import { assertNever } from '@ccg/kernel';
import type { SettlementCall } from './settle.ts';

/** What happens to a limit while Redis is away: this replica admits its share of it, everything, or nothing. */
export type OnStoreError = 'local' | 'open' | 'closed';

interface LimitFrame {
  /** What is counted, such as `requests`; no colon. One subject has at most one rate and one budget of a name. */
  readonly name: string;
  /** Whose use is counted, unique within the tenant; `wholeTenant` is the tenant itself. */
  readonly subject: string;
  /** A shadow limit is counted as the others are and refuses nobody: the decision says whom it would have refused. */
  readonly mode: 'enforce' | 'shadow';
  readonly onStoreError: OnStoreError;
}

/**
 * A token bucket: it holds `capacity` and refills continuously. This request reserves `cost` and, where
 * `costPerOutputToken` is 1, the estimate of its output. A reservation above the capacity needs a full bucket and leaves a debt.
 */
export interface RateLimit extends LimitFrame {
  readonly kind: 'rate';
  /** Above 0. */
  readonly capacity: number;
  /** Above 0. */
  readonly refillPerSecond: number;
  /** 0 or more. A cost of 0 takes nothing, and only a debt refuses it. */
  readonly cost: number;
  readonly costPerOutputToken: 0 | 1;
}

/** How many requests of a subject may run at the same time. One subject has at most one that is enforced. */
export interface ConcurrencyLimit extends LimitFrame {
  readonly kind: 'concurrency';
  /** A whole number above 0. */
  readonly maxRunning: number;
  /** Milliseconds for which a request waits for another one to end; it is refused at once unless this is above 0. */
  readonly maxWaitMs?: number | undefined;
  /** How many requests of the tenant may wait before this limit refuses at once. */
  readonly maxWaiting?: number | undefined;
}

/** The periods of budgets: calendar periods, weeks from Monday. */
export type BudgetPeriod = 'day' | 'week' | 'month';

/** How much money may be spent per period. A request that costs more than what is left is refused, however early it comes. */
export interface BudgetLimit extends LimitFrame {
  readonly kind: 'budget';
  readonly per: BudgetPeriod;
  /** IANA name of the time zone whose days these are. */
  readonly timeZone: string;
  /** A whole number above 0. */
  readonly amountMicroDollars: number;
  /** What the request costs without its output; 0 or more, rounded up. */
  readonly costMicroDollars: number;
  /** The price of each token of the estimated output; it may be a fraction. */
  readonly microDollarsPerOutputToken: number;
}

/** A limit as data: admission knows how each kind is counted, never which limits exist. */
export type Limit = RateLimit | ConcurrencyLimit | BudgetLimit;

/** The subject that stands for the tenant itself. */
export const wholeTenant = 'tenant';

export interface AdmissionRequest {
  readonly tenant: string;
  /** Unique within the tenant; it names the request's reservation and leases. */
  readonly requestId: string;
  /** A request is admitted if all enforced limits allow it. Without any it is admitted before Redis has answered. */
  readonly limits: readonly Limit[];
  /** What the output is estimated from; undefined for a request that has none. */
  readonly output: OutputBound | undefined;
  /** The usage record as known now. It is what remains of a request whose process dies before its first renewal. */
  readonly record: string;
  /** Unset, no limit keeps the request waiting. */
  readonly waiting?: Waiting | undefined;
  /**
   * Gets the settlement when the request is settled, before that function returns and in the place of Redis: for whoever makes it a part of another script.
   * Until then nothing is charged: a request whose process dies leaves nothing, so that it may be made again.
   */
  readonly handOver?: ((ended: HandedOver) => void) | undefined;
}

/** What was reserved is either settled, by a script that is guarded so that it settles a request once, or released. */
export interface HandedOver {
  /** Settles what was used. To be asked for at each try to make it. */
  settlement(this: void): SettlementCall;
  /** To be called when the settlement was made, with what its script has returned; undefined where nobody knows. */
  settled(this: void, reply: number | undefined): void;
  /** Gives back all that was reserved, in the background. Does nothing once it was settled or released. Never rejects. */
  release(this: void): Promise<void>;
}

/** How a request waits for others to end. */
export interface Waiting {
  /** Who takes turns with the others that wait: a user, or the API key of a service. */
  readonly caller: string;
  /** How many turns the caller gets where others get one; above 0. */
  readonly weight: number;
  /** Bytes of memory that the request takes meanwhile. */
  readonly bytes: number;
  /** When it aborts, the request gives up its place at once, and `admit` rejects with its reason. */
  readonly signal: AbortSignal;
  /** Called when the request begins to wait. */
  began?(this: void): void;
  /**
   * Reads the limits that hold now: when the turn of the request has come, when something of its tenant has changed, and now
   * and then. Rejects where the request may not run any more, and so does `admit`. Unset, those hold that it came with.
   */
  limitsNow?(this: void): Promise<readonly Limit[]>;
}

/** Why a request that would have waited is refused: too many wait already, or it has waited for as long as it may. */
export type WaitEnd = 'full' | 'over';

export interface OutputBound {
  /** Names the model among the tenant's samples of output; no colon. */
  readonly model: string;
  /** The most that the request allows; 0 or more. */
  readonly maxTokens: number;
}

/** A limit and what is left of it: after an admission with its reservation, after a refusal without. */
export type LimitState =
  | {
      readonly limit: RateLimit;
      /** Whole units; 0 if the bucket is in debt. */
      readonly remaining: number;
      readonly fullInMs: number;
    }
  | { readonly limit: ConcurrencyLimit; readonly remaining: number }
  | {
      readonly limit: BudgetLimit;
      /** Reservations included. */
      readonly usedMicroDollars: number;
      /** The period, in milliseconds since the epoch. */
      readonly startsAtMs: number;
      readonly resetsAtMs: number;
    };

/** A limit that refuses, and the milliseconds until it allows the request. */
export interface Refused {
  readonly limit: Limit;
  readonly retryAfterMs: number;
  readonly state: LimitState;
}

export type Decision =
  | {
      readonly kind: 'admitted';
      readonly by: 'no-limit' | 'store' | 'local';
      readonly states: readonly LimitState[];
      /** Shadow limits that would have refused. */
      readonly shadowed: readonly Refused[];
      /** Tokens of output that were reserved for the request where a limit reserves by estimate; unset where no limit was asked. */
      readonly estimatedOutput?: number | undefined;
      readonly reservation: Reservation;
    }
  | {
      readonly kind: 'limited';
      /** Of the limits that refuse the one that takes longest to allow the request. */
      readonly refused: Refused;
      readonly states: readonly LimitState[];
      readonly shadowed: readonly Refused[];
      /** Unset where nothing is waited for. */
      readonly wait?: WaitEnd | undefined;
    }
  /** A closed limit cannot be read, because Redis is away. */
  | { readonly kind: 'unreadable'; readonly limit: Limit };

/** What an admitted request holds until it is settled. */
export interface Reservation {
  /** Has each renewal store what was used so far: it is what is charged if this process dies. */
  watch(this: void, read: () => Used): void;
  /** Replaces what was reserved by what was used. Call it once, at the end; later calls do nothing. Never rejects. */
  settle(this: void, used: FinalUse): Promise<void>;
}

/** What a request has used. */
export interface Used {
  /** Totals: tokens of a rate, micro-dollars of a budget. A limit that is not named keeps what it reserved. */
  readonly amounts: ReadonlyMap<Limit, number>;
  /** The usage record, whole. */
  readonly record: string;
}

export interface FinalUse extends Used {
  /** Output tokens from which later estimates learn; unset where the answer was cut short. */
  readonly outputSample?: number | undefined;
}

/** Nobody knows when a running request ends, so a caller above its concurrency limit tries again after a second. */
export const concurrencyRetryMs = 1000;

/** Milliseconds until `amount` has flowed into a bucket. Levels are stored as time: see admit.lua. */
export function refillMs(limit: RateLimit, amount: number): number {
  return (amount / limit.refillPerSecond) * 1000;
}

/** Whose leases a cap counts. A shadow has leases of its own, of the requests that it would have let in. */
export function leaseSubjectOf({ subject, mode, name }: ConcurrencyLimit): string {
  return mode === 'enforce' ? subject : `shadow:${name}:${subject}`;
}

/** Whether requests wait for a place that a cap has not now. */
export function isWaitedFor({ mode, maxWaitMs = 0, maxWaiting = 0 }: ConcurrencyLimit): boolean {
  return mode === 'enforce' && maxWaitMs > 0 && maxWaiting > 0;
}

/** Throws RangeError for limits that no script can apply; the configuration is wrong. */
export function assertLimits(limits: readonly Limit[]): void {
  for (let at = 0; at < limits.length; at += 1) {
    const limit = limits[at];
    if (limit === undefined) continue;
    const fault = faultOf(limit);
    if (fault !== undefined) throw new RangeError(`The limit "${limit.name}" of "${limit.subject}" ${fault}.`);
    for (let other = 0; other < at; other += 1) {
      if (shareCounter(limit, limits[other])) throw new RangeError('Two limits share one counter.');
    }
  }
}

function shareCounter(limit: Limit, other: Limit | undefined): boolean {
  if (limit.kind !== other?.kind || limit.subject !== other.subject) return false;
  const isEnforced = limit.mode === 'enforce' && other.mode === 'enforce';
  return limit.name === other.name || (limit.kind === 'concurrency' && isEnforced);
}

function faultOf(limit: Limit): string | undefined {
  if (limit.name.includes(':')) return 'has a colon in its name';
  switch (limit.kind) {
    case 'rate': {
      const { capacity, refillPerSecond, cost } = limit;
      if (!isAbove0(capacity) || !isAbove0(refillPerSecond)) return 'needs a capacity and a refill above 0';
      return isFrom0(cost) ? undefined : 'needs a cost of 0 or more';
    }
    case 'concurrency':
      return isWholeAbove0(limit.maxRunning) ? undefined : 'must be a whole number above 0';
    case 'budget': {
      if (!isWholeAbove0(limit.amountMicroDollars)) return 'must be a whole number of micro-dollars above 0';
      const isPriced = isFrom0(limit.costMicroDollars) && isFrom0(limit.microDollarsPerOutputToken);
      return isPriced ? undefined : 'needs costs of 0 or more';
    }
    default:
      return assertNever(limit);
  }
}

const isAbove0 = (value: number): boolean => Number.isFinite(value) && value > 0;
const isFrom0 = (value: number): boolean => Number.isFinite(value) && value >= 0;
const isWholeAbove0 = (value: number): boolean => Number.isSafeInteger(value) && value > 0;

/** Until there are samples of a model; admit.lua has it too. */
const usualOutputTokens = 4096;

/** The tokens of output that a request is taken to have where there are no samples. */
export function estimatedOutput({ output }: Pick<AdmissionRequest, 'output'>): number {
  return output === undefined ? 0 : Math.min(output.maxTokens, usualOutputTokens);
}

/** What a request takes out of a bucket when it is admitted. */
export function reservedBy(limit: RateLimit, outputTokens: number): number {
  return limit.cost + limit.costPerOutputToken * outputTokens;
}
