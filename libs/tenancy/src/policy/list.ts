import type { PolicyRecord } from '../records.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { requireTenant } from '../verb/authorize.ts';
import { loadTenant } from '../verb/load.ts';
import { readPage } from '../verb/page.ts';
import type { Page, PageRequest } from '../verb/page.ts';
import type { Result } from '../verb/result.ts';
import { done, refused } from '../verb/result.ts';
import { runRead } from '../verb/run-verb.ts';

/** Lists the policies of a tenant by their names. */
export async function listPolicies(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, ...request }: PageRequest & { readonly tenant: string },
): Promise<Result<Page<PolicyRecord>>> {
  const { store } = deps;
  const deed = { action: 'policy.read', tenant, subject: { kind: 'policy', id: '*' } } as const;
  return await runRead(deps, actor, deed, async () => {
    const refusal = requireTenant(actor.principal, tenant, 'read');
    if (refusal !== undefined) return refused(refusal);
    const unknown = { kind: 'unknown', subject: 'tenant' } as const;
    if ((await loadTenant(store, tenant)) === undefined) return refused(unknown);
    const page = await readPage(store, store.redisKeys.policyList(tenant), request);
    if ('kind' in page) return refused(page);
    const loaded = await loadTenant(store, tenant, { policies: page.items });
    if (loaded === undefined) return refused(unknown);
    return done({ ...page, items: loaded.policies.flatMap((one) => (one === undefined ? [] : [one.item])) });
  });
}
