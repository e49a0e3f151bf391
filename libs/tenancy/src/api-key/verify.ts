import type { Clock, Secret } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { TenantDefaults } from '../principal.ts';
import { digestsUnder } from '../credentials/digests.ts';
import type { Peppers } from '../verb/actor.ts';
import { readAnnouncement } from '../verb/announce.ts';
import { readIndex } from './index-entry.ts';
import type { IndexEntry } from './index-entry.ts';
import { createDigestCache, createMemory, expired, isWithin, neverIssued, revoked } from './memory.ts';
import type { MemoryOptions, Verification } from './memory.ts';
import { noteRefusal, noteUse, rehash } from './note-use.ts';
import { authorizationOf, readAuthorization, sharingOf } from './read-authorization.ts';
import type { AuthorizationRecords } from './read-authorization.ts';

export interface ApiKeyVerifierOptions extends MemoryOptions {
  readonly store: Store;
  readonly peppers: Peppers;
  readonly clock: Clock;
  /** Of tenants that do not say it themselves. */
  readonly defaults: TenantDefaults;
  /** Milliseconds for which a verified principal is reused; the longest time that a missed revocation has no effect while Redis is up. */
  readonly cacheMs: number;
  /** Milliseconds for which a verified API key goes on working while Redis is away. */
  readonly staleMs: number;
  /** How many known and how many unknown API keys are remembered. */
  readonly maxEntries: number;
  /** Called when Redis rejects what is written beside a verification: a fault of ours, for the log. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

export interface ApiKeyVerifier {
  /** What is known of an API key without asking Redis. */
  remembered(apiKey: Secret): Verification | undefined;
  /** Whether an API key was good when Redis was asked last. */
  wasVerified(apiKey: Secret): boolean;
  /** Never rejects because Redis is away. A promise only where Redis has to be asked. */
  verify(apiKey: Secret): Verification | Promise<Verification>;
  /** Whether it can verify anybody now: Redis answers, or an API key is still remembered. */
  canVerify(): boolean;
  /** Stops listening for changes. */
  close(): void;
}

const unavailable: Verification = { kind: 'unavailable' };

/** Verifies API keys against Redis and remembers the principals, until a change or the memory's time ends it. */
export function createApiKeyVerifier(options: ApiKeyVerifierOptions): ApiKeyVerifier {
  const { store, peppers, clock, cacheMs, staleMs, maxEntries } = options;
  const digestOf = createDigestCache(peppers.current, maxEntries);
  const memory = createMemory(options);
  const loading = new Map<string, Promise<Verification>>();
  let lastVerifiedAt = -Infinity;

  const subscription = store.subscribe(store.redisKeys.authorizationChanges(), (message) => {
    const changed = readAnnouncement(message);
    if (changed !== undefined) memory.forget(changed);
  });

  async function load(digest: string, apiKey: Secret): Promise<Verification> {
    const remember = memory.begin(digest);
    const at = clock.now();
    try {
      const verification = await verifyInStore(options, digest, apiKey);
      remember(verification);
      if (verification.kind === 'verified') lastVerifiedAt = at;
      return verification;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      return memory.verified(digest, staleMs) ?? unavailable;
    }
  }

  const rememberedAs = (digest: string) => memory.verified(digest, cacheMs) ?? memory.refused(digest);

  return {
    remembered(apiKey) {
      const digest = digestOf(apiKey);
      return digest === undefined ? neverIssued : rememberedAs(digest);
    },
    wasVerified(apiKey) {
      const digest = digestOf(apiKey);
      return digest !== undefined && memory.wasVerified(digest);
    },
    verify(apiKey) {
      const digest = digestOf(apiKey);
      if (digest === undefined) return neverIssued;
      const cached = rememberedAs(digest);
      if (cached !== undefined) return cached;
      const running = loading.get(digest) ?? load(digest, apiKey).finally(() => loading.delete(digest));
      loading.set(digest, running);
      return running;
    },
    canVerify: () => store.state() !== 'down' || isWithin(staleMs, lastVerifiedAt, clock.now()),
    close() {
      subscription.cancel();
    },
  };
}

