import { expect, test } from 'vitest';
import { berlinMidnightMs, budget, budgetState } from '../test/limited-caller.ts';
import { toldBudgets, toldSpending } from './told-usage.ts';

const reset = '2026-11-28T23:00:00.000Z';
const later = berlinMidnightMs + 5 * 86_400_000;
const daily = budget(5);
const monthly = budget(500, { level: 'tenant', per: 'month' });

test('money is told in cents and whole percents, with a row for each budget', () => {
  expect(toldBudgets([budgetState(daily, 1.239), budgetState(monthly, 271.4, later)])).toEqual({
    extra_usage: { is_enabled: true, monthly_limit: 50_000, used_credits: 27_140, utilization: 54, currency: 'USD' },
    limits: [
      { kind: 'spend', group: 'daily', percent: 25, resets_at: reset, severity: 'normal', is_active: false },
      {
        kind: 'spend',
        group: 'monthly',
        percent: 54,
        resets_at: '2026-12-03T23:00:00.000Z',
        severity: 'normal',
        is_active: true,
      },
    ],
  });
});

test.each([
  [3.74, 75, 'normal'],
  [3.75, 75, 'warning'],
  [4.75, 95, 'critical'],
  [4.999, 99, 'critical'],
  [5, 100, 'critical'],
  [5.5, 110, 'critical'],
])('of %d dollars of 5 the percentage is %d and the severity %s', (used, percent, severity) => {
  const { limits, extra_usage: spending } = toldBudgets([budgetState(daily, used)]);
  expect(limits).toMatchObject([{ percent, severity, is_active: true }]);
  expect(spending).toMatchObject({ utilization: percent });
});

test('of two budgets of which nothing is left the one is told that is renewed last', () => {
  const { limits } = toldBudgets([budgetState(daily, 6), budgetState(monthly, 501, later), budgetState(daily, 4.9)]);
  expect(limits.map(({ is_active: isActive }) => isActive)).toEqual([false, true, false]);
});

test('a budget below a cent is no budget of nothing', () => {
  expect(toldBudgets([budgetState(budget(0.005), 0.004)])).toMatchObject({
    extra_usage: { monthly_limit: 0.5, used_credits: 0, utilization: 80 },
  });
});

test('a caller without a budget is told what was spent in the month, the day and the week', () => {
  expect(toldSpending({ day: 12_409_999, week: 20_000_000, month: 271_400_000 })).toEqual({
    extra_usage: {
      is_enabled: true,
      monthly_limit: null,
      used_credits: 27_140,
      utilization: null,
      currency: 'USD',
      daily: { limit: null, used_credits: 1240, utilization: null },
      weekly: { limit: null, used_credits: 2000, utilization: null },
    },
    limits: [],
  });
});
