/** Whose use a limit counts: that of the tenant, or of each of its groups, users, API keys, sessions or models. */
export const limitLevels = ['tenant', 'group', 'user', 'api-key', 'session', 'model'] as const;
export type LimitLevel = (typeof limitLevels)[number];

/** What is counted per minute. `count_requests` are those that only count tokens. */
export const rateKinds = ['requests', 'count_requests', 'input_tokens', 'output_tokens'] as const;
export type RateKind = (typeof rateKinds)[number];

/** Calendar periods in the tenant's time zone. Weeks begin on Monday. */
export const budgetPeriods = ['day', 'week', 'month'] as const;
export type BudgetPeriod = (typeof budgetPeriods)[number];

/**
 * What a limit takes before the answer is known: nothing, an estimate, or for output all that the request allows. The rest
 * is settled when it is known.
 */
const reservations = ['none', 'estimate', 'max_tokens'] as const;
export type Reservation = (typeof reservations)[number];

/** Whether a limit refuses, or only counts what it would have refused. */
export const limitModes = ['enforce', 'shadow'] as const;
export type LimitMode = (typeof limitModes)[number];

/** What a limit does while Redis is away: the replica counts by itself, lets everything in, or refuses. */
const storeErrorAnswers = ['local', 'open', 'closed'] as const;
export type OnStoreError = (typeof storeErrorAnswers)[number];

/** What a limit counts: requests that somebody waits for, or the items of message batches. */
export const limitTraffics = ['interactive', 'batches'] as const;
export type LimitTraffic = (typeof limitTraffics)[number];

interface RuleFrame {
  /** Tells it from the other limits of the tenant. Left out, it is named by its level and its kind. */
  readonly name?: string | undefined;
  readonly level: LimitLevel;
  /** It refuses unless given. */
  readonly mode?: LimitMode | undefined;
  /** `local` unless given; `closed` of a budget. */
  readonly onStoreError?: OnStoreError | undefined;
}

/** How much of something may be used per minute. */
export interface RateRule extends RuleFrame {
  readonly kind: RateKind;
  /** A whole number above 0. */
  readonly amount: number;
  readonly per: 'minute';
  /** Both unless given, each counted by itself: batches leave all of the amount to everybody else. */
  readonly traffic?: LimitTraffic | undefined;
  /** Of tokens alone; an estimate unless given. */
  readonly reserve?: Reservation | undefined;
}

/** How many requests may run at the same time. */
export interface ConcurrencyRule extends RuleFrame {
  readonly kind: 'concurrency';
  /** A whole number above 0. */
  readonly amount: number;
  /** How long a request waits for another one to end; 0 refuses at once. */
  readonly maxWaitSeconds?: number | undefined;
  /** How many requests of the tenant may wait. */
  readonly maxWaiting?: number | undefined;
}

/** How much money may be spent in a day, a week or a month. */
export interface BudgetRule extends RuleFrame {
  readonly kind: 'budget';
  /** Dollars, with at most six decimals. */
  readonly amount: number;
  readonly per: BudgetPeriod;
}

/** One limit of a tenant, as it is configured. */
export type LimitRule = RateRule | ConcurrencyRule | BudgetRule;

export const limitKinds = [...rateKinds, 'concurrency', 'budget'] as const satisfies readonly LimitRule['kind'][];

/** What a kind of limit may reserve; what may reserve nothing is counted when a request begins. */
export function reservationsOf(kind: LimitRule['kind']): readonly Reservation[] {
  if (kind === 'output_tokens') return reservations;
  return kind === 'input_tokens' ? ['none', 'estimate'] : [];
}

/** What a kind of limit may do while Redis is away. A replica alone cannot know what a budget has left. */
export function storeErrorAnswersOf(kind: LimitRule['kind']): readonly OnStoreError[] {
  return kind === 'budget' ? ['open', 'closed'] : storeErrorAnswers;
}

/** What a limit does while Redis is away, also where it is left out. A budget is `closed` after a time of grace alone. */
export function onStoreErrorOf({ kind, onStoreError }: Pick<LimitRule, 'kind' | 'onStoreError'>): OnStoreError {
  return onStoreError ?? (kind === 'budget' ? 'closed' : 'local');
}

/** How long, and with how many others, a request waits for a limit on running requests, also where it is left out. */
export function waitingOf({
  maxWaitSeconds = 30,
  maxWaiting = 100,
}: Pick<ConcurrencyRule, 'maxWaitSeconds' | 'maxWaiting'>) {
  return { maxWaitSeconds, maxWaiting };
}

/** Every request asks for all limits of its tenant, so their number needs a bound. */
export const limitRulesMax = 20;
export const limitAmountMax = 999_999_999;
export const budgetAmountMax = 10_000_000;
export const maxWaitSecondsMax = 600;
export const maxWaitingMax = 10_000;
export const limitNameShape = /^[a-z0-9][a-z0-9_-]{0,62}$/u;

const microDollarsPerDollar = 1_000_000;

/** Dollars as a whole number of millionths, which is how money is counted. */
export function toMicroDollars(dollars: number): number {
  return Math.round(dollars * microDollarsPerDollar);
}

/** Whether a budget can have this amount: nothing of it is lost in millionths of a dollar. */
export function isBudgetAmount(dollars: number): boolean {
  const microDollars = toMicroDollars(dollars);
  return microDollars >= 1 && dollars <= budgetAmountMax && microDollars / microDollarsPerDollar === dollars;
}

/** The name of a limit, its own or that of its level, its traffic, its kind and a budget's period. Its counters are stored under it. */
export function nameOfLimit({ name, level, kind, per, traffic }: NameParts): string {
  if (name !== undefined) return name;
  const counted = traffic === undefined ? kind : `${traffic}-${kind}`;
  const what = kind === 'budget' ? `${kind}-${per}` : counted;
  return level === 'tenant' ? what : `${level}-${what}`;
}

interface NameParts {
  readonly name?: string | undefined;
  readonly level: string;
  readonly kind: string;
  readonly per?: string | undefined;
  readonly traffic?: string | undefined;
}
