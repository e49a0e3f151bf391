import type { Store } from '@ccg/store';
import { commit } from '../verb/commit.ts';
import { apiKeyCheck, apiKeyWrite, loadApiKeys } from './api-key-record.ts';

/**
 * Notes a digest of an API key in its record, so that a revocation marks it as well, and its hint where it came as a
 * digest. Nobody's act, so the audit log has nothing of it.
 */
export async function addDigest(
  store: Store,
  tenant: string,
  id: string,
  { digest, hint }: { readonly digest: string; readonly hint: string | undefined },
): Promise<'added' | 'present' | 'revoked' | 'changed'> {
  const [loaded] = await loadApiKeys(store, tenant, [id]);
  if (loaded === undefined || loaded.item.state === 'revoked') return 'revoked';
  const { item } = loaded;
  const known = { ...item, digests: [...new Set([...item.digests, digest])], hint: item.hint ?? hint };
  if (known.digests.length === item.digests.length && known.hint === item.hint) return 'present';
  const outcome = await commit(store, store.redisKeys.audit(tenant), {
    checks: [apiKeyCheck(store, tenant, id, loaded)],
    writes: [apiKeyWrite(store, tenant, known)],
    entry: undefined,
  });
  return outcome === 'changed' ? outcome : 'added';
}
