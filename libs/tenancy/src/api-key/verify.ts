import type { Clock, Secret } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import { isApiKey } from '../credentials/api-key-format.ts';
import type { Principal } from '../principal.ts';
import { createApiKeyDigests } from './api-key-digests.ts';
import { createBoundedMap } from './bounded-map.ts';
import { parseIndexEntry } from './index-entry.ts';

/** `unavailable`: the store cannot be asked and this process does not remember the API key. Never to be told as "unknown". */
export type Verification =
  | { readonly kind: 'verified'; readonly principal: Principal }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unavailable' };

export interface ApiKeyVerifierOptions {
  readonly store: Store;
  readonly pepper: Secret;
  readonly clock: Clock;
  /** Milliseconds for which a verified API key is not asked for again; the longest a revocation can go unnoticed while Redis is up. */
  readonly cacheMs: number;
  /** Milliseconds for which a verified API key goes on working while the store is unavailable. */
  readonly staleMs: number;
  /** How many API keys are remembered, known and unknown ones each. */
  readonly maxEntries: number;
}

export interface ApiKeyVerifier {
  /** Never rejects for a store that is unavailable. */
  verify(apiKey: Secret): Promise<Verification>;
  /** Stops listening for revocations. */
  close(): void;
}

interface Remembered {
  readonly principal: Principal;
  readonly at: number;
}

const unknown: Verification = { kind: 'unknown' };
const unavailable: Verification = { kind: 'unavailable' };
const longestUnknownMs = 1000;

/** Verifies API keys against the store, with a cache that revocations empty. */
export function createApiKeyVerifier(options: ApiKeyVerifierOptions): ApiKeyVerifier {
  const { store, pepper, clock, cacheMs, staleMs, maxEntries } = options;
  const digestOf = createApiKeyDigests(pepper, maxEntries);
  const unknownMs = Math.min(longestUnknownMs, cacheMs);
  // Apart, so that guessing cannot push out those that work.
  const known = createBoundedMap<Remembered>(maxEntries);
  const strangers = createBoundedMap<number>(maxEntries);
  const loading = new Map<string, Promise<Verification>>();
  let revocations = 0;

  const subscription = store.subscribe(store.redisKeys.revocations(), (digest) => {
    revocations += 1;
    known.delete(digest);
  });

  async function load(digest: string): Promise<Verification> {
    const at = clock.now();
    const revocationsBefore = revocations;
    try {
      const principal = await readPrincipal(store, digest);
      if (principal === undefined) {
        known.delete(digest);
        strangers.set(digest, at);
        return unknown;
      }
      // What was read before a revocation may be the one that was revoked.
      if (revocations === revocationsBefore) known.set(digest, { principal, at });
      return { kind: 'verified', principal };
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      return remembered(digest, staleMs) ?? unavailable;
    }
  }

  function remembered(digest: string, forMs: number): Verification | undefined {
    const entry = known.get(digest);
    if (entry === undefined || !isWithin(forMs, entry.at, clock.now())) return undefined;
    return { kind: 'verified', principal: entry.principal };
  }

  function isStranger(digest: string): boolean {
    const at = strangers.get(digest);
    return at !== undefined && isWithin(unknownMs, at, clock.now());
  }

  return {
    async verify(apiKey) {
      if (!isApiKey(apiKey.reveal())) return unknown;
      const digest = digestOf(apiKey);
      const cached = remembered(digest, cacheMs);
      if (cached !== undefined) return cached;
      if (isStranger(digest)) return unknown;
      const running = loading.get(digest) ?? load(digest).finally(() => loading.delete(digest));
      loading.set(digest, running);
      return running;
    },
    close() {
      subscription.cancel();
    },
  };
}

/** A clock that was set back makes an entry too old, not young for ever. */
function isWithin(ms: number, at: number, now: number): boolean {
  return now >= at && now - at < ms;
}

async function readPrincipal(store: Store, digest: string): Promise<Principal | undefined> {
  const entry = parseIndexEntry(await store.command('get', [store.redisKeys.apiKeyIndex(digest)]));
  if (entry === undefined) return undefined;
  const record = await store.command('hmget', [store.redisKeys.apiKey(entry.tenant, entry.id), 'state', 'user']);
  const [state, user] = Array.isArray(record) ? (record as readonly unknown[]) : [];
  if (state !== 'active') return undefined;
  return {
    kind: 'api-key',
    tenant: entry.tenant,
    apiKeyId: entry.id,
    user: typeof user === 'string' ? user : undefined,
  };
}
