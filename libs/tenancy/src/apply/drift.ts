import { plainLimits } from '../limits.ts';
import type { Allowlist } from '../principal.ts';
import type { ApiKeyRecord, ApiKeyView, PolicyRecord, TenantRecord, UserRecord } from '../records.ts';
import type { WantedApiKey, WantedDirectory, WantedPolicy, WantedTenant, WantedUser } from './wanted.ts';

/** One difference between the file and the store, as it is shown to people. It holds no values. */
export interface Change {
  readonly action: 'create' | 'update' | 'suspend' | 'resume' | 'revoke' | 'remove';
  readonly kind: 'tenant' | 'user' | 'policy' | 'api-key';
  readonly tenant: string;
  /** Of a user or an API key that does not exist yet, its name. */
  readonly id: string;
  /** Of users and API keys. */
  readonly name?: string | undefined;
  /** Of an update: what differs. `origin` is the taking over of what the API made. */
  readonly fields?: readonly string[] | undefined;
}

interface Step<Kind extends Change['kind'], Action extends Change['action']> extends Change {
  readonly kind: Kind;
  readonly action: Action;
}

/** A change with what is needed to make it. */
export type DriftStep =
  | (Step<'tenant', 'create' | 'update'> & { readonly wanted: WantedTenant })
  | Step<'tenant', 'suspend' | 'resume'>
  | (Step<'policy', 'create' | 'update'> & { readonly wanted: WantedPolicy })
  | Step<'policy', 'remove'>
  | (Step<'user', 'create' | 'update'> & { readonly wanted: WantedUser })
  | Step<'user', 'suspend' | 'resume'>
  | (Step<'api-key', 'create' | 'update'> & { readonly wanted: WantedApiKey })
  | Step<'api-key', 'revoke'>;

/** Something of the file that cannot be brought into the store, and what to do about it. */
export interface ApplyProblem {
  readonly kind: Change['kind'];
  readonly tenant: string;
  /** Of users and API keys, the name. */
  readonly id: string;
  readonly message: string;
}

export interface Drift {
  /** In the order in which they are made: what is named comes before what names it. */
  readonly steps: readonly DriftStep[];
  readonly problems: readonly ApplyProblem[];
}

/** What the store has of an API key of the file. */
export type FoundApiKey =
  | { readonly kind: 'absent' }
  /** It may be there under the digest of another pepper, which the file does not have. */
  | { readonly kind: 'uncertain' }
  /** Another tenant has it, or had it. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'revoked' }
  /** The same API key stands before it in the file. */
  | { readonly kind: 'repeated' }
  /** `isIndexed`: its digests lead to it, so it works. */
  | { readonly kind: 'active'; readonly record: ApiKeyRecord; readonly isIndexed: boolean };

/** What the store has of one tenant: what the file names, and for a prune what the file owns. */
export interface CurrentTenant {
  readonly record: TenantRecord | undefined;
  readonly policies: readonly PolicyRecord[];
  readonly users: readonly UserRecord[];
  /** In the order of the file. */
  readonly apiKeys: readonly FoundApiKey[];
  /** Those that are active and that the file owns; empty without a prune. */
  readonly ownedApiKeys: readonly ApiKeyView[];
}

export interface DriftOptions {
  /** Whether what the file owns and names no more is ended. */
  readonly prune: boolean;
  readonly nowMs: number;
}

const noTenant: CurrentTenant = { record: undefined, policies: [], users: [], apiKeys: [], ownedApiKeys: [] };

/** What must change so that the store has what the file says. What the API made is left alone unless the file names it. */
export function drift(
  wanted: WantedDirectory,
  current: ReadonlyMap<string, CurrentTenant>,
  options: DriftOptions,
): Drift {
  const ofFile = wanted.tenants.map((tenant) =>
    tenantDrift(tenant, wanted.policies, current.get(tenant.id) ?? noTenant, options),
  );
  const named = new Set(wanted.tenants.map(({ id }) => id));
  const leftOver = options.prune ? [...current].filter(([id]) => !named.has(id)) : [];
  return {
    steps: [
      ...ofFile.flatMap(({ steps }) => steps),
      ...leftOver.flatMap(([id, tenant]) => [...suspendTenant(id, tenant), ...pruned(id, tenant, noNames)]),
    ],
    problems: ofFile.flatMap(({ problems }) => problems),
  };
}

