import { assertNever } from './assert-never.ts';
import {
  budgetAmountMax,
  budgetPeriods,
  isBudgetAmount,
  limitAmountMax,
  limitKinds,
  limitLevels,
  limitModes,
  limitNameShape,
  limitRulesMax,
  limitTraffics,
  maxWaitingMax,
  maxWaitSecondsMax,
  nameOfLimit,
  reservationsOf,
  storeErrorAnswersOf,
} from './limit-rules.ts';
import type { LimitLevel, LimitRule, LimitTraffic, RateKind } from './limit-rules.ts';

/** A place in a list of limits that cannot be used, and why. */
export interface RuleFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What is said of a value that cannot be used, wherever limits are written. */
export const ruleMessages = {
  name: 'must be up to 63 of a-z, 0-9, "-" and "_", and begin with a letter or a digit',
  amount: `must be a whole number from 1 to ${limitAmountMax}`,
  budget: `must be dollars above 0 and up to ${budgetAmountMax}, with at most six decimals`,
  perMinute: 'must be minute',
  maxWaitSeconds: `must be a whole number from 0 to ${maxWaitSecondsMax}`,
  maxWaiting: `must be a whole number from 0 to ${maxWaitingMax}`,
  budgetStoreError: 'must be open or closed: a replica alone cannot know what a budget has left',
  noTraffic: 'must be left out: batches count no tokens',
  tooMany: `must have at most ${limitRulesMax} limits`,
  oneOf: (values: readonly string[]) => `must be one of ${values.join(', ')}`,
} as const;

/** All that is wrong with the limits of a tenant: each value that cannot be used, and names and caps that are there twice. */
export function limitRuleFaults(rules: readonly LimitRule[]): readonly RuleFault[] {
  if (rules.length > limitRulesMax) return [{ path: [], message: ruleMessages.tooMany }];
  const ofValues = rules.flatMap((rule, at) =>
    Object.entries(valueFaults(rule)).flatMap(([field, message]): RuleFault[] =>
      message === undefined ? [] : [{ path: [at, field], message }],
    ),
  );
  return [...ofValues, ...limitRuleClashes(rules)];
}

type ValueFaults = Readonly<Record<string, string | undefined>>;

/** The types promise most of it, but what came as JSON may have been promised too much. */
function valueFaults(rule: LimitRule): ValueFaults {
  const { name, level, kind, mode, onStoreError } = rule;
  const answers = storeErrorAnswersOf(kind);
  return {
    name: name === undefined || limitNameShape.test(name) ? undefined : ruleMessages.name,
    level: notOneOf(limitLevels, level),
    kind: notOneOf(limitKinds, kind),
    ...(limitKinds.includes(kind) ? ofKind(rule) : {}),
    mode: mode === undefined ? undefined : notOneOf(limitModes, mode),
    onStoreError:
      onStoreError === undefined || answers.includes(onStoreError)
        ? undefined
        : kind === 'budget'
          ? ruleMessages.budgetStoreError
          : ruleMessages.oneOf(answers),
  };
}

function ofKind(rule: LimitRule): ValueFaults {
  switch (rule.kind) {
    case 'budget':
      return {
        amount: isBudgetAmount(rule.amount) ? undefined : ruleMessages.budget,
        per: notOneOf(budgetPeriods, rule.per),
      };
    case 'concurrency':
      return {
        amount: wholeFrom(1, limitAmountMax, rule.amount, ruleMessages.amount),
        maxWaitSeconds: wholeFrom(0, maxWaitSecondsMax, rule.maxWaitSeconds ?? 0, ruleMessages.maxWaitSeconds),
        maxWaiting: wholeFrom(0, maxWaitingMax, rule.maxWaiting ?? 0, ruleMessages.maxWaiting),
      };
    case 'requests':
    case 'count_requests':
    case 'input_tokens':
    case 'output_tokens': {
      const { kind, amount, per, reserve, traffic } = rule;
      return {
        amount: wholeFrom(1, limitAmountMax, amount, ruleMessages.amount),
        per: per === 'minute' ? undefined : ruleMessages.perMinute,
        reserve: reserve === undefined ? undefined : notOneOf(reservationsOf(kind), reserve),
        traffic: traffic === undefined ? undefined : trafficFault(kind, traffic),
      };
    }
    default:
      return assertNever(rule);
  }
}

function trafficFault(kind: RateKind, traffic: LimitTraffic): string | undefined {
  return kind === 'count_requests' ? ruleMessages.noTraffic : notOneOf(limitTraffics, traffic);
}

function notOneOf(values: readonly string[], value: string): string | undefined {
  return values.includes(value) ? undefined : ruleMessages.oneOf(values);
}

function wholeFrom(min: number, max: number, value: number, message: string): string | undefined {
  return Number.isInteger(value) && value >= min && value <= max ? undefined : message;
}

/**
 * Of limits that are each well formed: two of one name, or two caps on the running requests of one level. The second may only
 * count, to try a lower one.
 */
export function limitRuleClashes(rules: readonly LimitRule[]): readonly RuleFault[] {
  const names = new Map<string, number>();
  const caps = new Map<LimitLevel, number>();
  return rules.flatMap((rule, at): RuleFault[] => {
    const name = nameOfLimit(rule);
    const isCap = rule.kind === 'concurrency' && rule.mode !== 'shadow';
    const [sameName, sameCap] = [names.get(name), isCap ? caps.get(rule.level) : undefined];
    if (sameName === undefined) names.set(name, at);
    if (isCap && sameCap === undefined) caps.set(rule.level, at);
    if (sameName !== undefined) {
      return [
        { path: [at], message: `has the name "${name}", as limit ${sameName} has. Give one of them another "name"` },
      ];
    }
    if (sameCap === undefined) return [];
    return [
      {
        path: [at],
        message: `is a second concurrency limit of the level ${rule.level}. Keep one, or let one only count (mode shadow)`,
      },
    ];
  });
}
