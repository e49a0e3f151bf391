import type { Clock } from '@ccg/kernel';
import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { createCalendar } from './calendar.ts';
import type { Periods } from './calendar.ts';
import type { BudgetLimit, LimitState } from './limits.ts';

/** What is used of a budget, reservations included. */
export type BudgetState = Extract<LimitState, { readonly usedMicroDollars: number }>;

/**
 * Reads what is used of budgets of a tenant in their current periods, and takes nothing from them. Rejects with
 * StoreUnavailableError.
 */
export type ReadBudgets = (tenant: string, budgets: readonly BudgetLimit[]) => Promise<readonly BudgetState[]>;

const script = loadScript(new URL('./read-budgets.lua', import.meta.url));

export function createReadBudgets({ store, clock }: { readonly store: Store; readonly clock: Clock }): ReadBudgets {
  const calendar = createCalendar();

  async function readAt(tenant: string, budgets: readonly BudgetLimit[], nowMs: number) {
    const periods = budgets.map(({ per, timeZone }) => calendar.periodsAt(nowMs, per, timeZone));
    const keys = budgets.flatMap(({ name, subject }, at) =>
      (periods[at]?.names ?? []).map((begin) => store.redisKeys.budget(tenant, begin, name, subject)),
    );
    const reply = await store.run(script, keys, []);
    if (!Array.isArray(reply)) throw new TypeError('The script that reads budgets returned no list.');
    const [redisNowMs = Number.NaN, ...levels] = reply.map(Number);
    return { redisNowMs, states: statesAt(redisNowMs, budgets, periods, levels) };
  }

  return async (tenant, budgets) => {
    if (budgets.length === 0) return [];
    let nowMs = clock.now();
    // Again where this clock is a period away from Redis's, and where a period ends between two calls.
    for (let calls = 1; calls <= 3; calls += 1) {
      const { redisNowMs, states } = await readAt(tenant, budgets, nowMs);
      if (states !== undefined) return states;
      nowMs = redisNowMs;
    }
    throw new RangeError("Redis's time is in no period.");
  };
}

/** Undefined where Redis's time is in periods that were not asked for. */
function statesAt(
  redisNowMs: number,
  budgets: readonly BudgetLimit[],
  periods: readonly Periods[],
  levels: readonly number[],
): readonly BudgetState[] | undefined {
  const states: BudgetState[] = [];
  for (const [at, limit] of budgets.entries()) {
    const [first, second, end] = periods[at]?.bounds ?? [0, 0, 0];
    if (redisNowMs < first || redisNowMs >= end) return undefined;
    const isNext = redisNowMs >= second;
    const usedMicroDollars = Math.max(0, levels[2 * at + (isNext ? 1 : 0)] ?? 0);
    states.push({ limit, usedMicroDollars, startsAtMs: isNext ? second : first, resetsAtMs: isNext ? end : second });
  }
  return states;
}
