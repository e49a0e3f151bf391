import type { TenantRecord } from '../records.ts';
import { systemActor } from '../verb/actor.ts';
import type { TenancyDependencies } from '../verb/actor.ts';
import { commit } from '../verb/commit.ts';
import { loadTenant } from '../verb/load.ts';
import { createTenant } from './create.ts';
import type { NewTenant } from './create.ts';
import { tenantCheck, tenantWrite } from './tenant-record.ts';

/**
 * Creates a tenant unless one with that id exists; an existing one is not changed, but one of the first version gets its
 * record and its place in the list. For the start of a process. Throws RangeError for an input with faults.
 */
export async function ensureTenant(deps: TenancyDependencies, tenant: NewTenant): Promise<'created' | 'present'> {
  const { store } = deps;
  const created = await createTenant(deps, systemActor('start'), tenant);
  if (created.kind === 'done') return 'created';
  if (created.refusal.kind !== 'taken') {
    throw new RangeError(
      `The tenant "${tenant.id.slice(0, 63)}" cannot be created: ${JSON.stringify(created.refusal)}`,
    );
  }
  const loaded = await loadTenant(store, tenant.id);
  if (loaded !== undefined && loaded.tenant.text === undefined) {
    await commit(store, store.redisKeys.audit(tenant.id), {
      checks: [tenantCheck(store, tenant.id, loaded.tenant)],
      writes: [tenantWrite(store, loaded.tenant.item satisfies TenantRecord)],
      entry: undefined,
    });
  }
  return 'present';
}
