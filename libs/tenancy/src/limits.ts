import type { LimitRule } from '@ccg/kernel';
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

/** The limits of one's own that some limits lack, or have with a higher amount. */
export function limitsWidened(own: readonly LimitRule[], granted: readonly LimitRule[]): readonly LimitRule[] {
  return own.filter(
    ({ level, kind, amount }) =>
      !granted.some((rule) => rule.level === level && rule.kind === kind && rule.amount <= amount),
  );
}

/** A limit in words: `60 requests per minute for each user`. */
export function describeRule({ level, kind, amount }: LimitRule): string {
  const what = kind === 'concurrency' ? 'requests at a time' : `${kind.replaceAll('_', ' ')} per minute`;
  return `${amount} ${what} for ${level === 'tenant' ? 'the tenant' : `each ${level.replace('api-key', 'API key')}`}`;
}
