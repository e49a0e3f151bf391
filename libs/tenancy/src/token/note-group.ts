import { nameFault } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import type { UserRecord } from '../records.ts';
import { commit } from '../verb/commit.ts';
import { loadTenant } from '../verb/load.ts';

/** The group of a token: the first one that people can be shown. */
export function groupOf(groups: readonly string[]): string | undefined {
  return groups.find((name) => nameFault(name) === undefined);
}

/**
 * Writes which group the last token of a user named, for the user's API keys: else a developer would leave the pool of the
 * group with an API key. Nobody is told: two tokens that differ would make every replica read all the time.
 */
export async function noteGroup(
  store: Store,
  tenant: string,
  { id, identity }: UserRecord,
  group: string | undefined,
): Promise<void> {
  if (identity === undefined || identity.group === group) return;
  const loaded = (await loadTenant(store, tenant, { user: id }))?.user;
  if (loaded?.item.identity === undefined) return;
  const item: UserRecord = { ...loaded.item, identity: { ...loaded.item.identity, group } };
  const users = store.redisKeys.users(tenant);
  // If somebody else has changed the user meanwhile, the next verification does it.
  await commit(store, store.redisKeys.audit(tenant), {
    checks: [{ key: users, field: id, value: loaded.text }],
    writes: [{ kind: 'set', key: users, field: id, value: JSON.stringify(item) }],
    entry: undefined,
  });
}
