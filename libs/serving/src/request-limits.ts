import type { BudgetLimit, Limit } from '@ccg/admission';
import { expectedCost } from '@ccg/catalog';
import type { CacheWrites, Route, Target } from '@ccg/catalog';
import { assertNever, nameOfLimit, onStoreErrorOf, toMicroDollars, waitingOf } from '@ccg/kernel';
import type { BudgetRule, LimitRule, LimitTraffic, RateRule, Reservation } from '@ccg/kernel';
import type { TenantPrincipal } from '@ccg/tenancy';
import type { Digest } from './estimate-prompt.ts';
import { subjectOf } from './limit-subjects.ts';
import type { Caller } from './limit-subjects.ts';

/** What is asked for: an answer of a model, or a count of tokens. */
export type LimitedWork = {
  /** In the order in which they are asked. */
  readonly targets: Route['targets'];
  /** The model as the client named it. */
  readonly requestedModel: string;
} & (
  | {
      readonly kind: 'message';
      readonly traffic: LimitTraffic;
      readonly stream: boolean;
      readonly bodyBytes: number;
      readonly maxTokens: number | undefined;
      /** What the client marks for a cache. */
      readonly marks: CacheWrites;
      /** How much of the prompt a cache of a target has, as a fraction. Unset: nobody knows. */
      cachedShareOf?(this: void, target: Target): number;
    }
  | { readonly kind: 'count' }
);

/** A limit of one request, and the rule that it comes from. */
export interface RequestLimit {
  readonly rule: LimitRule;
  readonly limit: Limit;
}

const none: readonly RequestLimit[] = [];

/** The limits that this request counts for, in one pass: it is on the way of every request. */
export function limitsOfRequest(caller: Caller, work: LimitedWork, digest: Digest): readonly RequestLimit[] {
  const { limits, timeZone } = caller.principal.authorization;
  if (limits.length === 0) return none;
  const known: RequestLimit[] = [];
  for (const rule of limits) {
    if ((rule.kind === 'count_requests') !== (work.kind === 'count') || !counts(rule, work)) continue;
    const subject = subjectOf(rule.level, caller, work.targets[0], digest);
    if (subject === undefined) continue;
    const limit = toLimit(rule, subject, work, timeZone);
    if (limit !== undefined) known.push({ rule, limit });
  }
  return known;
}

/** A count of tokens is never one of a batch. */
export function trafficOf(work: LimitedWork): LimitTraffic {
  return work.kind === 'count' ? 'interactive' : work.traffic;
}

function counts(rule: LimitRule, work: LimitedWork): boolean {
  if (rule.kind === 'budget' || rule.kind === 'concurrency' || rule.traffic === undefined) return true;
  return rule.traffic === trafficOf(work);
}

/** A limit on money. */
export interface RequestBudget {
  readonly rule: BudgetRule;
  readonly limit: BudgetLimit;
}

/** The budgets that a caller spends from, whatever the model. They ask for nothing: they are for reading alone. */
export function budgetsOfCaller(caller: Caller, digest: Digest): readonly RequestBudget[] {
  const { limits, timeZone } = caller.principal.authorization;
  return limits.flatMap((rule) => {
    if (rule.kind !== 'budget' || rule.mode === 'shadow') return [];
    const subject = subjectOf(rule.level, caller, undefined, digest);
    return subject === undefined ? [] : [{ rule, limit: toBudget(rule, subject, timeZone, 0, 0) }];
  });
}

function frameOf(rule: LimitRule, subject: string) {
  return {
    name: nameOfLimit(rule),
    subject,
    mode: rule.mode ?? 'enforce',
    onStoreError: onStoreErrorOf(rule),
  } as const;
}

function toLimit(rule: LimitRule, subject: string, work: LimitedWork, timeZone: string): Limit | undefined {
  switch (rule.kind) {
    case 'requests':
    case 'count_requests':
      return toRate(rule, subject, work, [1, 0]);
    case 'input_tokens':
      return toRate(rule, subject, work, [rule.reserve === 'none' ? 0 : estimatedInput(work), 0]);
    case 'output_tokens':
      return toRate(rule, subject, work, reservedOutput(rule.reserve, work));
    case 'concurrency': {
      const { maxWaitSeconds, maxWaiting } = waitingOf(rule);
      const waits = { maxWaitMs: maxWaitSeconds * 1000, maxWaiting };
      const maxRunning = trafficOf(work) === 'batches' ? placesOfBatches(rule.amount) : rule.amount;
      return { ...frameOf(rule, subject), kind: 'concurrency', maxRunning, ...waits };
    }
    case 'budget': {
      const { inputMicroDollars, microDollarsPerOutputToken } = dearest(work);
      // What is free can be used when the money is spent.
      if (inputMicroDollars === 0 && microDollarsPerOutputToken === 0) return undefined;
      return toBudget(rule, subject, timeZone, inputMicroDollars, microDollarsPerOutputToken);
    }
    default:
      return assertNever(rule);
  }
}

