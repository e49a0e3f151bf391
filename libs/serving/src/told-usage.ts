import type { BudgetState } from '@ccg/admission';
import type { BudgetPeriod } from '@ccg/kernel';
import { foremost, percentOf, periodNames, thresholdOf } from './budget-standing.ts';

/** What `GET /api/oauth/usage` answers: the money of the caller, in cents and whole percents. */
export interface ToldUsage {
  readonly extra_usage: ToldCap | ToldSpending;
  readonly limits: readonly ToldBudget[];
}

interface ToldCap {
  readonly is_enabled: true;
  /** In cents, whatever the period. */
  readonly monthly_limit: number;
  readonly used_credits: number;
  readonly utilization: number;
  readonly currency: 'USD';
}

/** Of a caller without a budget. A limit of 0 would be a budget of nothing. */
interface ToldSpending extends ToldPeriod {
  readonly is_enabled: true;
  readonly monthly_limit: null;
  readonly currency: 'USD';
  readonly daily: ToldPeriod & { readonly limit: null };
  readonly weekly: ToldPeriod & { readonly limit: null };
}

interface ToldPeriod {
  readonly used_credits: number;
  readonly utilization: null;
}

/** What a caller has spent in the current day, week and month in UTC; weeks begin on Monday. */
export type Spent = Readonly<Record<BudgetPeriod, number>>;

interface ToldBudget {
  readonly kind: 'spend';
  readonly group: (typeof periodNames)[keyof typeof periodNames];
  readonly percent: number;
  /** The same second as in the headers: clients pair the money with the percentage by it. */
  readonly resets_at: string;
  readonly severity: 'normal' | 'warning' | 'critical';
  /** Of one budget: the one that the headers and `extra_usage` tell of. */
  readonly is_active: boolean;
}

/** Of a caller with budgets. */
export function toldBudgets(states: readonly [BudgetState, ...BudgetState[]]): ToldUsage {
  const [first, ...others] = states;
  const told = others.reduce(foremost, first);
  return {
    extra_usage: {
      is_enabled: true,
      monthly_limit: told.limit.amountMicroDollars / microDollarsPerCent,
      used_credits: Math.floor(told.usedMicroDollars / microDollarsPerCent),
      utilization: percentOf(told),
      currency: 'USD',
    },
    limits: states.map((state) => ({
      kind: 'spend',
      group: periodNames[state.limit.per],
      percent: percentOf(state),
      resets_at: new Date(Math.ceil(state.resetsAtMs / 1000) * 1000).toISOString(),
      severity: severityOf(state),
      is_active: state === told,
    })),
  };
}

/** Of a caller without a budget, in micro-dollars. */
export function toldSpending({ day, week, month }: Spent): ToldUsage {
  const period = (microDollars: number) =>
    ({ used_credits: Math.floor(microDollars / microDollarsPerCent), utilization: null }) as const;
  return {
    extra_usage: {
      is_enabled: true,
      monthly_limit: null,
      ...period(month),
      currency: 'USD',
      daily: { limit: null, ...period(day) },
      weekly: { limit: null, ...period(week) },
    },
    limits: [],
  };
}

const microDollarsPerCent = 10_000;

function severityOf(state: BudgetState): ToldBudget['severity'] {
  switch (thresholdOf(state)) {
    case 0.95:
      return 'critical';
    case 0.75:
      return 'warning';
    case undefined:
      return 'normal';
  }
}
