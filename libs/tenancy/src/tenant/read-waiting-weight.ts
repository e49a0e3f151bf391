import type { Store } from '@ccg/store';
import { loadTenant } from '../verb/load.ts';

/** How many items of a tenant's batches run where other tenants have one; 1 for a tenant that is not there. */
export async function readWaitingWeight(store: Store, tenant: string): Promise<number> {
  return (await loadTenant(store, tenant))?.tenant.item.waitingWeight ?? 1;
}
