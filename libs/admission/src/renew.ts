import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { Lease } from './admit.ts';

const script = loadScript(new URL('./renew.lua', import.meta.url));

/** Gives a lease that is still held `ttlMs` from now. Rejects with StoreUnavailableError. */
export async function renewInStore(store: Store, tenant: string, lease: Lease): Promise<void> {
  await store.run(script, [store.redisKeys.leases(tenant)], [lease.id, Math.ceil(lease.ttlMs)]);
}
