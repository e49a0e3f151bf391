import type { Store } from '@ccg/store';
import type { TenantRecord } from '../records.ts';
import { textAt } from '../verb/read-fields.ts';

/** A record as it was read, with the text by which a commit tells that nobody has written in between. */
export interface Loaded<Item> {
  readonly item: Item;
  /** Undefined for a record of the first version, which had none in one text. */
  readonly text: string | undefined;
}

const tenantFields = ['record', 'name', 'createdAt'] as const;

/** What a tenant's hash must be asked for: its record, and what the first version wrote in its place. */
export function tenantReads(store: Store, tenant: string) {
  const key = store.redisKeys.tenant(tenant);
  return tenantFields.map((field) => ({ key, field }));
}

/** Reads the reply to those fields. A tenant of the first version had no allowlist, and may go on using every model. */
export function tenantOf(tenant: string, reply: unknown): Loaded<TenantRecord> | undefined {
  const text = textAt(reply, 0);
  if (text !== undefined) return { item: JSON.parse(text) as TenantRecord, text };
  const name = textAt(reply, 1);
  if (name === undefined) return undefined;
  const createdAt = textAt(reply, 2) ?? new Date(0).toISOString();
  return {
    item: { id: tenant, name, state: 'active', allowlist: { models: ['*'] }, policies: [], createdAt },
    text: undefined,
  };
}

export function tenantWrite(store: Store, item: TenantRecord) {
  return {
    kind: 'set',
    key: store.redisKeys.tenant(item.id),
    field: 'record',
    value: JSON.stringify(item),
  } as const;
}

export function tenantCheck(store: Store, tenant: string, loaded: Loaded<TenantRecord> | undefined) {
  return { key: store.redisKeys.tenant(tenant), field: 'record', value: loaded?.text };
}
