import type { BudgetState, LimitState } from '@ccg/admission';
import type { LimitRule } from '@ccg/kernel';
import { expect, test } from 'vitest';
import { berlinMidnightMs, budget, budgetState, limitsOf } from '../test/limited-caller.ts';
import { limitHeaders } from './limit-headers.ts';

const nowMs = Date.UTC(2026, 10, 28, 12);
const per = 'minute';

/** What an answer tells of limits of which so much is left. */
function told(...known: readonly (readonly [LimitRule, number])[]): Readonly<Record<string, string>> {
  const limits = limitsOf(...known.map(([rule]) => rule));
  const states = limits.map(({ limit }, at): LimitState => {
    const left = known[at]?.[1] ?? 0;
    if (limit.kind === 'rate') return { limit, remaining: left, fullInMs: 1500 };
    if (limit.kind === 'concurrency') return { limit, remaining: left };
    throw new Error('Budgets have a test of their own.');
  });
  // Admission gives the states in an order of its own.
  const headers = limitHeaders(limits, states.toReversed(), nowMs);
  return Object.fromEntries(headers.map(([name, value]) => [name.replace('anthropic-ratelimit-', ''), value]));
}

const reset = '2026-11-28T12:00:02Z';

test('a request without limits is told nothing, and one under a cap alone neither', () => {
  expect(limitHeaders([], [], nowMs)).toEqual([]);
  expect(told([{ level: 'user', kind: 'concurrency', amount: 3 }, 2])).toEqual({});
});

test('of several limits of a kind the one is told that has the least left, and tokens to the nearest thousand', () => {
  expect(
    told(
      [{ level: 'tenant', kind: 'requests', amount: 100, per }, 40],
      [{ level: 'user', kind: 'requests', amount: 60, per }, 41],
      [{ level: 'model', kind: 'requests', amount: 60, per, mode: 'shadow' }, 0],
      [{ level: 'user', kind: 'input_tokens', amount: 100_000, per }, 1499],
      [{ level: 'user', kind: 'output_tokens', amount: 10_600, per }, 10_600],
    ),
  ).toEqual({
    'requests-limit': '100',
    'requests-remaining': '40',
    'requests-reset': reset,
    'input-tokens-limit': '100000',
    'input-tokens-remaining': '1000',
    'input-tokens-reset': reset,
    'output-tokens-limit': '10600',
    'output-tokens-remaining': '10600',
    'output-tokens-reset': reset,
    'tokens-limit': '100000',
    'tokens-remaining': '1000',
    'tokens-reset': reset,
  });
});

test.each([
  [0, 'allowed', '0.00', undefined],
  [3.74, 'allowed', '0.75', undefined],
  [3.75, 'allowed_warning', '0.75', '0.75'],
  [4.1, 'allowed_warning', '0.82', '0.75'],
  [4.75, 'allowed_warning', '0.95', '0.95'],
  [4.99, 'allowed_warning', '0.99', '0.95'],
  [5, 'allowed_warning', '0.99', '0.95'],
])(
  'of a budget of 5 dollars with %d used an answer tells %s, %s and the threshold %s',
  (used, status, part, passed) => {
    const reset = String(berlinMidnightMs / 1000);
    const headers = limitHeaders([], [budgetState(budget(5), used)], nowMs);
    expect(Object.fromEntries(headers)).toEqual({
      'anthropic-ratelimit-unified-status': status,
      'anthropic-ratelimit-unified-representative-claim': 'overage',
      'anthropic-ratelimit-unified-overage-status': status,
      'anthropic-ratelimit-unified-overage-utilization': part,
      ...(passed === undefined ? {} : { 'anthropic-ratelimit-unified-overage-surpassed-threshold': passed }),
      'anthropic-ratelimit-unified-reset': reset,
      'anthropic-ratelimit-unified-overage-reset': reset,
    });
  },
);

test('what the prompt of the request itself may cost is not told as used', () => {
  const state = budgetState(budget(5), 4.1);
  const asking = { ...state, limit: { ...state.limit, costMicroDollars: 1_100_000 } };
  const headers = Object.fromEntries(limitHeaders([], [asking], nowMs));
  expect(headers['anthropic-ratelimit-unified-overage-utilization']).toBe('0.60');
});

const week = berlinMidnightMs + 86_400_000;

test.each<[string, readonly BudgetState[], string]>([
  ['the fullest', [budgetState(budget(5), 1), budgetState(budget(50, { per: 'week' }), 40, week)], '0.80'],
  [
    'a spent one before all others',
    [budgetState(budget(5), 5), budgetState(budget(50, { per: 'week' }), 49, week)],
    '0.99',
  ],
  ['no shadow', [budgetState(budget(5), 1), shadow(budgetState(budget(5), 4))], '0.20'],
])('of several budgets an answer tells of %s', (_what, states, part) => {
  for (const order of [states, states.toReversed()]) {
    const headers = Object.fromEntries(limitHeaders([], order, nowMs));
    expect(headers['anthropic-ratelimit-unified-overage-utilization']).toBe(part);
  }
});

function shadow(state: BudgetState): BudgetState {
  return { ...state, limit: { ...state.limit, mode: 'shadow' } };
}
