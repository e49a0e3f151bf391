import type { Store } from '@ccg/store';
import { fingerprintPepper } from '../credentials/digests.ts';
import type { Peppers } from '../verb/actor.ts';

/**
 * Binds the store to a pepper: the fingerprint of the first caller's stays until a caller has that pepper among its
 * previous ones. On `mismatch` no stored API key can be verified with these peppers, so the process should not start.
 * Throws StoreUnavailableError.
 */
export async function ensurePepper(
  deps: { readonly store: Store },
  { current, previous }: Peppers,
): Promise<'ok' | 'mismatch'> {
  const redisKey = deps.store.redisKeys.pepperFingerprint();
  const fingerprint = fingerprintPepper(current);
  await deps.store.command('set', [redisKey, fingerprint, 'NX']);
  const stored = await deps.store.command('get', [redisKey]);
  if (stored === fingerprint) return 'ok';
  if (!previous.some((pepper) => fingerprintPepper(pepper) === stored)) return 'mismatch';
  await deps.store.command('set', [redisKey, fingerprint]);
  return 'ok';
}