/** The index entry belongs to no tenant, so it is read before the one script that reads all that the tenant has. */
async function verifyInStore(options: ApiKeyVerifierOptions, digest: string, apiKey: Secret): Promise<Verification> {
  const { store, peppers, clock, defaults } = options;
  const inBackground = (work: Promise<void>) => {
    void work.catch((error: unknown) => {
      if (!(error instanceof StoreUnavailableError)) options.onFault?.(error);
    });
  };
  const [current] = await readIndex(store, [digest]);
  const entry = current ?? (await findUnderPrevious(store, peppers, apiKey));
  if (entry === undefined) return neverIssued;
  const { tenant, id } = entry;
  const records = entry.kind === 'leads' ? await readAuthorization(store, { tenant, apiKeyId: id }) : undefined;
  const nowMs = clock.now();
  const verification = entry.kind === 'revoked' ? revoked : judgeApiKey(records, nowMs, defaults);
  const isUnsaid = records?.apiKey !== undefined && records.apiKey.item.hint === undefined;
  if (current === undefined || isUnsaid) inBackground(rehash(store, entry, digest, apiKey));
  if (verification.kind === 'verified') inBackground(noteUse(store, entry, records?.apiKey?.lastUsedAt, nowMs));
  else if (verification !== neverIssued) inBackground(noteRefusal(store, entry, reasonOf(verification), nowMs));
  return verification;
}

async function findUnderPrevious(store: Store, peppers: Peppers, apiKey: Secret): Promise<IndexEntry | undefined> {
  if (peppers.previous.length === 0) return undefined;
  const [, ...digests] = digestsUnder(peppers, apiKey);
  return (await readIndex(store, digests)).find((entry) => entry !== undefined);
}

/** An API key that is over is refused before a tenant that is suspended: only the holder of a good one learns of that. */
export function judgeApiKey(
  records: AuthorizationRecords | undefined,
  nowMs: number,
  defaults: TenantDefaults,
): Verification {
  const loaded = records?.apiKey;
  if (records === undefined || loaded === undefined) return neverIssued;
  const { id: apiKeyId, name: apiKeyName, state, owner, expiresAt, scopes } = loaded.item;
  const { tenant, user } = records;
  if (state === 'revoked') return revoked;
  const expiresAtMs = expiresAt === undefined ? undefined : Date.parse(expiresAt);
  if (expiresAtMs !== undefined && nowMs >= expiresAtMs) return expired;
  // The first version knew users by name alone, and had no records of them.
  const isOrphan = owner.kind === 'user' && user === undefined && loaded.text !== undefined;
  if (isOrphan && !isFirstVersionId(apiKeyId)) return neverIssued;
  if (tenant.state === 'suspended') return { kind: 'suspended', of: 'tenant', tenant: tenant.id };
  if (user?.state === 'suspended') return { kind: 'suspended', of: 'user', tenant: tenant.id };
  return {
    kind: 'verified',
    principal: {
      kind: 'api-key',
      tenant: tenant.id,
      apiKeyId,
      apiKeyName,
      user: owner.kind === 'user' ? owner.id : undefined,
      // Of an owner of the first version the id is all that is known.
      userName: owner.kind === 'user' ? (user?.name ?? owner.id) : undefined,
      expiresAtMs,
      ...sharingOf(records, user?.identity?.group),
      authorization: authorizationOf(records, scopes, defaults),
    },
  };
}

/** Its ids were made of 20 hexadecimal digits, in lower case. A random id may look so too, once in 10^11. */
function isFirstVersionId(id: string): boolean {
  return /^key_[0-9a-f]{20}$/u.test(id);
}

function reasonOf(verification: Verification): string {
  return verification.kind === 'unknown' ? verification.reason : verification.kind;
}
