import type { Clock } from '@ccg/kernel';
import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';

const script = loadScript(new URL('./revoke-api-key.lua', import.meta.url));

/**
 * Ends an API key for good; again is the same as once. The index entry goes first: what breaks off after it leaves a
 * record that calls itself active and that nothing leads to. Then every replica is told to forget it.
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
  await store.command('publish', [store.redisKeys.revocations(), digest]);
  return 'revoked';
}
