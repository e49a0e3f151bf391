import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { Lease } from './leases.ts';
import { assertLimits, refillMs } from './limits.ts';
import type { Refund } from './limits.ts';

const script = loadScript(new URL('./settle.lua', import.meta.url));

/** Ends a lease and applies the refunds; the caller takes care that it happens once. Rejects with StoreUnavailableError. */
export async function settleInStore(store: Store, lease: Lease, refunds: readonly Refund[]): Promise<void> {
  assertLimits(refunds.map(({ limit }) => limit));
  const { redisKeys } = store;
  await store.run(
    script,
    [
      ...lease.subjects.map((subject) => redisKeys.leases(lease.tenant, subject)),
      ...refunds.map(({ limit }) => redisKeys.rateLimit(lease.tenant, limit.name, limit.subject)),
    ],
    [lease.id, lease.subjects.length, ...refunds.map(({ limit, amount }) => refillMs(limit, amount))],
  );
}
