import { setTimeout as delay } from 'node:timers/promises';
import { createReadBudgets, wholeTenant } from '@ccg/admission';
import { systemClock } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import { readUsage, rollUpUsage } from '@ccg/usage';

/** What a tenant was charged, from both sides: the records of its requests, and the counter of its budget. */
export interface Charges {
  /** Records of requests that ended well. */
  readonly succeeded: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costMicroDollars: number;
  readonly budgetMicroDollars: number;
  /** Requests that are still held to be running. */
  readonly reservations: number;
}

const options = { recordDays: 30, rollUpDays: 30, rowsMax: { models: 1000, sessions: 1000 } };
/** What a process has reserved that died lapses within this time. */
const lapsesWithinMs = 180_000;
const pollMs = 1000;

/** Reads them when nothing is reserved any more, or the time is over in which that must lapse. */
export async function readCharges(store: Store, tenant: string): Promise<Charges> {
  const untilMs = Date.now() + lapsesWithinMs;
  let reservations = await countReservations(store, tenant);
  while (reservations > 0 && Date.now() < untilMs) {
    await delay(pollMs);
    reservations = await countReservations(store, tenant);
  }
  const deps = { store, clock: systemClock, options };
  while ((await rollUpUsage(deps, tenant)).applied > 0);
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  const days = { from: day(Date.now() - 24 * 60 * 60 * 1000), to: day(Date.now()) };
  const [row] = await readUsage(store, { tenant, by: [], of: {}, ...days });
  const [budget] = await createReadBudgets({ store, clock: systemClock })(tenant, [
    {
      kind: 'budget',
      name: 'budget-month',
      subject: wholeTenant,
      mode: 'enforce',
      onStoreError: 'closed',
      per: 'month',
      timeZone: 'UTC',
      amountMicroDollars: 1,
      costMicroDollars: 0,
      microDollarsPerOutputToken: 0,
    },
  ]);
  return {
    succeeded: (row?.requests ?? 0) - (row?.failed ?? 0),
    inputTokens: row?.inputTokens ?? 0,
    outputTokens: row?.outputTokens ?? 0,
    costMicroDollars: row?.costMicroDollars ?? 0,
    budgetMicroDollars: budget?.usedMicroDollars ?? 0,
    reservations,
  };
}

async function countReservations(store: Store, tenant: string): Promise<number> {
  const running = await store.command('zrangebyscore', [store.redisKeys.reservations(tenant), '-inf', '+inf']);
  return Array.isArray(running) ? running.length : 0;
}

/** What was charged beside what the results say. */
export function chargeFaults(charges: Charges, used: { readonly inputTokens: number; readonly outputTokens: number }) {
  const { inputTokens, outputTokens, costMicroDollars, budgetMicroDollars, reservations } = charges;
  const [charged, wanted] = [{ inputTokens, outputTokens }, used].map((tokens) => JSON.stringify(tokens));
  return [
    ...(charged === wanted
      ? []
      : [`the tokens that were charged, ${charged}, are not those of the results, ${wanted}`]),
    ...(costMicroDollars > 0 && costMicroDollars === budgetMicroDollars
      ? []
      : [`the budget has ${budgetMicroDollars} micro-dollars, the usage records have ${costMicroDollars}`]),
    ...(reservations > 0 ? [`${reservations} requests still hold their reservations`] : []),
  ];
}
