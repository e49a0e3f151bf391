import type { Secret } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import { apiKeyHint, isApiKey } from '../credentials/api-key-format.ts';
import { identityOf } from '../credentials/digests.ts';
import type { ApiKeyIdentity } from '../credentials/digests.ts';
import type { ApiKeyRecord } from '../records.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { requireTenant } from '../verb/authorize.ts';
import { untilCommitted } from '../verb/commit.ts';
import { invalid, issue } from '../verb/fields.ts';
import { isTenantId } from '../verb/load.ts';
import { readFields } from '../verb/read-fields.ts';
import type { Result } from '../verb/result.ts';
import { done, refused } from '../verb/result.ts';
import { runWrite } from '../verb/run-verb.ts';
import { apiKeyCheck, loadApiKeys, newApiKeyWrites } from './api-key-record.ts';
import { addDigest } from './add-digest.ts';
import { claimIndex, markRevoked, readIndex } from './index-entry.ts';
import { newApiKeyId, settingsFor } from './new-api-key.ts';
import type { NewApiKey } from './new-api-key.ts';

/**
 * An API key that exists already, as its text or as the digest of it. There is one digest under each pepper, with commas
 * between them: `ccg keys digest` prints them.
 */
export type ImportedApiKey = NewApiKey & ({ readonly apiKey: Secret } | { readonly digest: string });

export interface StoredApiKey {
  readonly id: string;
  /** `present` and `revoked`: it was stored before, and nothing has changed. */
  readonly outcome: 'created' | 'present' | 'revoked';
}

/**
 * Stores an API key that already exists; a second import changes nothing, and completes one that broke off. It is looked
 * for under every pepper, so that a revoked one stays revoked. One that another tenant has is refused, and so is one that
 * is not found and whose digests are not given under every pepper: it might be there under another.
 */
export async function importApiKey(
  deps: TenancyDependencies,
  actor: Actor,
  input: ImportedApiKey,
): Promise<Result<StoredApiKey>> {
  const { store, peppers } = deps;
  const { tenant } = input;
  const faults = 'apiKey' in input ? textFaults(input.apiKey) : digestFaults(input.digest);
  const identity = identityOf(peppers, input);
  const { leading } = identity;
  const hint = 'apiKey' in input ? apiKeyHint(input.apiKey) : undefined;
  const id = newApiKeyId(deps);
  const deed = { action: 'api-key.import', tenant, subject: { kind: 'api-key', id } } as const;
  const result = await runWrite<StoredApiKey>(deps, actor, deed, async () => {
    const refusal = requireTenant(actor.principal, tenant, 'write') ?? faults;
    if (refusal !== undefined) return refused(refusal);
    if (!isTenantId(tenant)) return refused({ kind: 'unknown', subject: 'tenant' });
    const known = await findKnown(store, tenant, identity.digests);
    if (known === 'elsewhere') return refused({ kind: 'taken', subject: 'api-key', path: ['apiKey'] });
    if (known !== undefined) return { kind: 'done', value: known };
    const missing = identity.isComplete ? undefined : invalid([issue(['digest'], tooFewDigests)]);
    if (missing !== undefined) return refused(missing);
    const nowMs = deps.clock.now();
    const asked = await settingsFor({ store, nowMs }, actor.principal, { kind: 'all' }, input);
    if (asked.kind === 'refused') return asked;
    const createdAt = new Date(nowMs).toISOString();
    const stored = { hint, digests: leading, origin: actor.origin };
    const item: ApiKeyRecord = { id, ...asked.settings, state: 'active', createdAt, ...stored };
    const key = store.redisKeys.importedApiKeys(tenant);
    const imported = leading.map((field) => ({ key, field }));
    const change = {
      checks: [apiKeyCheck(store, tenant, id, undefined), ...imported.map((at) => ({ ...at, value: undefined }))],
      writes: [
        ...newApiKeyWrites(store, tenant, item),
        ...imported.map((at) => ({ kind: 'set', ...at, value: id }) as const),
      ],
    };
    return { kind: 'change', change, details: { ...asked.settings }, value: { id, outcome: 'created' } };
  });
  return result.kind === 'refused' ? result : await complete(store, tenant, identity, result.value, hint);
}

/** What follows the record: the digests lead to it, or are marked as revoked. */
async function complete(
  store: Store,
  tenant: string,
  { digests, leading }: ApiKeyIdentity,
  stored: StoredApiKey,
  hint: string | undefined,
): Promise<Result<StoredApiKey>> {
  const { id, outcome } = stored;
  if (outcome === 'revoked') {
    await markRevoked(store, digests, { tenant, id });
    return done(stored);
  }
  for (const digest of leading) {
    if (outcome === 'present') await untilCommitted(() => addDigest(store, tenant, id, { digest, hint }));
    const entry = await claimIndex(store, digest, { kind: 'leads', tenant, id });
    // Two imports at the same time, each into its own tenant.
    const isOurs = entry?.tenant === tenant && entry.id === id;
    if (!isOurs) return refused({ kind: 'taken', subject: 'api-key', path: ['apiKey'] });
  }
  return done(stored);
}

/**
 * Looks for an API key by its digests: in the index, among the tenant's imports, whose index entry may be missing, and
 * under the ids of the first version, which were made of digests.
 */
export async function findKnown(
  store: Store,
  tenant: string,
  digests: readonly string[],
): Promise<StoredApiKey | 'elsewhere' | undefined> {
  const entries = (await readIndex(store, digests)).filter((entry) => entry !== undefined);
  if (entries.some((entry) => entry.tenant !== tenant)) return 'elsewhere';
  const key = store.redisKeys.importedApiKeys(tenant);
  const imported = await readFields(
    store,
    digests.map((field) => ({ key, field })),
  );
  const ids = [
    ...entries.map((entry) => entry.id),
    ...imported.filter((id) => id !== undefined),
    ...digests.map((digest) => `key_${digest.slice(0, 20)}`),
  ];
  const known = (await loadApiKeys(store, tenant, ids)).filter((one) => one !== undefined);
  const revoked = entries.find(({ kind }) => kind === 'revoked')?.id ?? known.find(isRevoked)?.item.id;
  if (revoked !== undefined) return { id: revoked, outcome: 'revoked' };
  const [first] = known;
  return first === undefined ? undefined : { id: first.item.id, outcome: 'present' };
}

function isRevoked({ item }: { readonly item: ApiKeyRecord }): boolean {
  return item.state === 'revoked';
}

function textFaults(apiKey: Secret) {
  return invalid(isApiKey(apiKey.reveal()) ? [] : [issue(['apiKey'], 'is not an API key of this gateway')]);
}

const tooFewDigests =
  'must be the digests of the API key under each pepper while KEY_PEPPER_PREVIOUS is set. `ccg keys digest` prints them if it has the same KEY_PEPPER and KEY_PEPPER_PREVIOUS';

function digestFaults(digest: string) {
  const isDigest = /^[0-9a-f]{64}(?:,[0-9a-f]{64})*$/u.test(digest);
  return invalid(isDigest ? [] : [issue(['digest'], 'is not the digest of an API key; `ccg keys digest` makes one')]);
}
