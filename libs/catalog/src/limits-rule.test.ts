import { limitRuleFaults, ruleMessages } from '@ccg/kernel';
import type { LimitRule } from '@ccg/kernel';
import { expect, test } from 'vitest';
import { limitsRule } from './limits-rule.ts';

const rate = { level: 'user', kind: 'requests', amount: 5, per: 'minute' };
const tokens = { ...rate, kind: 'output_tokens' };
const cap = { level: 'tenant', kind: 'concurrency', amount: 5 };
const budget = { level: 'group', kind: 'budget', amount: 5, per: 'day' };

test.each<[string, object]>([
  ['a rate', rate],
  ['everything of a rate', { ...tokens, name: 'out', mode: 'shadow', onStoreError: 'closed', reserve: 'max_tokens' }],
  ['a rate of batches', { ...tokens, traffic: 'batches' }],
  ['a rate of everybody else', { ...rate, traffic: 'interactive' }],
  ['a cap', cap],
  ['everything of a cap', { ...cap, onStoreError: 'open', maxWaitSeconds: 0, maxWaiting: 0 }],
  ['the longest wait', { ...cap, maxWaitSeconds: 600, maxWaiting: 10_000 }],
  ['a budget', budget],
  ['the smallest budget', { ...budget, amount: 0.000001, per: 'week', onStoreError: 'open' }],
  ['the largest budget', { ...budget, amount: 10_000_000, per: 'month', level: 'session' }],
  ['a budget of large cents', { ...budget, amount: 9_999_999.999999 }],
])('%s can be configured, in a file and by the API alike', (_what, rule) => {
  expect(limitsRule.safeParse([rule])).toEqual({ success: true, data: [rule] });
  expect(limitRuleFaults([rule as LimitRule])).toEqual([]);
});

const levels = 'must be one of tenant, group, user, api-key, session, model';
const whole = 'must be a whole number from 1 to 999999999';
const money = 'must be dollars above 0 and up to 10000000, with at most six decimals';

test.each<[string, object, string, string]>([
  ['a level', { ...rate, level: 'team' }, 'level', levels],
  ['a period of a rate', { ...rate, per: 'hour' }, 'per', 'must be minute'],
  ['a period of a budget', { ...budget, per: 'year' }, 'per', 'must be one of day, week, month'],
  ['traffic of another kind', { ...rate, traffic: 'all' }, 'traffic', 'must be one of interactive, batches'],
  ['no amount of requests', { ...rate, amount: 0 }, 'amount', whole],
  ['a negative amount of requests', { ...rate, amount: -5 }, 'amount', whole],
  ['half a request', { ...rate, amount: 1.5 }, 'amount', whole],
  ['too many requests', { ...rate, amount: 1_000_000_000 }, 'amount', whole],
  ['requests that no number can count', { ...rate, amount: 1e30 }, 'amount', whole],
  ['a negative cap', { ...cap, amount: -1 }, 'amount', whole],
  ['a budget of nothing', { ...budget, amount: 0 }, 'amount', money],
  ['a negative budget', { ...budget, amount: -0.5 }, 'amount', money],
  ['a budget in parts of millionths', { ...budget, amount: 0.0000005 }, 'amount', money],
  ['a budget with seven decimals', { ...budget, amount: 1.0000001 }, 'amount', money],
  ['too large a budget', { ...budget, amount: 10_000_000.01 }, 'amount', money],
  ['a mode', { ...rate, mode: 'audit' }, 'mode', 'must be one of enforce, shadow'],
  [
    'what a rate does without Redis',
    { ...rate, onStoreError: 'fail' },
    'onStoreError',
    'must be one of local, open, closed',
  ],
  [
    'a budget that is counted locally',
    { ...budget, onStoreError: 'local' },
    'onStoreError',
    ruleMessages.budgetStoreError,
  ],
  ['what a budget does without Redis', { ...budget, onStoreError: 'x' }, 'onStoreError', ruleMessages.budgetStoreError],
  ['what output reserves', { ...tokens, reserve: 'all' }, 'reserve', 'must be one of none, estimate, max_tokens'],
  [
    'what input reserves',
    { ...tokens, kind: 'input_tokens', reserve: 'max_tokens' },
    'reserve',
    'must be one of none, estimate',
  ],
  ['too long a wait', { ...cap, maxWaitSeconds: 601 }, 'maxWaitSeconds', 'must be a whole number from 0 to 600'],
  ['a negative wait', { ...cap, maxWaitSeconds: -1 }, 'maxWaitSeconds', 'must be a whole number from 0 to 600'],
  ['too many that wait', { ...cap, maxWaiting: 10_001 }, 'maxWaiting', 'must be a whole number from 0 to 10000'],
  ['a part of one that waits', { ...cap, maxWaiting: 0.5 }, 'maxWaiting', 'must be a whole number from 0 to 10000'],
  ['a name with a colon', { ...rate, name: 'a:b' }, 'name', ruleMessages.name],
  ['an empty name', { ...rate, name: '' }, 'name', ruleMessages.name],
])('%s that cannot be is refused once, at its place, in a file and by the API alike', (_what, rule, field, message) => {
  const faults = [{ path: [0, field], message }];
  const issues = limitsRule
    .safeParse([rule])
    .error?.issues.flatMap((issue) => (issue.code === 'invalid_union' ? (issue.errors.at(-1) ?? []) : [issue]));
  expect(issues?.map(({ path, message: said }) => ({ path, message: said }))).toEqual(faults);
  expect(limitRuleFaults([rule as LimitRule])).toEqual(faults);
});

test.each<[string, object, string]>([
  ['reserves without tokens', { ...rate, reserve: 'none' }, 'reserve'],
  ['waits for a rate', { ...rate, maxWaitSeconds: 5 }, 'maxWaitSeconds'],
  ['waits for a budget', { ...budget, maxWaiting: 5 }, 'maxWaiting'],
  ['has a period of running requests', { ...cap, per: 'minute' }, 'per'],
])('a limit that %s is not known', (_what, rule, field) => {
  const error = limitsRule.safeParse([rule]).error;
  expect(JSON.stringify(error?.issues)).toContain(`"keys":["${field}"]`);
});

test('a 21st limit is refused', () => {
  const many = Array.from({ length: 21 }, (_, at) => ({ ...rate, name: `n${at}` }) as LimitRule);
  expect(limitRuleFaults(many)).toEqual([{ path: [], message: 'must have at most 20 limits' }]);
  expect(JSON.stringify(limitsRule.safeParse(many).error?.issues)).toContain('must have at most 20 limits');
});
