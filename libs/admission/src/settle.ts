import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { assertBuckets, refillMs } from './bucket.ts';
import type { Credit } from './bucket.ts';

export interface Settlement {
  readonly tenant: string;
  readonly leaseId: string;
  readonly credits: readonly Credit[];
}

const script = loadScript(new URL('./settle.lua', import.meta.url));

/** Ends a lease and credits what it took too much; only the first call for a lease does anything. Rejects with StoreUnavailableError. */
export async function settleInStore(store: Store, { tenant, leaseId, credits }: Settlement): Promise<void> {
  assertBuckets(credits);
  await store.run(
    script,
    [store.redisKeys.rateLimits(tenant), store.redisKeys.leases(tenant)],
    [leaseId, ...credits.flatMap((credit) => [credit.name, refillMs(credit, credit.amount)])],
  );
}
