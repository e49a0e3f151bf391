import type { Store } from '@ccg/store';
import type { ApiKeyRecord } from '../records.ts';
import type { ApiKeyReach } from '../verb/authorize.ts';
import { isTenantId, loadTenant } from '../verb/load.ts';
import type { Refusal } from '../verb/result.ts';
import { refused } from '../verb/result.ts';
import { loadApiKeys } from './api-key-record.ts';
import type { LoadedApiKey } from './api-key-record.ts';

/** Finds an API key within an actor's reach. One beyond it is as unknown as one that does not exist. */
export async function findApiKey(
  store: Store,
  tenant: string,
  id: string,
  reach: Exclude<ApiKeyReach, { kind: 'none' }>,
): Promise<
  { readonly kind: 'found'; readonly loaded: LoadedApiKey } | { readonly kind: 'refused'; readonly refusal: Refusal }
> {
  if (!isTenantId(tenant)) return refused({ kind: 'unknown', subject: 'tenant' });
  const [loaded] = await loadApiKeys(store, tenant, [id]);
  if (loaded !== undefined && isReached(loaded.item, reach)) return { kind: 'found', loaded };
  const subject = (await loadTenant(store, tenant)) === undefined ? 'tenant' : 'api-key';
  return refused({ kind: 'unknown', subject });
}

export function isReached({ owner }: ApiKeyRecord, reach: ApiKeyReach): boolean {
  if (reach.kind === 'all') return true;
  return reach.kind === 'own' && owner.kind === 'user' && owner.id === reach.user;
}
