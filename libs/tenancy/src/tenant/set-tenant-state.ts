import type { TenantRecord } from '../records.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { announce } from '../verb/announce.ts';
import { requireOperator } from '../verb/authorize.ts';
import { loadTenant } from '../verb/load.ts';
import { isSameRecord, withState } from '../verb/ownership.ts';
import type { Result } from '../verb/result.ts';
import { refused } from '../verb/result.ts';
import { runWrite } from '../verb/run-verb.ts';
import { tenantCheck, tenantWrite } from './tenant-record.ts';

type Input = { readonly tenant: string };

/** Stops every credential of a tenant, on every replica. For operators. */
export async function suspendTenant(deps: TenancyDependencies, actor: Actor, { tenant }: Input) {
  return await setState(deps, actor, tenant, 'suspended');
}

/** Lets a suspended tenant go on. For operators. */
export async function resumeTenant(deps: TenancyDependencies, actor: Actor, { tenant }: Input) {
  return await setState(deps, actor, tenant, 'active');
}

async function setState(
  deps: TenancyDependencies,
  actor: Actor,
  tenant: string,
  state: TenantRecord['state'],
): Promise<Result<TenantRecord>> {
  const { store } = deps;
  const action = state === 'active' ? 'tenant.resume' : 'tenant.suspend';
  const result = await runWrite(deps, actor, { action, tenant, subject: { kind: 'tenant', id: tenant } }, async () => {
    const refusal = requireOperator(actor.principal, 'write');
    if (refusal !== undefined) return refused(refusal);
    const loaded = await loadTenant(store, tenant);
    if (loaded === undefined) return refused({ kind: 'unknown', subject: 'tenant' });
    const item = withState(loaded.tenant.item, state, actor);
    if (isSameRecord(item, loaded.tenant.item)) return { kind: 'done', value: item };
    const change = { checks: [tenantCheck(store, tenant, loaded.tenant)], writes: [tenantWrite(store, item)] };
    return { kind: 'change', change, value: item };
  });
  // Also when nothing was to be written: a call that broke off before may not have said it.
  if (result.kind === 'done') await announce(store, { kind: 'tenant', tenant });
  return result;
}