function tenantDrift(
  wanted: WantedTenant,
  policies: readonly WantedPolicy[],
  current: CurrentTenant,
  { prune, nowMs }: DriftOptions,
): Drift {
  const { id: tenant, users, apiKeys } = wanted;
  const keys = apiKeys.map((key, at) => apiKeyDrift(tenant, key, current, { at, nowMs }));
  const names = {
    policies: new Set(policies.map(({ name }) => name)),
    users: new Set(users.map(({ name }) => name)),
    apiKeyIds: new Set(current.apiKeys.flatMap((found) => (found.kind === 'active' ? [found.record.id] : []))),
  };
  const create = { action: 'create', kind: 'tenant', tenant, id: tenant, wanted } as const;
  return {
    steps: [
      ...(current.record === undefined ? [create] : []),
      ...policies.flatMap((policy) => policyDrift(tenant, policy, current)),
      ...users.flatMap((user) => userDrift(tenant, user, current)),
      ...(current.record === undefined ? [] : recordDrift(wanted, current.record)),
      ...keys.flatMap(({ steps }) => steps),
      ...(prune ? pruned(tenant, current, names) : []),
    ],
    problems: keys.flatMap(({ problems }) => problems),
  };
}

function recordDrift(wanted: WantedTenant, record: TenantRecord): readonly DriftStep[] {
  const at = { kind: 'tenant', tenant: wanted.id, id: wanted.id } as const;
  const fields = differing({
    name: [wanted.name, record.name],
    allowlist: [plain(wanted.allowlist), plain(record.allowlist)],
    limits: [plainLimits(wanted.limits), plainLimits(record.limits)],
    timeZone: [wanted.timeZone ?? 'UTC', record.timeZone ?? 'UTC'],
    contact: [wanted.contact, record.contact],
    waitingWeight: [wanted.waitingWeight ?? 1, record.waitingWeight ?? 1],
    policies: [wanted.policies, record.policies],
    origin: ['file', record.origin],
  });
  return [
    ...(fields.length === 0 ? [] : [{ action: 'update', ...at, fields, wanted } as const]),
    ...(record.suspendedBy === 'file' ? [{ action: 'resume', ...at } as const] : []),
  ];
}

function policyDrift(tenant: string, wanted: WantedPolicy, { policies }: CurrentTenant): readonly DriftStep[] {
  const record = policies.find(({ name }) => name === wanted.name);
  const at = { kind: 'policy', tenant, id: wanted.name, wanted } as const;
  if (record === undefined) return [{ action: 'create', ...at }];
  const fields = differing({
    allowlist: [plain(wanted.allowlist), plain(record.allowlist)],
    origin: ['file', record.origin],
  });
  return fields.length === 0 ? [] : [{ action: 'update', ...at, fields }];
}

function userDrift(tenant: string, wanted: WantedUser, { users }: CurrentTenant): readonly DriftStep[] {
  const { name } = wanted;
  const record = users.find((user) => user.name === name);
  if (record === undefined) return [{ action: 'create', kind: 'user', tenant, id: name, name, wanted }];
  const at = { kind: 'user', tenant, id: record.id, name } as const;
  const fields = differing({
    allowlist: [plain(wanted.allowlist), plain(record.allowlist)],
    policies: [wanted.policies, record.policies],
    group: [wanted.group, record.group],
    waitingWeight: [wanted.waitingWeight ?? 1, record.waitingWeight ?? 1],
    origin: ['file', record.origin],
  });
  return [
    ...(fields.length === 0 ? [] : [{ action: 'update', ...at, fields, wanted } as const]),
    ...(record.suspendedBy === 'file' ? [{ action: 'resume', ...at } as const] : []),
  ];
}

