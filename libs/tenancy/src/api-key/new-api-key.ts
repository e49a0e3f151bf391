import type { Scope, Secret } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import type { Allowlist, Principal } from '../principal.ts';
import type { ApiKeyOwner, ApiKeyRecord } from '../records.ts';
import { randomBase62 } from '../credentials/api-key-format.ts';
import type { ApiKeyView } from '../records.ts';
import { viewOf } from './api-key-record.ts';
import type { TenancyDependencies } from '../verb/actor.ts';
import { beyondOwn } from '../verb/authorize.ts';
import type { ApiKeyReach } from '../verb/authorize.ts';
import {
  allowlistIssues,
  distinct,
  expiryIssues,
  invalid,
  issue,
  nameIssues,
  policiesIssues,
  scopesIssues,
} from '../verb/fields.ts';
import { levelsOf, loadTenant, missingPolicies } from '../verb/load.ts';
import type { LoadedTenant } from '../verb/load.ts';
import type { FieldIssue, Refusal } from '../verb/result.ts';

/** An API key that was just made. This is the only time that its text is shown; it is not stored. */
export interface IssuedApiKey {
  readonly apiKey: Secret;
  readonly record: ApiKeyView;
}

/** What a repeated request is told of an API key: its text was shown once. */
export function answerOf(item: ApiKeyRecord, nowMs: number): Omit<IssuedApiKey, 'apiKey'> {
  return { record: viewOf({ item, lastUsedAt: undefined }, nowMs) };
}

export interface NewApiKey {
  readonly tenant: string;
  /** For people: what it is used for. */
  readonly name: string;
  /** A service unless given; with `self` alone, the actor. */
  readonly owner?: ApiKeyOwner | undefined;
  /** `messages` and `self` unless given. */
  readonly scopes?: readonly Scope[] | undefined;
  readonly allowlist?: Allowlist | undefined;
  readonly policies?: readonly string[] | undefined;
  readonly expiresAtMs?: number | undefined;
}

/** What of an API key is decided by whoever makes it. */
export type Settings = Pick<ApiKeyRecord, 'name' | 'owner' | 'scopes' | 'allowlist' | 'policies' | 'expiresAt'>;

interface SettingsParts {
  readonly store: Store;
  readonly nowMs: number;
  /** Whether the expiry may be in the past. */
  readonly mayBeOver?: boolean;
}

/** Reads what was asked for, or says what is wrong with it and what the actor may not give. */
export async function settingsFor(
  { store, nowMs, mayBeOver = false }: SettingsParts,
  principal: Principal,
  reach: Exclude<ApiKeyReach, { kind: 'none' }>,
  input: NewApiKey,
): Promise<
  { readonly kind: 'settings'; readonly settings: Settings } | { readonly kind: 'refused'; readonly refusal: Refusal }
> {
  const { tenant, name, scopes = ['messages', 'self'], allowlist, policies = [], expiresAtMs } = input;
  const owner = input.owner ?? (reach.kind === 'own' ? { kind: 'user', id: reach.user } : { kind: 'service' });
  const faults = invalid(
    nameIssues(name),
    scopesIssues(scopes),
    allowlistIssues(allowlist),
    policiesIssues(policies),
    expiryIssues(expiresAtMs, mayBeOver ? 0 : nowMs),
  );
  if (faults !== undefined) return { kind: 'refused', refusal: faults };
  const loaded = await loadTenant(store, tenant, { user: owner.kind === 'user' ? owner.id : undefined, policies });
  if (loaded === undefined) return { kind: 'refused', refusal: { kind: 'unknown', subject: 'tenant' } };
  const expiresAt = expiresAtMs === undefined ? undefined : new Date(expiresAtMs).toISOString();
  const settings = { name, owner, scopes: distinct(scopes), allowlist, policies, expiresAt };
  const refusal =
    invalid(missingPolicies(policies, loaded)) ??
    ownerRefusal(owner, reach, loaded) ??
    grantRefusal(principal, settings, loaded, nowMs);
  return refusal === undefined ? { kind: 'settings', settings } : { kind: 'refused', refusal };
}

function ownerRefusal(owner: ApiKeyOwner, reach: ApiKeyReach, { user }: LoadedTenant): Refusal | undefined {
  if (reach.kind === 'own' && (owner.kind !== 'user' || owner.id !== reach.user)) {
    return { kind: 'beyond-actor', issues: ownerIssues };
  }
  return owner.kind === 'user' && user === undefined ? { kind: 'unknown', subject: 'user' } : undefined;
}

const ownerIssues: readonly FieldIssue[] = [issue(['owner'], 'You may only have API keys of your own.')];

/** Whether the actor has what an API key with these settings would have. */
export function grantRefusal(
  principal: Principal,
  settings: Settings,
  loaded: LoadedTenant,
  nowMs: number,
): Refusal | undefined {
  const { owner, scopes, allowlist, expiresAt } = settings;
  const isOwn = owner.kind === 'user' && principal.kind !== 'operator' && principal.user === owner.id;
  return beyondOwn(principal, {
    scopes,
    levels: {
      granted: levelsOf(allowlist, loaded.policies),
      stays: ({ of }) => of === 'tenant' || (of === 'user' && isOwn),
    },
    expiry: { atMs: expiresAt === undefined ? undefined : Date.parse(expiresAt), nowMs },
  });
}

const idLength = 20;

/** A random id: it tells nothing of the API key, and nobody can guess one. */
export function newApiKeyId({ randomBytes }: Pick<TenancyDependencies, 'randomBytes'>): string {
  return `key_${randomBase62(idLength, randomBytes)}`;
}
