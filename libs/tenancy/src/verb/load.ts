import type { Store } from '@ccg/store';
import type { Allowlist } from '../principal.ts';
import type { PolicyRecord, TenantRecord, UserRecord } from '../records.ts';
import { tenantOf, tenantReads } from '../tenant/tenant-record.ts';
import type { Loaded } from '../tenant/tenant-record.ts';
import { idIssues, issue } from './fields.ts';
import { readFields } from './read-fields.ts';
import type { FieldIssue } from './result.ts';

/** What a verb wants to know of a tenant. */
interface Query {
  readonly user?: string | undefined;
  readonly policies?: readonly string[] | undefined;
}

export interface LoadedTenant {
  readonly tenant: Loaded<TenantRecord>;
  readonly user: Loaded<UserRecord> | undefined;
  /** In the order of the query; undefined for one that does not exist. */
  readonly policies: readonly (Loaded<PolicyRecord> | undefined)[];
}

/** Reads a tenant with one of its users and some of its policies; undefined where the tenant does not exist. */
export async function loadTenant(
  store: Store,
  tenant: string,
  { user, policies = [] }: Query = {},
): Promise<LoadedTenant | undefined> {
  if (!isTenantId(tenant)) return undefined;
  const { redisKeys } = store;
  const ofTenant = tenantReads(store, tenant);
  const userRead = { key: redisKeys.users(tenant), field: user ?? '' };
  const policyReads = policies.map((field) => ({ key: redisKeys.policies(tenant), field }));
  const texts = await readFields(store, [...ofTenant, userRead, ...policyReads]);
  const found = tenantOf(tenant, texts);
  if (found === undefined) return undefined;
  const [userText, ...policyTexts] = texts.slice(ofTenant.length);
  return {
    tenant: found,
    user: parse<UserRecord>(userText),
    policies: policyTexts.map((text) => parse<PolicyRecord>(text)),
  };
}

/** A text that can be no tenant's id never gets into a redis key. */
export function isTenantId(text: string): boolean {
  return idIssues('id', text).length === 0;
}

/** Whether a text can be an id that was made here. */
export function isMadeId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/u.test(text);
}

function parse<Item>(text: string | undefined): Loaded<Item> | undefined {
  return text === undefined ? undefined : { item: JSON.parse(text) as Item, text };
}

/** The policies that an input names and that do not exist. */
export function missingPolicies(names: readonly string[], { policies }: LoadedTenant): readonly FieldIssue[] {
  return names.flatMap((name, at) =>
    policies[at] === undefined ? [issue(['policies', at], `is no policy of this tenant: ${name.slice(0, 63)}`)] : [],
  );
}

/** The levels that an own allowlist and named policies make. */
export function levelsOf(
  allowlist: Allowlist | undefined,
  policies: readonly (Loaded<PolicyRecord> | undefined)[],
): readonly Allowlist[] {
  return [
    ...(allowlist === undefined ? [] : [allowlist]),
    ...policies.map((policy) => policy?.item.allowlist ?? { models: [], targets: [] }),
  ];
}
