import type { Store } from '@ccg/store';
import type { TenantRecord } from '../records.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { requireOperator, requireTenant } from '../verb/authorize.ts';
import { loadTenant } from '../verb/load.ts';
import { readPage } from '../verb/page.ts';
import type { Page, PageRequest } from '../verb/page.ts';
import type { Result } from '../verb/result.ts';
import { done, refused } from '../verb/result.ts';
import { runRead } from '../verb/run-verb.ts';

/** Lists the tenants by their ids. For operators. */
export async function listTenants(
  deps: TenancyDependencies,
  actor: Actor,
  request: PageRequest = {},
): Promise<Result<Page<TenantRecord>>> {
  const { store } = deps;
  const deed = { action: 'tenant.read', tenant: '*', subject: { kind: 'tenant', id: '*' } } as const;
  return await runRead(deps, actor, deed, async () => {
    const refusal = requireOperator(actor.principal, 'read');
    if (refusal !== undefined) return refused(refusal);
    const page = await readPage(store, store.redisKeys.tenantList(), request);
    if ('kind' in page) return refused(page);
    const loaded = await Promise.all(page.items.map((tenant) => loadTenant(store, tenant)));
    return done({ ...page, items: loaded.flatMap((one) => (one === undefined ? [] : [one.tenant.item])) });
  });
}

/** Reads one tenant. */
export async function getTenant(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant }: { readonly tenant: string },
): Promise<Result<TenantRecord>> {
  const deed = { action: 'tenant.read', tenant, subject: { kind: 'tenant', id: tenant } } as const;
  return await runRead(deps, actor, deed, async () => {
    const refusal = requireTenant(actor.principal, tenant, 'read');
    if (refusal !== undefined) return refused(refusal);
    const loaded = await loadTenant(deps.store, tenant);
    return loaded === undefined ? refused({ kind: 'unknown', subject: 'tenant' }) : done(loaded.tenant.item);
  });
}

/** The ids of all tenants, for the gateway's own work in the background; few at a time are in memory. */
export async function* tenantIds(store: Store): AsyncGenerator<string> {
  let cursor: string | undefined;
  do {
    const page = await readPage(store, store.redisKeys.tenantList(), { limit: 200, cursor });
    if ('kind' in page) return;
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
