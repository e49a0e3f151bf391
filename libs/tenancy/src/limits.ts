import { assertNever, nameOfLimit, onStoreErrorOf, waitingOf } from '@ccg/kernel';
import type { LimitRule, RateRule } from '@ccg/kernel';
import type { Limits } from './principal.ts';

export function isList(limits: Limits): limits is readonly LimitRule[] {
  return Array.isArray(limits);
}

/** The limits one by one, in whichever form they were written. */
export function limitRulesOf(limits: Limits): readonly LimitRule[] {
  if (isList(limits)) return limits;
  const { requestsPerMinute: amount } = limits;
  return amount === undefined ? [] : [{ level: 'tenant', kind: 'requests', amount, per: 'minute' }];
}

/**
 * The limits of one's own that none of some limits covers. One covers another if it counts the same under the same name,
 * which is what its counters are stored under, and is no wider in anything: neither in its amount, nor in what it does
 * while Redis is away, nor in how many may wait for it.
 */
export function limitsWidened(own: readonly LimitRule[], granted: readonly LimitRule[]): readonly LimitRule[] {
  return own.filter((rule) => rule.mode !== 'shadow' && !granted.some((other) => covers(other, rule)));
}

function covers(rule: LimitRule, own: LimitRule): boolean {
  if (nameOfLimit(rule) !== nameOfLimit(own) || rule.level !== own.level || rule.mode === 'shadow') return false;
  if (rule.amount > own.amount || strictnessOf(rule) < strictnessOf(own)) return false;
  switch (own.kind) {
    case 'budget':
      return rule.kind === 'budget' && rule.per === own.per;
    case 'concurrency': {
      if (rule.kind !== 'concurrency') return false;
      const [one, other] = [waitingOf(rule), waitingOf(own)];
      return one.maxWaitSeconds <= other.maxWaitSeconds && one.maxWaiting <= other.maxWaiting;
    }
    case 'requests':
    case 'count_requests':
    case 'input_tokens':
    case 'output_tokens':
      return (
        rule.kind === own.kind &&
        reservedBy(rule) >= reservedBy(own) &&
        (rule.traffic === undefined || rule.traffic === own.traffic)
      );
    default:
      return assertNever(own);
  }
}

function strictnessOf(rule: LimitRule): number {
  return (['open', 'local', 'closed'] as const).indexOf(onStoreErrorOf(rule));
}

function reservedBy({ reserve = 'estimate' }: RateRule): number {
  return (['none', 'estimate', 'max_tokens'] as const).indexOf(reserve);
}

/** A limit in words: `60 requests per minute for each user`. */
export function describeRule(rule: LimitRule): string {
  const { level, kind, amount } = rule;
  const whom = level === 'tenant' ? 'the tenant' : `each ${level.replace('api-key', 'API key')}`;
  switch (rule.kind) {
    case 'budget':
      return `${amount} dollars per ${rule.per} for ${whom}`;
    case 'concurrency':
      return `${amount} requests at a time for ${whom}`;
    case 'requests':
    case 'count_requests':
    case 'input_tokens':
    case 'output_tokens':
      return `${amount} ${kind.replaceAll('_', ' ')} per minute for ${whom}${trafficWords(rule)}`;
    default:
      return assertNever(rule);
  }
}

function trafficWords({ traffic }: RateRule): string {
  if (traffic === undefined) return '';
  return traffic === 'batches' ? ' in batches' : ' outside of batches';
}

/** Limits in one form, however they were written. Without any it is left to the gateway's default; an empty list has none at all. */
export function plainLimits(limits: Limits | undefined): unknown {
  if (limits === undefined) return 'default';
  return limitRulesOf(limits).map(plainRule);
}

/** A rule with all that it leaves out, so that what is said and what is meant are the same. */
function plainRule(rule: LimitRule): readonly unknown[] {
  const { level, kind, amount, mode = 'enforce' } = rule;
  const frame = [nameOfLimit(rule), level, kind, amount, mode, onStoreErrorOf(rule)];
  switch (rule.kind) {
    case 'concurrency':
      return [...frame, waitingOf(rule)];
    case 'budget':
      return [...frame, rule.per];
    case 'requests':
    case 'count_requests':
    case 'input_tokens':
    case 'output_tokens':
      return [...frame, rule.reserve ?? 'estimate', rule.traffic ?? 'both'];
    default:
      return assertNever(rule);
  }
}
