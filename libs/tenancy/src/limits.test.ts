import type { BudgetRule, ConcurrencyRule, RateRule } from '@ccg/kernel';
import { expect, test } from 'vitest';
import { describeRule, limitsWidened } from './limits.ts';

const rate: RateRule = { level: 'user', kind: 'output_tokens', amount: 60, per: 'minute' };
const cap: ConcurrencyRule = { level: 'tenant', kind: 'concurrency', amount: 5 };
const budget: BudgetRule = { level: 'group', kind: 'budget', amount: 10, per: 'day' };
const own = [rate, cap, budget];

test.each<[string, Parameters<typeof limitsWidened>[1]]>([
  ['the same', own],
  ['lower amounts', own.map((rule) => ({ ...rule, amount: rule.amount - 1 }))],
  ['others beside them', [...own, { ...budget, per: 'month', amount: 1000 }]],
  ['what is stricter without Redis', own.map((rule) => ({ ...rule, onStoreError: 'closed' as const }))],
  ['a larger reservation', [{ ...rate, reserve: 'max_tokens' }, cap, budget]],
  ['a shorter wait of fewer', [rate, { ...cap, maxWaitSeconds: 0, maxWaiting: 10 }, budget]],
])('limits that have %s are no wider', (_what, granted) => {
  expect(limitsWidened(own, granted)).toEqual([]);
});

test.each<[string, Parameters<typeof limitsWidened>[1], (typeof own)[number]]>([
  ['a limit less', [rate, cap], budget],
  ['a name whose counter is fresh', [rate, cap, { ...budget, name: 'another' }], budget],
  ['a higher amount', [{ ...rate, amount: 61 }, cap, budget], rate],
  ['another level', [{ ...rate, level: 'session' }, cap, budget], rate],
  ['a limit that only counts', [rate, cap, { ...budget, mode: 'shadow' }], budget],
  ['a budget of another period', [rate, cap, { ...budget, per: 'month' }], budget],
  ['a budget that is open without Redis', [rate, cap, { ...budget, onStoreError: 'open' }], budget],
  ['a rate that is open without Redis', [{ ...rate, onStoreError: 'open' }, cap, budget], rate],
  ['a smaller reservation', [{ ...rate, reserve: 'none' }, cap, budget], rate],
  ['a longer wait', [rate, { ...cap, maxWaitSeconds: 31 }, budget], cap],
  ['a wait of more', [rate, { ...cap, maxWaiting: 101 }, budget], cap],
])('limits that have %s are wider', (_what, granted, widened) => {
  expect(limitsWidened(own, granted)).toEqual([widened]);
});

test('a limit on batches and on everybody else is no wider than one on one of them, and not the other way round', () => {
  const name = 'out';
  const both = { ...rate, name };
  const batches = { ...both, traffic: 'batches' } as const;
  const interactive = { ...both, traffic: 'interactive' } as const;
  expect(limitsWidened([batches, { ...interactive, name: 'in' }], [both, { ...both, name: 'in' }])).toEqual([]);
  expect(limitsWidened([both], [batches])).toEqual([both]);
  expect(limitsWidened([batches], [interactive])).toEqual([batches]);
});

test('a limit that only counts is nothing that could be widened', () => {
  expect(limitsWidened([{ ...budget, mode: 'shadow' }], [])).toEqual([]);
});

test('a limit is said in words', () => {
  const ofBatches = { ...rate, traffic: 'batches' } as const;
  const ofOthers = { ...rate, traffic: 'interactive' } as const;
  expect([rate, ofBatches, ofOthers, cap, budget].map(describeRule)).toEqual([
    '60 output tokens per minute for each user',
    '60 output tokens per minute for each user in batches',
    '60 output tokens per minute for each user outside of batches',
    '5 requests at a time for the tenant',
    '10 dollars per day for each group',
  ]);
});
