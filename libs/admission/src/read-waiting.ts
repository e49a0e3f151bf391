import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';

const script = loadScript(new URL('./read-waiting.lua', import.meta.url));

/** So many of a tenant are read at once, so that Redis goes on with other work. */
const waitingMax = 2000;

/**
 * The usage records of a tenant's requests that wait for others to end, of 2,000 at most, as they were when the wait began. Rejects
 * with StoreUnavailableError.
 */
export async function readWaiting(store: Store, tenant: string): Promise<readonly string[]> {
  const { redisKeys } = store;
  const keys = [redisKeys.waitingRoom(tenant), redisKeys.waiting(tenant, 'tickets')];
  const reply = await store.run(script, keys, [waitingMax]);
  return Array.isArray(reply) ? reply.map(String) : [];
}
