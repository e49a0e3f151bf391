import type { Store } from '@ccg/store';
import type { ApiKeyView } from '../records.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { apiKeyReach } from '../verb/authorize.ts';
import type { ApiKeyReach } from '../verb/authorize.ts';
import { commit } from '../verb/commit.ts';
import { loadTenant } from '../verb/load.ts';
import { memberOf, readPage } from '../verb/page.ts';
import type { Page, PageRequest } from '../verb/page.ts';
import type { Refusal, Result } from '../verb/result.ts';
import { done, refused } from '../verb/result.ts';
import { runRead } from '../verb/run-verb.ts';
import { loadApiKeys, viewOf } from './api-key-record.ts';
import { findApiKey, isReached } from './find.ts';

/** Lists API keys in the order of their creation: all of a tenant or of one user, or with `self` the actor's own. */
export async function listApiKeys(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, user, ...request }: PageRequest & { readonly tenant: string; readonly user?: string | undefined },
): Promise<Result<Page<ApiKeyView>>> {
  const { store } = deps;
  const deed = { action: 'api-key.read', tenant, subject: { kind: 'api-key', id: '*' } } as const;
  return await runRead(deps, actor, deed, async () => {
    const reach = apiKeyReach(actor.principal, tenant, 'read');
    if (reach.kind === 'none') return refused(reach.refusal);
    const loaded = await loadTenant(store, tenant, { user });
    if (loaded === undefined) return refused({ kind: 'unknown', subject: 'tenant' });
    // Of a user who is known, so that nothing else gets into a redis key.
    const isKnown = loaded.user !== undefined && (reach.kind === 'all' || reach.user === user);
    if (user !== undefined && !isKnown) return refused({ kind: 'unknown', subject: 'user' });
    await listUnlisted(store, tenant);
    const page = await readOfReach(deps, tenant, user === undefined ? reach : { kind: 'own', user }, request);
    return 'kind' in page ? refused(page) : done(page);
  });
}

/** Reads one API key. */
export async function getApiKey(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, id }: { readonly tenant: string; readonly id: string },
): Promise<Result<ApiKeyView>> {
  const deed = { action: 'api-key.read', tenant, subject: { kind: 'api-key', id } } as const;
  return await runRead(deps, actor, deed, async () => {
    const reach = apiKeyReach(actor.principal, tenant, 'read');
    if (reach.kind === 'none') return refused(reach.refusal);
    const found = await findApiKey(deps.store, tenant, id, reach);
    return found.kind === 'refused' ? found : done(viewOf(found.loaded, deps.clock.now()));
  });
}

async function readOfReach(
  { store, clock }: TenancyDependencies,
  tenant: string,
  reach: ApiKeyReach,
  request: PageRequest,
): Promise<Page<ApiKeyView> | Refusal> {
  const listKey =
    reach.kind === 'own' ? store.redisKeys.apiKeysOfUser(tenant, reach.user) : store.redisKeys.apiKeyList(tenant);
  const page = await readPage(store, listKey, request);
  if ('kind' in page) return page;
  const loaded = await loadApiKeys(store, tenant, page.items);
  const nowMs = clock.now();
  const items = loaded.flatMap((one) => (one === undefined || !isReached(one.item, reach) ? [] : [viewOf(one, nowMs)]));
  return { ...page, items };
}

/** API keys of the first version stood in a set. They come first in the list. */
async function listUnlisted(store: Store, tenant: string): Promise<void> {
  const { redisKeys } = store;
  const reply = await store.command('smembers', [redisKeys.unlistedApiKeys(tenant)]);
  const ids = Array.isArray(reply) ? reply.map(String) : [];
  if (ids.length === 0) return;
  const key = redisKeys.apiKeyList(tenant);
  const writes = ids.map((id) => ({ kind: 'list', key, member: memberOf(id, 0) }) as const);
  await commit(store, redisKeys.audit(tenant), { checks: [], writes, entry: undefined });
  await store.command('del', [redisKeys.unlistedApiKeys(tenant)]);
}