function apiKeyDrift(
  tenant: string,
  wanted: WantedApiKey,
  { users, apiKeys }: CurrentTenant,
  { at, nowMs }: { readonly at: number; readonly nowMs: number },
): Drift {
  const { name } = wanted;
  const found = apiKeys[at] ?? { kind: 'absent' };
  const isOver = wanted.expiresAtMs !== undefined && wanted.expiresAtMs <= nowMs;
  if (found.kind === 'active') {
    const { record, isIndexed } = found;
    const owner = users.find((user) => user.name === wanted.owner);
    const fields = [...apiKeyFields(wanted, owner?.id, record), ...(isIndexed ? [] : ['digest'])];
    const step = { action: 'update', kind: 'api-key', tenant, id: record.id, name, fields, wanted } as const;
    return { steps: fields.length === 0 ? [] : [step], problems: [] };
  }
  if (found.kind === 'absent' && !isOver) {
    return { steps: [{ action: 'create', kind: 'api-key', tenant, id: name, name, wanted }], problems: [] };
  }
  const message = apiKeyProblems[found.kind];
  return { steps: [], problems: [{ kind: 'api-key', tenant, id: name, message }] };
}

const apiKeyProblems: Readonly<Record<Exclude<FoundApiKey['kind'], 'active'>, string>> = {
  absent: 'It has expired, so it is not created. Remove it from the file, or give it a later expiresAt.',
  uncertain:
    'Its digests under each pepper are needed while KEY_PEPPER_PREVIOUS is set. `ccg keys digest` prints them if it has the same KEY_PEPPER and KEY_PEPPER_PREVIOUS.',
  elsewhere: 'It belongs to another tenant, or did so before. Make a new API key for this one.',
  revoked: 'It was revoked, and stays so. Remove it from the file, or put a new API key there.',
  repeated: 'It stands in the file twice, such as by its text and by its digest. Keep one.',
};

function apiKeyFields(wanted: WantedApiKey, ownerId: string | undefined, record: ApiKeyRecord): readonly string[] {
  const { owner, expiresAt, successor } = record;
  const endsAtMs = expiresAt === undefined ? undefined : Date.parse(expiresAt);
  const isService = wanted.owner === undefined && owner.kind === 'service';
  const isOwner = isService || (ownerId !== undefined && owner.kind === 'user' && owner.id === ownerId);
  return differing({
    name: [wanted.name, record.name],
    owner: [true, isOwner],
    scopes: [[...new Set(wanted.scopes)], record.scopes],
    allowlist: [plain(wanted.allowlist), plain(record.allowlist)],
    policies: [wanted.policies, record.policies],
    // A rotation has given it an end, and the file does not undo that.
    expiresAt: successor === undefined ? [wanted.expiresAtMs, endsAtMs] : [],
    origin: ['file', record.origin],
  });
}

interface Names {
  readonly policies: ReadonlySet<string>;
  readonly users: ReadonlySet<string>;
  readonly apiKeyIds: ReadonlySet<string>;
}

const noNames: Names = { policies: new Set(), users: new Set(), apiKeyIds: new Set() };

/** Ends what the file owns and names no more. A policy goes last: until then others may have it. */
function pruned(tenant: string, { policies, users, ownedApiKeys }: CurrentTenant, names: Names): readonly DriftStep[] {
  return [
    ...ownedApiKeys
      .filter(({ id }) => !names.apiKeyIds.has(id))
      .map(({ id, name }) => ({ action: 'revoke', kind: 'api-key', tenant, id, name }) as const),
    ...users
      .filter(({ origin, name }) => origin === 'file' && !names.users.has(name))
      .map(({ id, name }) => ({ action: 'suspend', kind: 'user', tenant, id, name }) as const),
    ...policies
      .filter(({ origin, name }) => origin === 'file' && !names.policies.has(name))
      .map(({ name }) => ({ action: 'remove', kind: 'policy', tenant, id: name }) as const),
  ];
}

/** Before its users and API keys: all of them stop at once. */
function suspendTenant(tenant: string, { record }: CurrentTenant): readonly DriftStep[] {
  return record?.origin === 'file' ? [{ action: 'suspend', kind: 'tenant', tenant, id: tenant }] : [];
}

/** The names of the fields whose two values are not the same. */
function differing(fields: Readonly<Record<string, readonly unknown[]>>): readonly string[] {
  return Object.entries(fields).flatMap(([name, [wanted, current]]) =>
    JSON.stringify(wanted) === JSON.stringify(current) ? [] : [name],
  );
}

/** In one order, whoever wrote it. */
function plain(allowlist: Allowlist | undefined): unknown {
  return allowlist === undefined ? undefined : [allowlist.models, allowlist.targets];
}
