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
import { callerOf, clientNames } from './usage-line.ts';

/** Tells a caller of its money. Rejects with StoreUnavailableError. */
export type TellUsage = (principal: TenantPrincipal, headers: HeaderList) => Promise<ToldUsage>;

export interface TellUsageDependencies {
  readonly readBudgets: ReadBudgets;
  /** Reads the usage that has been rolled up. */
  readonly readUsage: (query: UsageQuery) => Promise<readonly UsageRow[]>;
  readonly digest: Digest;
  readonly clock: Clock;
}

/** Clients ask every now and then, and each answer needs the usage of the whole tenant. */
const spentRememberedMs = 60_000;
const tenantsMax = 1000;

/** What each caller of a tenant has spent. */
type SpentByCaller = ReadonlyMap<string, Spent>;

export function createTellUsage({ readBudgets, readUsage, digest, clock }: TellUsageDependencies): TellUsage {
  const remembered = createBoundedMap<{ readonly spent: Promise<SpentByCaller>; readonly untilMs: number }>(tenantsMax);

  async function readSpent(tenant: string): Promise<SpentByCaller> {
    const periods = periodsIn(clock.now());
    const from = periods.week < periods.month ? periods.week : periods.month;
    return addUp(await readUsage({ tenant, from, to: periods.day, by: ['day', 'user', 'apiKey'], of: {} }), periods);
  }

  function spentIn(tenant: string): Promise<SpentByCaller> {
    const known = remembered.get(tenant);
    if (known !== undefined && known.untilMs > clock.monotonicMs()) return known.spent;
    const spent = readSpent(tenant);
    remembered.set(tenant, { spent, untilMs: clock.monotonicMs() + spentRememberedMs });
    spent.catch(() => {
      remembered.delete(tenant);
    });
    return spent;
  }

  return async (principal, headers) => {
    const { tenant } = principal;
    const { session } = clientNames(headers);
    const budgets = budgetsOfCaller({ principal, session }, digest);
    const [first, ...others] = await readBudgets(
      tenant,
      budgets.map(({ limit }) => limit),
    );
    if (first !== undefined) return toldBudgets([first, ...others]);
    return toldSpending((await spentIn(tenant)).get(callerKey(callerOf({ principal }))) ?? nothingSpent);
  };
}

const nothingSpent: Spent = { day: 0, week: 0, month: 0 };

/** A user on every API key, a service on its own. */
function callerKey({
  user = '',
  apiKey = '',
}: {
  readonly user?: string | undefined;
  readonly apiKey?: string | undefined;
}) {
  return user === '' ? `api-key:${apiKey}` : `user:${user}`;
}

function addUp(rows: readonly UsageRow[], { day, week, month }: Periods): SpentByCaller {
  const spent = new Map<string, Spent>();
  for (const { where, costMicroDollars: cost } of rows) {
    const key = callerKey(where);
    const sum = spent.get(key) ?? nothingSpent;
    const since = (first: string) => ((where.day ?? '') >= first ? cost : 0);
    spent.set(key, { day: sum.day + since(day), week: sum.week + since(week), month: sum.month + since(month) });
  }
  return spent;
}

/** The days, in UTC, on which the current day, week and month have begun, such as `2026-11-28`. */
type Periods = Readonly<Record<keyof Spent, string>>;

const dayMs = 24 * 60 * 60 * 1000;

function periodsIn(nowMs: number): Periods {
  const dayText = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const day = dayText(nowMs);
  const sinceMonday = (new Date(nowMs).getUTCDay() + 6) % 7;
  return { day, week: dayText(nowMs - sinceMonday * dayMs), month: `${day.slice(0, 7)}-01` };
}
