import type { Secret } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import { fingerprintPepper } from '../credentials/fingerprint-pepper.ts';

/**
 * Binds the store to a pepper: the first caller's fingerprint stays. `mismatch` means that no stored API key could
 * ever be verified with this one, so the process should not start. Throws StoreUnavailableError.
 */
export async function ensurePepper(deps: { readonly store: Store }, pepper: Secret): Promise<'ok' | 'mismatch'> {
  const redisKey = deps.store.redisKeys.pepperFingerprint();
  const fingerprint = fingerprintPepper(pepper);
  await deps.store.command('set', [redisKey, fingerprint, 'NX']);
  return (await deps.store.command('get', [redisKey])) === fingerprint ? 'ok' : 'mismatch';
}
