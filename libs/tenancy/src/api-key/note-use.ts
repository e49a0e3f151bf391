import type { Secret } from '@ccg/kernel';
import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { apiKeyHint } from '../credentials/api-key-format.ts';
import { commit, untilCommitted } from '../verb/commit.ts';
import { addDigest } from './add-digest.ts';
import { claimIndex, markRevoked } from './index-entry.ts';
import type { IndexEntry } from './index-entry.ts';

const script = loadScript(new URL('./note-time.lua', import.meta.url));
const minuteMs = 60_000;

type Of = Pick<IndexEntry, 'tenant' | 'id'>;

/** Writes when an API key was used, unless that was within the last minute. */
export async function noteUse(store: Store, of: Of, lastUsedAt: string | undefined, nowMs: number): Promise<void> {
  if (lastUsedAt !== undefined && nowMs - Date.parse(lastUsedAt) < minuteMs) return;
  await noteTime(store, of, 'lastUsedAt', nowMs);
}

/** Writes into the audit log that an API key was refused, once a minute: the client is not told why. */
export async function noteRefusal(store: Store, of: Of, reason: string, nowMs: number): Promise<void> {
  if ((await noteTime(store, of, 'refusedAt', nowMs)) === 'recent') return;
  const { tenant, id } = of;
  await commit(store, store.redisKeys.audit(tenant), {
    checks: [],
    writes: [],
    entry: {
      at: new Date(nowMs).toISOString(),
      actor: { kind: 'api-key', tenant, id },
      action: 'api-key.use',
      tenant,
      subject: { kind: 'api-key', id },
      outcome: 'denied',
      details: { reason },
    },
  });
}

async function noteTime(store: Store, { tenant, id }: Of, field: string, nowMs: number): Promise<unknown> {
  const [now, minuteAgo] = [nowMs, nowMs - minuteMs].map((ms) => new Date(ms).toISOString());
  return await store.run(script, [store.redisKeys.apiKey(tenant, id)], [field, now ?? '', minuteAgo ?? '']);
}

/** Lets an API key that was found under a previous pepper be found under the current one; a revoked one as revoked. */
export async function rehash(store: Store, entry: IndexEntry, digest: string, apiKey: Secret): Promise<void> {
  const { kind, tenant, id } = entry;
  if (kind === 'revoked') {
    await markRevoked(store, [digest], { tenant, id });
    return;
  }
  const outcome = await untilCommitted(() => addDigest(store, tenant, id, { digest, hint: apiKeyHint(apiKey) }));
  if (outcome !== 'revoked') await claimIndex(store, digest, entry);
}
