import type { Clock } from '@ccg/kernel';
import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';

const script = loadScript(new URL('./revoke-api-key.lua', import.meta.url));

/**
 * Ends an API key for good; a second call does nothing more. The index entry is deleted first: if the rest fails, the
 * record still says `active`, but nothing leads to it any more. At last every replica is told to forget the API key.
 */
export async function revokeApiKey(
  deps: { readonly store: Store; readonly clock: Clock },
  { tenant, id }: { readonly tenant: string; readonly id: string },
): Promise<'revoked' | 'unknown'> {
  const { store } = deps;
  const record = store.redisKeys.apiKey(tenant, id);
  const digest = await store.command('hget', [record, 'digest']);
  if (typeof digest !== 'string') return 'unknown';
  await store.command('del', [store.redisKeys.apiKeyIndex(digest)]);
  await store.run(script, [record], [new Date(deps.clock.now()).toISOString()]);
  await store.command('publish', [store.redisKeys.authorizationChanges(), digest]);
  return 'revoked';
}
