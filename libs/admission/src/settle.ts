import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { Lease } from './leases.ts';
import { assertLimits, refillMs } from './limits.ts';
import type { RateLimit } from './limits.ts';

/** Refund at settlement; a negative amount charges more. */
export interface Refund {
  readonly limit: RateLimit;
  readonly amount: number;
}

const script = loadScript(new URL('./settle.lua', import.meta.url));

/**
 * Ends a lease and applies the refunds, once however often it is asked for within twice `retriedForMs`: a try that timed out
 * may have been made all the same. Rejects with StoreUnavailableError.
 */
export async function settleInStore(
  store: Store,
  { tenant, id, subjects }: Lease,
  refunds: readonly Refund[],
  retriedForMs: number,
): Promise<void> {
  assertLimits(refunds.map(({ limit }) => limit));
  const { redisKeys } = store;
  await store.run(
    script,
    [
      redisKeys.settlement(tenant, id),
      ...subjects.map((subject) => redisKeys.leases(tenant, subject)),
      ...refunds.map(({ limit }) => redisKeys.rateLimit(tenant, limit.name, limit.subject)),
    ],
    [id, subjects.length, retriedForMs * 2, ...refunds.map(({ limit, amount }) => refillMs(limit, amount))],
  );
}
