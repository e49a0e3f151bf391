import type { Secret } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import { fingerprintPepper } from '../credentials/digests.ts';

/**
 * Binds the store to a pepper: the fingerprint of the first caller's stays. On `mismatch` no stored API key can be
 * verified with this pepper, so the process should not start. Throws StoreUnavailableError.
 */
export async function ensurePepper(deps: { readonly store: Store }, pepper: Secret): Promise<'ok' | 'mismatch'> {
  const redisKey = deps.store.redisKeys.pepperFingerprint();
  const fingerprint = fingerprintPepper(pepper);
  await deps.store.command('set', [redisKey, fingerprint, 'NX']);
  return (await deps.store.command('get', [redisKey])) === fingerprint ? 'ok' : 'mismatch';
}
