import { createBoundedMap } from '@ccg/kernel';
import type { Clock, Secret } from '@ccg/kernel';
import { isApiKey } from '../credentials/api-key-format.ts';
import { fingerprintOf, hashApiKey } from '../credentials/digests.ts';
import type { TokenFault } from '../credentials/token/check-token.ts';
import type { TenantPrincipal } from '../principal.ts';
import type { Changed } from '../verb/announce.ts';

/**
 * What became of a credential. `unknown` is one answer to the client whatever its reason, which is for the log.
 * `unavailable`: Redis is away and this process does not remember the credential. It must never be reported as unknown.
 */
export type Verification =
  | { readonly kind: 'verified'; readonly principal: TenantPrincipal }
  | { readonly kind: 'unknown'; readonly reason: 'never-issued' | 'revoked' | 'expired' | TokenFault }
  | Suspended
  | { readonly kind: 'unavailable' }
  /** The keys of the issuer of a token are not here. */
  | { readonly kind: 'issuer-unavailable'; readonly issuer: string };

interface Suspended {
  readonly kind: 'suspended';
  readonly of: 'tenant' | 'user';
  readonly tenant: string;
}

export const neverIssued: Verification = { kind: 'unknown', reason: 'never-issued' };
export const revoked: Verification = { kind: 'unknown', reason: 'revoked' };
export const expired: Verification = { kind: 'unknown', reason: 'expired' };

/** What this process knows of credentials, by their digests. */
export interface Memory {
  /** The credential as it was verified within that time; `unknown` if it has expired since. */
  verified(digest: string, withinMs: number): Verification | undefined;
  /** Whether a credential was good when it was verified last, however long ago. */
  wasVerified(digest: string): boolean;
  /** What a credential was refused for a moment ago. */
  refused(digest: string): Verification | undefined;
  /** Returns a function that takes what Redis, asked from now on, says. */
  begin(digest: string): (verification: Verification) => void;
  /** Forgets everybody whose authorization has changed. */
  forget(changed: Changed): void;
}

interface Remembered {
  readonly digest: string;
  readonly verification: Verification;
  readonly at: number;
}

export interface MemoryOptions {
  readonly clock: Clock;
  readonly cacheMs: number;
  readonly maxEntries: number;
}

const longestRefusalMs = 1000;

export function createMemory({ clock, cacheMs, maxEntries }: MemoryOptions): Memory {
  const refusalMs = Math.min(longestRefusalMs, cacheMs);
  // Kept apart, so that guessed credentials cannot push out those that work.
  const known = createBoundedMap<Remembered>(maxEntries);
  const strangers = createBoundedMap<Remembered>(maxEntries);
  let changes = 0;
  return {
    verified(digest, withinMs) {
      const entry = known.get(digest);
      if (entry === undefined) return undefined;
      const now = clock.now();
      if (!isWithin(withinMs, entry.at, now)) return undefined;
      return hasExpired(entry.verification, now) ? expired : entry.verification;
    },
    wasVerified: (digest) => known.get(digest) !== undefined,
    refused(digest) {
      const entry = strangers.get(digest);
      return entry !== undefined && isWithin(refusalMs, entry.at, clock.now()) ? entry.verification : undefined;
    },
    begin(digest) {
      const at = clock.now();
      const changesBefore = changes;
      return (verification) => {
        // A change that came while Redis was asked may be of this credential.
        const isFresh = changes === changesBefore;
        if (verification.kind !== 'verified') known.delete(digest);
        if (verification.kind === 'verified' && isFresh) known.set(digest, { digest, verification, at });
        else if (verification.kind !== 'verified' && isFresh) strangers.set(digest, { digest, verification, at });
      };
    },
    forget(changed) {
      changes += 1;
      for (const memory of [known, strangers]) {
        for (const { digest, verification } of memory.values()) {
          if (concerns(changed, verification)) memory.delete(digest);
        }
      }
    },
  };
}

function hasExpired(verification: Verification, now: number): boolean {
  if (verification.kind !== 'verified') return false;
  const { expiresAtMs } = verification.principal;
  return expiresAtMs !== undefined && now >= expiresAtMs;
}

function concerns(changed: Changed, verification: Verification): boolean {
  if (verification.kind === 'suspended') return verification.tenant === changed.tenant;
  if (verification.kind !== 'verified') return false;
  const { principal } = verification;
  if (principal.tenant !== changed.tenant) return false;
  if (changed.kind === 'tenant') return true;
  if (changed.kind === 'user') return principal.user === changed.id;
  if (changed.kind === 'token') return principal.kind === 'token' && principal.tokenDigest === changed.id;
  return principal.kind === 'api-key' && principal.apiKeyId === changed.id;
}

/** A clock that was set back makes an entry too old, not young for ever. */
export function isWithin(ms: number, at: number, now: number): boolean {
  return now >= at && now - at < ms;
}

/**
 * Computes the digest of an API key once: it takes longer than the rest of a verification from the memory. Undefined for
 * what cannot be an API key.
 */
export function createDigestCache(pepper: Secret, maxEntries: number): (apiKey: Secret) => string | undefined {
  const digests = createBoundedMap<string>(maxEntries);
  return (apiKey) => {
    const fingerprint = fingerprintOf(apiKey);
    const known = digests.get(fingerprint);
    if (known !== undefined) return known;
    if (!isApiKey(apiKey.reveal())) return undefined;
    const digest = hashApiKey(pepper, apiKey);
    digests.set(fingerprint, digest);
    return digest;
  };
}
