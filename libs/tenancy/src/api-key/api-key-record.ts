import type { Store } from '@ccg/store';
import type { ApiKeyRecord, ApiKeyView } from '../records.ts';
import type { Loaded } from '../tenant/tenant-record.ts';
import { isMadeId } from '../verb/load.ts';
import { memberOf } from '../verb/page.ts';
import { readFields, textAt } from '../verb/read-fields.ts';

/** What an API key's hash is asked for: its record, what the first version wrote in its place, and when it was used. */
const apiKeyFields = [
  'record',
  'state',
  'digest',
  'name',
  'user',
  'hint',
  'createdAt',
  'revokedAt',
  'lastUsedAt',
] as const;

export interface LoadedApiKey extends Loaded<ApiKeyRecord> {
  readonly lastUsedAt: string | undefined;
}

/** Reads API keys of one tenant, in the order of their ids; undefined for those that do not exist. */
export async function loadApiKeys(
  store: Store,
  tenant: string,
  ids: readonly string[],
): Promise<readonly (LoadedApiKey | undefined)[]> {
  const reads = ids.flatMap((id) => {
    const key = store.redisKeys.apiKey(tenant, isMadeId(id) ? id : '');
    return apiKeyFields.map((field) => ({ key, field }));
  });
  const texts = await readFields(store, reads);
  return ids.map((id, at) => apiKeyOf(id, texts.slice(at * apiKeyFields.length, (at + 1) * apiKeyFields.length)));
}

/** Reads the reply to those fields. */
export function apiKeyOf(id: string, reply: unknown): LoadedApiKey | undefined {
  const [text, lastUsedAt] = [textAt(reply, 0), textAt(reply, apiKeyFields.length - 1)];
  if (text !== undefined) return { item: JSON.parse(text) as ApiKeyRecord, text, lastUsedAt };
  const item = firstVersionOf(id, reply);
  return item === undefined ? undefined : { item, text, lastUsedAt };
}

/** An API key of the first version: its fields stood by themselves, and it reached everything of its tenant. */
function firstVersionOf(id: string, reply: unknown): ApiKeyRecord | undefined {
  const [state, digest, name = '', user, hint, createdAt, revokedAt] = [1, 2, 3, 4, 5, 6, 7].map((at) =>
    textAt(reply, at),
  );
  if (state === undefined || digest === undefined) return undefined;
  return {
    id,
    name,
    owner: user === undefined ? { kind: 'service' } : { kind: 'user', id: user },
    state: state === 'active' ? 'active' : 'revoked',
    scopes: ['messages', 'self'],
    policies: [],
    createdAt: createdAt ?? new Date(0).toISOString(),
    revokedAt,
    hint,
    digests: [digest],
  };
}

/** Puts a new API key into the lists in which it is found. */
export function newApiKeyWrites(store: Store, tenant: string, item: ApiKeyRecord) {
  const { redisKeys } = store;
  const member = memberOf(item.id, Date.parse(item.createdAt));
  const list = (key: string) => ({ kind: 'list', key, member }) as const;
  return [
    apiKeyWrite(store, tenant, item),
    list(redisKeys.apiKeyList(tenant)),
    ...(item.owner.kind === 'user' ? [list(redisKeys.apiKeysOfUser(tenant, item.owner.id))] : []),
  ];
}

export function apiKeyWrite(store: Store, tenant: string, item: ApiKeyRecord) {
  return {
    kind: 'set',
    key: store.redisKeys.apiKey(tenant, item.id),
    field: 'record',
    value: JSON.stringify(item),
  } as const;
}

export function apiKeyCheck(store: Store, tenant: string, id: string, loaded: LoadedApiKey | undefined) {
  return { key: store.redisKeys.apiKey(tenant, id), field: 'record', value: loaded?.text };
}

/** Without its digests, which are nobody's business. */
export function viewOf({ item, lastUsedAt }: Pick<LoadedApiKey, 'item' | 'lastUsedAt'>, nowMs: number): ApiKeyView {
  const { digests: _, ...view } = item;
  const isExpired = item.state === 'active' && item.expiresAt !== undefined && Date.parse(item.expiresAt) <= nowMs;
  return { ...view, state: isExpired ? 'expired' : item.state, lastUsedAt };
}
