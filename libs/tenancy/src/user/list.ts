import type { UserRecord } from '../records.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { requireTenant } from '../verb/authorize.ts';
import { loadTenant } from '../verb/load.ts';
import { readPage } from '../verb/page.ts';
import type { Page, PageRequest } from '../verb/page.ts';
import { readFields } from '../verb/read-fields.ts';
import type { Result } from '../verb/result.ts';
import { done, refused } from '../verb/result.ts';
import { runRead } from '../verb/run-verb.ts';

/** Lists the users of a tenant in the order of their creation. */
export async function listUsers(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, ...request }: PageRequest & { readonly tenant: string },
): Promise<Result<Page<UserRecord>>> {
  const { store } = deps;
  const deed = { action: 'user.read', tenant, subject: { kind: 'user', id: '*' } } as const;
  return await runRead(deps, actor, deed, async () => {
    const refusal = requireTenant(actor.principal, tenant, 'read');
    if (refusal !== undefined) return refused(refusal);
    if ((await loadTenant(store, tenant)) === undefined) return refused({ kind: 'unknown', subject: 'tenant' });
    const page = await readPage(store, store.redisKeys.userList(tenant), request);
    if ('kind' in page) return refused(page);
    const key = store.redisKeys.users(tenant);
    const texts = await readFields(
      store,
      page.items.map((field) => ({ key, field })),
    );
    return done({
      ...page,
      items: texts.flatMap((text) => (text === undefined ? [] : [JSON.parse(text) as UserRecord])),
    });
  });
}

/** Reads one user. */
export async function getUser(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, id }: { readonly tenant: string; readonly id: string },
): Promise<Result<UserRecord>> {
  const deed = { action: 'user.read', tenant, subject: { kind: 'user', id } } as const;
  return await runRead(deps, actor, deed, async () => {
    const refusal = requireTenant(actor.principal, tenant, 'read');
    if (refusal !== undefined) return refused(refusal);
    const loaded = await loadTenant(deps.store, tenant, { user: id });
    if (loaded === undefined) return refused({ kind: 'unknown', subject: 'tenant' });
    return loaded.user === undefined ? refused({ kind: 'unknown', subject: 'user' }) : done(loaded.user.item);
  });
}
