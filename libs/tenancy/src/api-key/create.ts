import { apiKeyHint, generateApiKey } from '../credentials/api-key-format.ts';
import { hashApiKey } from '../credentials/digests.ts';
import type { ApiKeyRecord } from '../records.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { apiKeyReach } from '../verb/authorize.ts';
import type { Result } from '../verb/result.ts';
import { done, refused } from '../verb/result.ts';
import { runWrite } from '../verb/run-verb.ts';
import { apiKeyCheck, newApiKeyWrites, viewOf } from './api-key-record.ts';
import { claimIndex } from './index-entry.ts';
import { answerOf, newApiKeyId, settingsFor } from './new-api-key.ts';
import type { IssuedApiKey, NewApiKey } from './new-api-key.ts';

/**
 * Creates an API key. Its record is written first, and the index entry that makes it work last: what broke off in
 * between never works.
 */
export async function createApiKey(
  deps: TenancyDependencies,
  actor: Actor,
  input: NewApiKey,
): Promise<Result<IssuedApiKey>> {
  const { store, clock, peppers, randomBytes } = deps;
  const { tenant } = input;
  const apiKey = generateApiKey(randomBytes);
  const digest = hashApiKey(peppers.current, apiKey);
  const id = newApiKeyId(deps);
  const deed = { action: 'api-key.create', tenant, subject: { kind: 'api-key', id } } as const;
  const result = await runWrite<ApiKeyRecord>(deps, actor, deed, async () => {
    const reach = apiKeyReach(actor.principal, tenant, 'write');
    if (reach.kind === 'none') return refused(reach.refusal);
    const asked = await settingsFor({ store, nowMs: clock.now() }, actor.principal, reach, input);
    if (asked.kind === 'refused') return asked;
    const item: ApiKeyRecord = {
      id,
      ...asked.settings,
      state: 'active',
      createdAt: new Date(clock.now()).toISOString(),
      hint: apiKeyHint(apiKey),
      digests: [digest],
    };
    const checks = [apiKeyCheck(store, tenant, id, undefined)];
    const change = { checks, writes: newApiKeyWrites(store, tenant, item) };
    return { kind: 'change', change, details: { ...asked.settings }, value: item, answer: answerOf(item, clock.now()) };
  });
  if (result.kind === 'refused') return result;
  await claimIndex(store, digest, { kind: 'leads', tenant, id });
  return done({ apiKey, record: viewOf({ item: result.value, lastUsedAt: undefined }, clock.now()) });
}
