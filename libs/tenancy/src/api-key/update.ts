import type { ApiKeyRecord, ApiKeyView } from '../records.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { announce } from '../verb/announce.ts';
import { requireTenant } from '../verb/authorize.ts';
import { memberOf } from '../verb/page.ts';
import { fileOwned } from '../verb/ownership.ts';
import type { Result } from '../verb/result.ts';
import { refused } from '../verb/result.ts';
import { runWrite } from '../verb/run-verb.ts';
import { apiKeyCheck, apiKeyWrite, viewOf } from './api-key-record.ts';
import { findApiKey } from './find.ts';
import { settingsFor } from './new-api-key.ts';
import type { NewApiKey } from './new-api-key.ts';

/**
 * Gives an API key other settings: all of them, so what is left out is as for a new one. It may end at a time that has
 * passed. One that was rotated keeps its end, and a revoked one stays as it is.
 */
export async function updateApiKey(
  deps: TenancyDependencies,
  actor: Actor,
  { id, ...input }: NewApiKey & { readonly id: string },
): Promise<Result<ApiKeyView>> {
  const { store, clock } = deps;
  const { tenant } = input;
  const deed = { action: 'api-key.update', tenant, subject: { kind: 'api-key', id } } as const;
  const result = await runWrite<ApiKeyView>(deps, actor, deed, async () => {
    const refusal = requireTenant(actor.principal, tenant, 'write');
    if (refusal !== undefined) return refused(refusal);
    const found = await findApiKey(store, tenant, id, { kind: 'all' });
    if (found.kind === 'refused') return found;
    const { item, lastUsedAt } = found.loaded;
    const owned = fileOwned(actor, 'api-key', item);
    if (owned !== undefined) return refused(owned);
    if (item.state === 'revoked') return { kind: 'done', value: viewOf(found.loaded, clock.now()) };
    const parts = { store, nowMs: clock.now(), mayBeOver: true };
    const asked = await settingsFor(parts, actor.principal, { kind: 'all' }, input);
    if (asked.kind === 'refused') return asked;
    const { successor } = item;
    const expiresAt = successor === undefined ? asked.settings.expiresAt : item.expiresAt;
    const after: ApiKeyRecord = { ...item, ...asked.settings, expiresAt, origin: actor.origin };
    const change = {
      checks: [apiKeyCheck(store, tenant, id, found.loaded)],
      writes: [apiKeyWrite(store, tenant, after), ...ownerWrites(deps, tenant, item, after)],
    };
    return {
      kind: 'change',
      change,
      details: { ...asked.settings },
      value: viewOf({ item: after, lastUsedAt }, clock.now()),
    };
  });
  if (result.kind === 'done') await announce(store, { kind: 'api-key', tenant, id });
  return result;
}

/** A new owner has it in their list, the old one no more. */
function ownerWrites({ store }: TenancyDependencies, tenant: string, before: ApiKeyRecord, after: ApiKeyRecord) {
  const member = memberOf(after.id, Date.parse(after.createdAt));
  const write = (kind: 'list' | 'unlist', { owner }: ApiKeyRecord) =>
    owner.kind === 'user' ? [{ kind, key: store.redisKeys.apiKeysOfUser(tenant, owner.id), member } as const] : [];
  return [...write('unlist', before), ...write('list', after)];
}
