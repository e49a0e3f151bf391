import { createBoundedMap } from '@ccg/kernel';
import type { Clock, Secret } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { TenantDefaults } from '../principal.ts';
import { createMemory, isWithin, neverIssued, revoked } from '../api-key/memory.ts';
import type { MemoryOptions, Verification } from '../api-key/memory.ts';
import { readAuthorization } from '../api-key/read-authorization.ts';
import type { AuthorizationRecords } from '../api-key/read-authorization.ts';
import { createDeniedUses } from '../audit/denied-uses.ts';
import { fingerprintOf } from '../credentials/digests.ts';
import { checkToken } from '../credentials/token/check-token.ts';
import type { CheckedToken, TokenClaims, TrustedIssuer } from '../credentials/token/check-token.ts';
import { readAnnouncement } from '../verb/announce.ts';
import { admitUser } from './admit-user.ts';
import { judgeToken } from './judge.ts';
import { groupOf, noteGroup } from './note-group.ts';

export interface TokenVerifierOptions extends MemoryOptions {
  readonly store: Store;
  readonly issuers: readonly TrustedIssuer[];
  readonly clock: Clock;
  /** Of tenants that do not say it themselves. */
  readonly defaults: TenantDefaults;
  /** Milliseconds for which a verified token goes on working while Redis is away. */
  readonly staleMs: number;
  /** Called when Redis rejects what is written beside a verification: a fault of ours, for the log. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

export interface TokenVerifier {
  /** Never rejects because Redis is away. A promise only for a token that was not verified a moment ago. */
  verify(token: Secret): Verification | Promise<Verification>;
  /** Stops listening for changes. */
  close(): void;
}

/** The longest time for which a signature is not checked again: an issuer may have withdrawn its key. */
const checkedMs = 60_000;

interface Checked {
  readonly claims: TokenClaims;
  readonly at: number;
}

/**
 * Verifies tokens: their signature and claims against keys that are here, then their user against Redis. Both are
 * remembered, the second until a change or the memory's time ends it.
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { store, issuers, clock, cacheMs, staleMs, maxEntries } = options;
  const memory = createMemory(options);
  const noteDenied = createDeniedUses(options);
  // Of a forged token nobody knows whose log it belongs to.
  const noteRefusal = ({ tenant, user, issuer }: TokenClaims, reason: string): void => {
    noteDenied({ actor: { kind: 'token', tenant, user, issuer }, reason });
  };
  const checked = createBoundedMap<Checked>(maxEntries);
  const loading = new Map<string, Promise<Verification>>();

  const subscription = store.subscribe(store.redisKeys.authorizationChanges(), (message) => {
    const changed = readAnnouncement(message);
    if (changed !== undefined) memory.forget(changed);
  });

  async function check(fingerprint: string, token: Secret): Promise<CheckedToken> {
    const at = clock.now();
    const known = checked.get(fingerprint);
    if (known !== undefined && isWithin(checkedMs, known.at, at) && at < known.claims.validUntilMs) {
      return { kind: 'authentic', claims: known.claims };
    }
    const result = await checkToken(issuers, token, at);
    if (result.kind === 'authentic') checked.set(fingerprint, { claims: result.claims, at });
    else checked.delete(fingerprint);
    return result;
  }

  async function load(fingerprint: string, token: Secret): Promise<Verification> {
    const remember = memory.begin(fingerprint);
    const result = await check(fingerprint, token);
    if (result.kind === 'issuer-unavailable') return result;
    if (result.kind === 'rejected') {
      const { reason } = result;
      remember({ kind: 'unknown', reason });
      return { kind: 'unknown', reason };
    }
    try {
      const verification = await verifyInStore(options, result.claims);
      remember(verification);
      if (verification === revoked) noteRefusal(result.claims, 'revoked');
      if (verification.kind === 'suspended') noteRefusal(result.claims, 'suspended');
      return verification;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      return memory.verified(fingerprint, staleMs) ?? { kind: 'unavailable' };
    }
  }

  return {
    verify(token) {
      const fingerprint = fingerprintOf(token);
      const cached = memory.verified(fingerprint, cacheMs) ?? memory.refused(fingerprint);
      if (cached !== undefined) return cached;
      const running = loading.get(fingerprint) ?? load(fingerprint, token).finally(() => loading.delete(fingerprint));
      loading.set(fingerprint, running);
      return running;
    },
    close() {
      subscription.cancel();
    },
  };
}

/** A user appears with the first token, unless the tenant does not exist or is suspended. */
async function verifyInStore(options: TokenVerifierOptions, claims: TokenClaims): Promise<Verification> {
  const { store, clock, defaults } = options;
  const { tenant, user, tokenDigest, groups } = claims;
  const read = () => readAuthorization(store, { tenant, user, tokenDigest });
  const judge = (records: AuthorizationRecords | undefined): Verification =>
    records === undefined
      ? { kind: 'unknown', reason: 'token-tenant' }
      : judgeToken(records, tokenOf(claims), defaults);
  const records = await read();
  const verification = judge(records);
  if (verification === neverIssued) {
    await admitUser(store, claims, clock.now());
    return judge(await read());
  }
  if (verification.kind === 'verified' && records?.user !== undefined) {
    noteGroup(store, tenant, records.user, groupOf(groups)).catch((error: unknown) => {
      if (!(error instanceof StoreUnavailableError)) options.onFault?.(error);
    });
  }
  return verification;
}

function tokenOf(claims: TokenClaims) {
  const { tenant, user, issuer, groups, tokenDigest, scopes, apiKeyLifetimeMs } = claims;
  // The clock of the issuer may be ahead, so that a token from before a revocation seems to come after it.
  const issuedByMs = claims.issuedAtMs - claims.clockToleranceMs;
  const expiresAtMs = claims.validUntilMs;
  return { tenant, user, issuer, groups, tokenDigest, scopes, apiKeyLifetimeMs, issuedByMs, expiresAtMs };
}
