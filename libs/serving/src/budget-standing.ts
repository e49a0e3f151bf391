import type { BudgetPeriod } from '@ccg/kernel';
import type { BudgetState, LimitState } from '@ccg/admission';

export function isBudgetState(state: LimitState): state is BudgetState {
  return 'usedMicroDollars' in state;
}

/** How much of a budget is used, as a fraction; 1 and more once nothing is left. */
function utilizationOf({ limit, usedMicroDollars }: BudgetState): number {
  return usedMicroDollars / limit.amountMicroDollars;
}

/**
 * Of two budgets the one that a client is told about: the fuller one; of those of which nothing is left, the one that is
 * renewed last.
 */
export function foremost(one: BudgetState | undefined, other: BudgetState): BudgetState {
  if (one === undefined) return other;
  const [used, othersUsed] = [utilizationOf(one), utilizationOf(other)];
  if (used >= 1 && othersUsed >= 1) return other.resetsAtMs > one.resetsAtMs ? other : one;
  return othersUsed > used ? other : one;
}

/** Clients warn their users once a budget is used this far. */
const thresholds = [0.95, 0.75] as const;

/** The highest threshold that a budget has passed. */
export function thresholdOf(state: BudgetState): (typeof thresholds)[number] | undefined {
  const used = utilizationOf(state);
  return thresholds.find((threshold) => used >= threshold);
}

/** In hundredths. Below 100 as long as anything is left. */
export function percentOf(state: BudgetState): number {
  const used = utilizationOf(state);
  const percent = Math.round(used * 100);
  return used < 1 ? Math.min(percent, 99) : percent;
}

/** Periods in the words of clients. */
export const periodNames = {
  day: 'daily',
  week: 'weekly',
  month: 'monthly',
} as const satisfies Record<BudgetPeriod, string>;
