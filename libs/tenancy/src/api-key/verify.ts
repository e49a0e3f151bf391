import { createBoundedMap } from '@ccg/kernel';
import type { Clock, Secret } from '@ccg/kernel';
import { loadScript, StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import { isApiKey } from '../credentials/api-key-format.ts';
import { fingerprintApiKey, hashApiKey } from '../credentials/digests.ts';
import type { Authorization, TenantPrincipal } from '../principal.ts';
import { parseIndexEntry } from './api-key-record.ts';

/** `unavailable`: Redis is away and this process does not remember the API key. It must never be reported as unknown. */
export type Verification =
  | { readonly kind: 'verified'; readonly principal: TenantPrincipal }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unavailable' };

export interface ApiKeyVerifierOptions {
  readonly store: Store;
  readonly pepper: Secret;
  readonly clock: Clock;
  /** What every verified API key may do. Tenants cannot have an authorization of their own yet. */
  readonly authorization: Authorization;
  /** Milliseconds for which a verified principal is reused; the longest time that a missed revocation has no effect while Redis is up. */
  readonly cacheMs: number;
  /** Milliseconds for which a verified API key goes on working while Redis is away. */
  readonly staleMs: number;
  /** How many known and how many unknown API keys are remembered. */
  readonly maxEntries: number;
}

export interface ApiKeyVerifier {
  /** Never rejects because Redis is away. A promise only where Redis has to be asked. */
  verify(apiKey: Secret): Verification | Promise<Verification>;
  /** Whether it can verify anybody now: Redis answers, or an API key is still remembered. */
  canVerify(): boolean;
  /** Stops listening for revocations. */
  close(): void;
}

interface Remembered {
  readonly verification: Verification;
  readonly at: number;
}

const unknown: Verification = { kind: 'unknown' };
const unavailable: Verification = { kind: 'unavailable' };
const longestUnknownMs = 1000;

const script = loadScript(new URL('./read-principal.lua', import.meta.url));

/** Verifies API keys against Redis and remembers the principals, until a revocation or the cache's time ends it. */
export function createApiKeyVerifier(options: ApiKeyVerifierOptions): ApiKeyVerifier {
  const { store, pepper, clock, cacheMs, staleMs, maxEntries } = options;
  const digestOf = createDigestCache(pepper, maxEntries);
  const memory = createMemory(options);
  const loading = new Map<string, Promise<Verification>>();
  let lastVerifiedAt = -Infinity;

  const subscription = store.subscribe(store.redisKeys.authorizationChanges(), memory.revoke);

  async function load(digest: string): Promise<Verification> {
    const remember = memory.begin(digest);
    const at = clock.now();
    try {
      const principal = await readPrincipal(store, digest, options.authorization);
      remember(principal);
      if (principal === undefined) return unknown;
      lastVerifiedAt = at;
      return { kind: 'verified', principal };
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      return memory.verified(digest, staleMs) ?? unavailable;
    }
  }

  return {
    verify(apiKey) {
      const digest = digestOf(apiKey);
      if (digest === undefined) return unknown;
      const cached = memory.verified(digest, cacheMs);
      if (cached !== undefined) return cached;
      if (memory.isStranger(digest)) return unknown;
      const running = loading.get(digest) ?? load(digest).finally(() => loading.delete(digest));
      loading.set(digest, running);
      return running;
    },
    canVerify: () => store.state() === 'ready' || isWithin(staleMs, lastVerifiedAt, clock.now()),
    close() {
      subscription.cancel();
    },
  };
}

/** What this process knows of API keys, by their digests. */
interface Memory {
  /** The principal of an API key that was verified within that time. */
  verified(digest: string, withinMs: number): Verification | undefined;
  /** Whether an API key was found to be unknown a moment ago. */
  isStranger(digest: string): boolean;
  /** Returns a function that takes what Redis, asked from now on, says; undefined is an unknown API key. */
  begin(digest: string): (principal: TenantPrincipal | undefined) => void;
  revoke(this: void, digest: string): void;
}

function createMemory({ clock, cacheMs, maxEntries }: ApiKeyVerifierOptions): Memory {
  const unknownMs = Math.min(longestUnknownMs, cacheMs);
  // Kept apart, so that guessed API keys cannot push out those that work.
  const known = createBoundedMap<Remembered>(maxEntries);
  const strangers = createBoundedMap<number>(maxEntries);
  let revocations = 0;
  return {
    verified(digest, withinMs) {
      const entry = known.get(digest);
      return entry !== undefined && isWithin(withinMs, entry.at, clock.now()) ? entry.verification : undefined;
    },
    isStranger(digest) {
      const at = strangers.get(digest);
      return at !== undefined && isWithin(unknownMs, at, clock.now());
    },
    begin(digest) {
      const at = clock.now();
      const revocationsBefore = revocations;
      return (principal) => {
        if (principal === undefined) {
          known.delete(digest);
          strangers.set(digest, at);
        } else if (revocations === revocationsBefore) {
          // A revocation that came while Redis was asked may be of this API key.
          known.set(digest, { verification: { kind: 'verified', principal }, at });
        }
      };
    },
    revoke(digest) {
      revocations += 1;
      known.delete(digest);
    },
  };
}

/** A clock that was set back makes an entry too old, not young for ever. */
function isWithin(ms: number, at: number, now: number): boolean {
  return now >= at && now - at < ms;
}

/**
 * Computes the digest of an API key once: it takes longer than the rest of a verification from the cache. Undefined for
 * what cannot be an API key.
 */
function createDigestCache(pepper: Secret, maxEntries: number): (apiKey: Secret) => string | undefined {
  const digests = createBoundedMap<string>(maxEntries);
  return (apiKey) => {
    const fingerprint = fingerprintApiKey(apiKey);
    const known = digests.get(fingerprint);
    if (known !== undefined) return known;
    if (!isApiKey(apiKey.reveal())) return undefined;
    const digest = hashApiKey(pepper, apiKey);
    digests.set(fingerprint, digest);
    return digest;
  };
}

/** The index entry belongs to no tenant, so it is read before the one script that reads all that the tenant has. */
async function readPrincipal(
  store: Store,
  digest: string,
  authorization: Authorization,
): Promise<TenantPrincipal | undefined> {
  const { redisKeys } = store;
  const entry = parseIndexEntry(await store.command('get', [redisKeys.apiKeyIndex(digest)]));
  if (entry === undefined) return undefined;
  const { tenant, id: apiKeyId } = entry;
  const record = await store.run(script, [redisKeys.apiKey(tenant, apiKeyId), redisKeys.tenant(tenant)], []);
  const [state, user] = Array.isArray(record) ? (record as readonly unknown[]) : [];
  if (state !== 'active') return undefined;
  return {
    kind: 'api-key',
    tenant,
    apiKeyId,
    user: typeof user === 'string' ? user : undefined,
    expiresAtMs: undefined,
    authorization,
  };
}
