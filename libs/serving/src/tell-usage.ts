import type { ReadBudgets } from '@ccg/admission';
import { createBoundedMap } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { TenantPrincipal } from '@ccg/tenancy';
import type { UsageQuery, UsageRow } from '@ccg/usage';
import type { HeaderList } from '@ccg/wire';
import type { Digest } from './estimate-prompt.ts';
import { budgetsOfCaller } from './request-limits.ts';
import { toldBudgets, toldSpending } from './told-usage.ts';
import type { Spent, ToldUsage } from './told-usage.ts';
import { clientNames } from './usage-line.ts';

/** Tells a caller of its money. Rejects with StoreUnavailableError. */
export type TellUsage = (principal: TenantPrincipal, headers: HeaderList) => Promise<ToldUsage>;

export interface TellUsageDependencies {
  readonly readBudgets: ReadBudgets;
  /** Reads the usage that has been rolled up. */
  readonly readUsage: (query: UsageQuery) => Promise<readonly UsageRow[]>;
  readonly digest: Digest;
  readonly clock: Clock;
}

/** The usage of a whole tenant is read for one caller, so it is remembered for a while. */
const spentRememberedMs = 60_000;
const spentMaxEntries = 10_000;

export function createTellUsage({ readBudgets, readUsage, digest, clock }: TellUsageDependencies): TellUsage {
  const remembered = createBoundedMap<{ readonly spent: Spent; readonly untilMs: number }>(spentMaxEntries);

  async function spentBy(principal: TenantPrincipal): Promise<Spent> {
    const { tenant } = principal;
    const of = callerOf(principal);
    const key = JSON.stringify([tenant, of]);
    const known = remembered.get(key);
    if (known !== undefined && known.untilMs > clock.monotonicMs()) return known.spent;
    const { day, week, month } = periodsIn(clock.now());
    const rows = await readUsage({ tenant, from: week < month ? week : month, to: day, by: ['day'], of });
    const since = (first: string) =>
      rows
        .filter(({ where }) => (where.day ?? '') >= first)
        .reduce((sum, { costMicroDollars }) => sum + costMicroDollars, 0);
    const spent = { day: since(day), week: since(week), month: since(month) };
    remembered.set(key, { spent, untilMs: clock.monotonicMs() + spentRememberedMs });
    return spent;
  }

  return async (principal, headers) => {
    const { session } = clientNames(headers);
    const budgets = budgetsOfCaller({ principal, session }, digest);
    const [first, ...others] = await readBudgets(
      principal.tenant,
      budgets.map(({ limit }) => limit),
    );
    return first === undefined ? toldSpending(await spentBy(principal)) : toldBudgets([first, ...others]);
  };
}

/** A user on every API key, a service on its own. */
function callerOf(principal: TenantPrincipal): UsageQuery['of'] {
  if (principal.kind === 'token') return { user: principal.user };
  const { user, apiKeyId } = principal;
  return user === undefined ? { apiKey: apiKeyId } : { user };
}

const dayMs = 24 * 60 * 60 * 1000;

/** The days, in UTC, on which the current day, week and month have begun, such as `2026-11-28`. */
function periodsIn(nowMs: number): Readonly<Record<keyof Spent, string>> {
  const dayText = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const day = dayText(nowMs);
  const sinceMonday = (new Date(nowMs).getUTCDay() + 6) % 7;
  return { day, week: dayText(nowMs - sinceMonday * dayMs), month: `${day.slice(0, 7)}-01` };
}
