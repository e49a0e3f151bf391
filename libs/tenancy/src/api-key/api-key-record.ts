import type { Clock, Secret } from '@ccg/kernel';
import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { apiKeyHint } from '../credentials/api-key-format.ts';
import { hashApiKey } from '../credentials/digests.ts';
import { TenantUnknownError } from '../tenant/ensure-tenant.ts';

export interface ApiKeyDependencies {
  readonly store: Store;
  readonly pepper: Secret;
  readonly clock: Clock;
}

export interface NewApiKey {
  readonly tenant: string;
  /** For people: what it is used for. */
  readonly name: string;
  readonly user?: string | undefined;
  readonly apiKey: Secret;
}

export interface StoredApiKey {
  readonly id: string;
  /** `present` and `revoked`: it was stored before, and nothing has changed. */
  readonly outcome: 'created' | 'present' | 'revoked';
}

const script = loadScript(new URL('./create-api-key.lua', import.meta.url));

/** Where a digest leads: the tenant and the id of an API key. */
interface IndexEntry {
  readonly tenant: string;
  readonly id: string;
}

/** Reads the value of an index entry; undefined for anything else. */
export function parseIndexEntry(value: unknown): IndexEntry | undefined {
  if (typeof value !== 'string') return undefined;
  const [tenant, id, ...rest] = value.split(':');
  if (tenant === undefined || id === undefined || rest.length > 0) return undefined;
  return { tenant, id };
}

/** Neither part can contain a colon. */
function formatIndexEntry({ tenant, id }: IndexEntry): string {
  return `${tenant}:${id}`;
}

/**
 * Writes the record of an API key, then the index entry that makes it work. If it breaks off between the two, the
 * record has no effect and a second call completes it. A revoked API key stays revoked.
 */
export async function storeApiKey(
  deps: ApiKeyDependencies,
  { tenant, name, user, apiKey }: NewApiKey,
): Promise<StoredApiKey> {
  const { redisKeys } = deps.store;
  const digest = hashApiKey(deps.pepper, apiKey);
  // The id follows from the API key, so that storing it twice is the same as once.
  const id = `key_${digest.slice(0, 20)}`;
  const index = redisKeys.apiKeyIndex(digest);
  const entry = formatIndexEntry({ tenant, id });
  await assertIndexIsOurs(deps.store, index, entry);
  const record = {
    digest,
    name,
    hint: apiKeyHint(apiKey),
    createdAt: new Date(deps.clock.now()).toISOString(),
    ...(user === undefined ? {} : { user }),
  };
  const outcome = await deps.store.run(
    script,
    [redisKeys.tenant(tenant), redisKeys.apiKey(tenant, id), redisKeys.unlistedApiKeys(tenant)],
    [id, ...Object.entries(record).flat()],
  );
  if (outcome === 'tenant-unknown') throw new TenantUnknownError(tenant);
  if (outcome === 'revoked') return { id, outcome };
  await deps.store.command('set', [index, entry, 'NX']);
  await assertIndexIsOurs(deps.store, index, entry);
  return { id, outcome: outcome === 'created' ? 'created' : 'present' };
}

/** The same API key in two tenants would make one of them act for the other. */
async function assertIndexIsOurs(store: Store, index: string, entry: string): Promise<void> {
  const current = await store.command('get', [index]);
  if (current !== null && current !== entry) throw new Error('This API key belongs to another tenant.');
}
