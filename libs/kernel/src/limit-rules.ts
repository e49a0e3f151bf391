/** Whose use a limit counts: that of the tenant, or of each of its users, API keys or models. */
export const limitLevels = ['tenant', 'user', 'api-key', 'model'] as const;
export type LimitLevel = (typeof limitLevels)[number];

/** What is counted per minute. `count_requests` are those that only count tokens. */
export const rateKinds = ['requests', 'count_requests', 'input_tokens', 'output_tokens'] as const;
export type RateKind = (typeof rateKinds)[number];

/**
 * What a limit takes before the answer is known: nothing, an estimate, or for output all that the request allows. The rest
 * is settled when it is known.
 */
const reservations = ['none', 'estimate', 'max_tokens'] as const;
export type Reservation = (typeof reservations)[number];

/** What a kind of limit may reserve; what may reserve nothing is counted when a request begins. */
export function reservationsOf(kind: LimitRule['kind']): readonly Reservation[] {
  if (kind === 'output_tokens') return reservations;
  return kind === 'input_tokens' ? ['none', 'estimate'] : [];
}

/** How much of something may be used per minute. */
export interface RateRule {
  /** Tells it from the other limits of the tenant. Left out, it is named by its level and its kind. */
  readonly name?: string | undefined;
  readonly level: LimitLevel;
  readonly kind: RateKind;
  /** A whole number above 0. */
  readonly amount: number;
  readonly per: 'minute';
  /** Of tokens alone; an estimate unless given. */
  readonly reserve?: Reservation | undefined;
}

/** How many requests may run at the same time. */
export interface ConcurrencyRule {
  readonly name?: string | undefined;
  readonly level: LimitLevel;
  readonly kind: 'concurrency';
  /** A whole number above 0. */
  readonly amount: number;
}

/** One limit of a tenant, as it is configured. */
export type LimitRule = RateRule | ConcurrencyRule;

export const limitKinds = [...rateKinds, 'concurrency'] as const satisfies readonly LimitRule['kind'][];

/** Every request asks for all limits of its tenant, so their number needs a bound. */
export const limitRulesMax = 20;
export const limitAmountMax = 999_999_999;
export const limitNameShape = /^[a-z0-9][a-z0-9_-]{0,62}$/u;

/** The name of a limit, its own or that of its level and kind. Its counters are stored under it. */
export function nameOfLimit({ name, level, kind }: LimitRule): string {
  return name ?? (level === 'tenant' ? kind : `${level}-${kind}`);
}

interface RuleProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What is wrong with limits that are each well formed: two of one name, or two caps on the running requests of one level. */
export function limitRuleProblems(rules: readonly LimitRule[]): readonly RuleProblem[] {
  const names = new Map<string, number>();
  const caps = new Map<LimitLevel, number>();
  return rules.flatMap((rule, at): RuleProblem[] => {
    const name = nameOfLimit(rule);
    const [sameName, sameCap] = [names.get(name), rule.kind === 'concurrency' ? caps.get(rule.level) : undefined];
    if (sameName === undefined) names.set(name, at);
    if (rule.kind === 'concurrency' && sameCap === undefined) caps.set(rule.level, at);
    if (sameName !== undefined) {
      return [
        { path: [at], message: `has the name "${name}", as limit ${sameName} has. Give one of them another "name"` },
      ];
    }
    if (sameCap === undefined) return [];
    return [{ path: [at], message: `is a second concurrency limit of the level ${rule.level}. Keep one` }];
  });
}
