import type { Store } from '@ccg/store';
import { findKnown } from '../api-key/import.ts';
import { loadApiKeys } from '../api-key/api-key-record.ts';
import { readIndex } from '../api-key/index-entry.ts';
import { listApiKeys } from '../api-key/list.ts';
import { identityOf } from '../credentials/digests.ts';
import type { ApiKeyIdentity } from '../credentials/digests.ts';
import { listPolicies } from '../policy/list.ts';
import type { ApiKeyView, UserRecord } from '../records.ts';
import { listTenants } from '../tenant/list.ts';
import { listUsers } from '../user/list.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { loadTenant } from '../verb/load.ts';
import type { Page, PageRequest } from '../verb/page.ts';
import { readFields } from '../verb/read-fields.ts';
import type { Result } from '../verb/result.ts';
import type { CurrentTenant, FoundApiKey } from './drift.ts';
import type { WantedDirectory, WantedTenant } from './wanted.ts';

/**
 * Reads what the store has of what the file names; for a prune also all that the file owns, in every tenant, which takes
 * time in proportion to all API keys and users.
 */
export async function readCurrent(
  deps: TenancyDependencies,
  actor: Actor,
  { tenants }: WantedDirectory,
  { prune }: { readonly prune: boolean },
): Promise<ReadonlyMap<string, CurrentTenant>> {
  const current = new Map<string, CurrentTenant>();
  const seen = new Set<string>();
  for (const tenant of tenants) current.set(tenant.id, await readTenant(deps, actor, tenant, { prune, seen }));
  if (!prune) return current;
  const others = await allOf((page) => listTenants(deps, actor, page));
  for (const { id } of others) {
    if (current.has(id)) continue;
    const nothing = { id, name: '', allowlist: {}, policies: [], users: [], apiKeys: [] };
    current.set(id, await readTenant(deps, actor, nothing, { prune, seen }));
  }
  return current;
}

async function readTenant(
  deps: TenancyDependencies,
  actor: Actor,
  { id: tenant, users, apiKeys }: WantedTenant,
  { prune, seen }: { readonly prune: boolean; readonly seen: Set<string> },
): Promise<CurrentTenant> {
  const found: FoundApiKey[] = [];
  for (const key of apiKeys) found.push(await findApiKey(deps, tenant, identityOf(deps.peppers, key), seen));
  const record = (await loadTenant(deps.store, tenant))?.tenant.item;
  if (record === undefined) {
    return { record: undefined, policies: [], users: [], apiKeys: found, ownedApiKeys: [] };
  }
  const named = await readUsers(
    deps.store,
    tenant,
    users.map(({ name }) => name),
  );
  const owned = prune ? await allOf((page) => listUsers(deps, actor, { tenant, ...page })) : [];
  const ids = new Set(named.map(({ id }) => id));
  return {
    record,
    policies: await allOf((page) => listPolicies(deps, actor, { tenant, ...page })),
    users: [...named, ...owned.filter(({ id, origin }) => origin === 'file' && !ids.has(id))],
    apiKeys: found,
    ownedApiKeys: prune ? (await allOf((page) => listApiKeys(deps, actor, { tenant, ...page }))).filter(isOwned) : [],
  };
}

function isOwned({ origin, state }: ApiKeyView): boolean {
  return origin === 'file' && state !== 'revoked';
}

/** `seen` holds the digests of the API keys before it in the file. */
async function findApiKey(
  { store }: TenancyDependencies,
  tenant: string,
  { digests, leading, isComplete }: ApiKeyIdentity,
  seen: Set<string>,
): Promise<FoundApiKey> {
  const isRepeated = digests.some((digest) => seen.has(digest));
  for (const digest of digests) seen.add(digest);
  if (isRepeated) return { kind: 'repeated' };
  const known = await findKnown(store, tenant, digests);
  if (known === undefined) return { kind: isComplete ? 'absent' : 'uncertain' };
  if (known === 'elsewhere') return { kind: 'elsewhere' };
  if (known.outcome === 'revoked') return { kind: 'revoked' };
  const [loaded] = await loadApiKeys(store, tenant, [known.id]);
  if (loaded === undefined) return { kind: 'absent' };
  const entries = await readIndex(store, leading);
  return { kind: 'active', record: loaded.item, isIndexed: entries.every((entry) => entry?.id === known.id) };
}

/** Users by their names, without those that do not exist. */
async function readUsers(store: Store, tenant: string, names: readonly string[]): Promise<readonly UserRecord[]> {
  const namesKey = store.redisKeys.userNames(tenant);
  const usersKey = store.redisKeys.users(tenant);
  const ids = await readFields(
    store,
    names.map((field) => ({ key: namesKey, field })),
  );
  const texts = await readFields(
    store,
    ids.flatMap((field) => (field === undefined ? [] : [{ key: usersKey, field }])),
  );
  return texts.flatMap((text) => (text === undefined ? [] : [JSON.parse(text) as UserRecord]));
}

const pageSize = 200;

/** All items of a list; none where the tenant does not exist any more. */
async function allOf<Item>(list: (page: PageRequest) => Promise<Result<Page<Item>>>): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (let cursor: string | undefined; ;) {
    const result = await list({ limit: pageSize, cursor });
    if (result.kind === 'refused') return items;
    items.push(...result.value.items);
    cursor = result.value.nextCursor;
    if (cursor === undefined) return items;
  }
}
