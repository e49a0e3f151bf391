import { expect, test } from 'vitest';
import { limitRuleClashes } from './limit-rule-faults.ts';
import type { LimitRule } from './limit-rules.ts';

const rule = (changes: Partial<LimitRule>) =>
  ({ level: 'user', kind: 'requests', amount: 1, per: 'minute', ...changes }) as LimitRule;

test.each<[string, readonly LimitRule[], readonly unknown[]]>([
  ['of different levels and kinds', [rule({}), rule({ level: 'tenant' }), rule({ kind: 'concurrency' })], []],
  ['of one level and kind with names of their own', [rule({}), rule({ name: 'burst' })], []],
  ['of one level and kind without names', [rule({}), rule({})], [[1]]],
  [
    'of one level and kind, the one on batches and the other on everybody else',
    [rule({ traffic: 'batches' }), rule({ traffic: 'interactive' })],
    [],
  ],
  ['of one level and kind on batches', [rule({ traffic: 'batches' }), rule({ traffic: 'batches' })], [[1]]],
  ['of one name', [rule({ name: 'a' }), rule({ level: 'tenant', name: 'a' })], [[1]]],
  ['of a name that another has by its kind', [rule({ level: 'tenant' }), rule({ name: 'requests' })], [[1]]],
  [
    'of one level on the money of different periods',
    [rule({ kind: 'budget', per: 'day' }), rule({ kind: 'budget', per: 'month' })],
    [],
  ],
  [
    'of one level on the money of a day',
    [rule({ kind: 'budget', per: 'day' }), rule({ kind: 'budget', per: 'day' })],
    [[1]],
  ],
  [
    'on the running requests of one level, of which one only counts',
    [rule({ kind: 'concurrency' }), rule({ kind: 'concurrency', name: 'a', mode: 'shadow' })],
    [],
  ],
  [
    'on the running requests of one level',
    [rule({ kind: 'concurrency' }), rule({ kind: 'concurrency', name: 'a' })],
    [[1]],
  ],
])('two limits %s', (_what, rules, paths) => {
  expect(limitRuleClashes(rules).map(({ path }) => path)).toEqual(paths);
});