/** What a request takes out of a bucket, and whether the estimate of its output is added, which admission knows. */
type Taken = readonly [cost: number, perOutputToken: 0 | 1];

function toRate(rule: RateRule, subject: string, work: LimitedWork, [cost, costPerOutputToken]: Taken): Limit {
  const { amount } = rule;
  const bucket = { capacity: amount, refillPerSecond: amount / 60, cost, costPerOutputToken };
  const frame = frameOf(rule, subject);
  // No rule can have a dot in its name, so batches have buckets of their own.
  const name = trafficOf(work) === 'batches' ? `${frame.name}.batches` : frame.name;
  return { ...frame, name, kind: 'rate', ...bucket };
}

const shareOfBatches = 0.8;

/**
 * An item of a batch runs only while fewer requests than this run, whoever sent them: so batches never take the last fifth
 * of the places, and wait while others need them. The only place of a cap of 1 they take while nobody runs or waits.
 */
function placesOfBatches(amount: number): number {
  return Math.max(1, Math.floor(amount * shareOfBatches));
}

function toBudget(
  rule: BudgetRule,
  subject: string,
  timeZone: string,
  costMicroDollars: number,
  microDollarsPerOutputToken: number,
): BudgetLimit {
  return {
    ...frameOf(rule, subject),
    kind: 'budget',
    per: rule.per,
    timeZone,
    amountMicroDollars: toMicroDollars(rule.amount),
    costMicroDollars,
    microDollarsPerOutputToken,
  };
}

const bytesPerToken = 4;
/** Of a model whose window is not known. */
const usualWindowTokens = 200_000;
/** Of a request that does not say how long its answer may be. */
const usualMaxTokens = 4096;
/** Counters stay whole numbers whatever a client writes. */
const largestMaxTokens = 1_000_000_000;

/**
 * The prompt by the size of its body, which is known before anything in it is read: a request that a limit refuses costs
 * no more. An image is larger than what it counts for, so no prompt is taken for larger than the window of its model.
 */
export function estimatedInput(work: LimitedWork): number {
  if (work.kind === 'count') return 0;
  const windowTokens = work.targets[0].limits.contextTokens ?? usualWindowTokens;
  return Math.min(Math.ceil(work.bodyBytes / bytesPerToken), windowTokens);
}

/** The longest answer that a request allows. */
export function maxOutput(work: LimitedWork): number {
  return work.kind === 'count' ? 0 : Math.min(work.maxTokens ?? usualMaxTokens, largestMaxTokens);
}

/** What a limit takes before the answer. */
function reservedOutput(reserve: Reservation = 'estimate', work: LimitedWork): Taken {
  switch (reserve) {
    case 'none':
      return [0, 0];
    case 'estimate':
      return [0, 1];
    case 'max_tokens':
      return [maxOutput(work), 0];
    default:
      return assertNever(reserve);
  }
}

/**
 * What a body marks for a cache, for callers with a budget alone. Its bytes are searched, not parsed, so that a refusal
 * stays cheap: a text with these words reserves more, a mark written with JSON escapes less. Both pay what they cost.
 */
export function marksOf(principal: TenantPrincipal, body: Uint8Array): CacheWrites {
  if (!hasBudget(principal)) return 'none';
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!bytes.includes('cache_control')) return 'none';
  return bytes.includes('"1h"') ? '1h' : '5m';
}

/** Whether anybody asks what the requests of a principal cost. */
export function hasBudget({ authorization }: TenantPrincipal): boolean {
  return authorization.limits.some(({ kind }) => kind === 'budget');
}

/** What a cache may keep of the prompt at a target. Only Anthropic's dialect reports writes for an hour. */
function writesAt({ endpoint }: Target, work: LimitedWork): CacheWrites {
  const { cacheWrites } = endpoint.form;
  switch (cacheWrites) {
    case 'marked':
      return work.kind === 'count' ? 'none' : work.marks;
    case 'automatic':
      return '5m';
    case 'unreported':
      return 'none';
    default:
      return assertNever(cacheWrites);
  }
}

/** Where a cache has only what is marked, it has nothing of a prompt without marks. */
function cachedShareAt(target: Target, work: LimitedWork): number {
  if (work.kind === 'count' || work.cachedShareOf === undefined) return 0;
  const hasMarks = work.marks !== 'none' || target.endpoint.form.cacheWrites !== 'marked';
  return hasMarks ? work.cachedShareOf(target) : 0;
}

/** What the request costs where it is dearest: any of its targets may answer. */
function dearest(work: LimitedWork) {
  const promptTokens = estimatedInput(work);
  let [inputMicroDollars, microDollarsPerOutputToken] = [0, 0];
  for (const target of work.targets) {
    const cost = expectedCost(promptTokens, target.price, writesAt(target, work), cachedShareAt(target, work));
    inputMicroDollars = Math.max(inputMicroDollars, cost.inputMicroDollars);
    microDollarsPerOutputToken = Math.max(microDollarsPerOutputToken, cost.microDollarsPerOutputToken);
  }
  return { inputMicroDollars, microDollarsPerOutputToken };
}
