import type { ApiKeyRecord, ApiKeyView } from '../records.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { announce } from '../verb/announce.ts';
import { apiKeyReach } from '../verb/authorize.ts';
import type { Result } from '../verb/result.ts';
import { refused } from '../verb/result.ts';
import { runWrite } from '../verb/run-verb.ts';
import { apiKeyCheck, apiKeyWrite, viewOf } from './api-key-record.ts';
import { findApiKey } from './find.ts';
import { markRevoked } from './index-entry.ts';

/**
 * Ends an API key for good; a second call does nothing more. The index entries are marked first: if the rest fails, the
 * record still says `active`, but nothing leads to it any more. At last every replica is told to forget the API key.
 */
export async function revokeApiKey(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, id }: { readonly tenant: string; readonly id: string },
): Promise<Result<ApiKeyView>> {
  const { store, clock } = deps;
  const deed = { action: 'api-key.revoke', tenant, subject: { kind: 'api-key', id } } as const;
  const result = await runWrite<ApiKeyView>(deps, actor, deed, async () => {
    const reach = apiKeyReach(actor.principal, tenant, 'write');
    if (reach.kind === 'none') return refused(reach.refusal);
    const found = await findApiKey(store, tenant, id, reach);
    if (found.kind === 'refused') return found;
    const { item, lastUsedAt } = found.loaded;
    await markRevoked(store, item.digests, { tenant, id });
    if (item.state === 'revoked') return { kind: 'done', value: viewOf(found.loaded, clock.now()) };
    const revoked: ApiKeyRecord = { ...item, state: 'revoked', revokedAt: new Date(clock.now()).toISOString() };
    const change = {
      checks: [apiKeyCheck(store, tenant, id, found.loaded)],
      writes: [apiKeyWrite(store, tenant, revoked)],
    };
    return { kind: 'change', change, value: viewOf({ item: revoked, lastUsedAt }, clock.now()) };
  });
  if (result.kind === 'done') await announce(store, { kind: 'api-key', tenant, id });
  return result;
}
