import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyOptions, LocalJWKSet } from 'jose';
import { assertNever } from '@ccg/kernel';
import type { Secret } from '@ccg/kernel';
import { digestOfToken, userIdOf } from '../digests.ts';
import type { TokenIssuer } from './issuer.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { readClaims } from './read-claims.ts';
import type { Grant } from './read-claims.ts';

/** What an authentic token says, with nothing in it that its bearer chose and that is not hashed or in a closed list. */
export interface TokenClaims extends Grant {
  readonly issuer: string;
  /** The id of the user that tenant, issuer and subject stand for. */
  readonly user: string;
  /** Of `jti`, where the token has one. */
  readonly tokenDigest: string | undefined;
  readonly issuedAtMs: number;
  /** With the clock tolerance of its issuer, and never later than `tokenMaxAgeMs` allows. */
  readonly validUntilMs: number;
  readonly clockToleranceMs: number;
  /** Of an API key that is made with the token; undefined: as long as the token. */
  readonly apiKeyLifetimeMs?: number | undefined;
}

/** Why a token is not accepted. For the log alone: who shows a forged one learns nothing. */
export type TokenFault =
  | 'token-malformed'
  | 'token-issuer-unknown'
  | 'token-algorithm'
  | 'token-key-unknown'
  | 'token-signature'
  | 'token-audience'
  | 'token-expired'
  | 'token-not-yet-valid'
  | 'token-claims'
  | 'token-tenant';

export type CheckedToken =
  | { readonly kind: 'authentic'; readonly claims: TokenClaims }
  | { readonly kind: 'rejected'; readonly reason: TokenFault }
  /** The keys of its issuer were never loaded, or too long ago. */
  | { readonly kind: 'issuer-unavailable'; readonly issuer: string };

/** An issuer and the keys that it has now. */
export interface TrustedIssuer {
  readonly issuer: TokenIssuer;
  readonly keys: Pick<IssuerKeys, 'current' | 'missed'>;
}

/** A token is accepted for a year after it was issued, whatever end it has: so long its revocation must be kept. */
export const tokenMaxAgeMs = 365 * 24 * 60 * 60 * 1000;

/** Checks a token against the keys that are here. It calls nobody. */
export async function checkToken(
  issuers: readonly TrustedIssuer[],
  token: Secret,
  nowMs: number,
): Promise<CheckedToken> {
  const read = readUnchecked(token.reveal());
  if (read === undefined) return rejected('token-malformed');
  const trusted = issuers.find(({ issuer }) => issuer.issuer === read.issuer);
  if (trusted === undefined) return rejected('token-issuer-unknown');
  const { issuer, keys } = trusted;
  if (!issuer.algorithms.some((algorithm) => algorithm === read.algorithm)) return rejected('token-algorithm');
  const set = keys.current();
  if (set === undefined) return { kind: 'issuer-unavailable', issuer: issuer.name };
  try {
    const payload = await verify(token.reveal(), set, {
      issuer: issuer.issuer,
      audience: [...issuer.audiences],
      algorithms: [...issuer.algorithms],
      clockTolerance: issuer.clockToleranceMs / 1000,
      currentDate: new Date(nowMs),
      requiredClaims: ['exp', 'iat'],
    });
    return judge(payload, issuer, nowMs);
  } catch (thrown) {
    const reason = faultOf(thrown);
    if (reason === 'token-key-unknown') keys.missed();
    return rejected(reason);
  }
}

/** By this alone nothing is decided but whose keys are asked. */
function readUnchecked(
  text: string,
): { readonly issuer: string | undefined; readonly algorithm: string | undefined } | undefined {
  try {
    return { issuer: decodeJwt(text).iss, algorithm: decodeProtectedHeader(text).alg };
  } catch {
    return undefined;
  }
}

/** A token without `kid` may be of any key of its kind. */
async function verify(text: string, set: LocalJWKSet, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(text, set, options)).payload;
  } catch (thrown) {
    if (!(thrown instanceof errors.JWKSMultipleMatchingKeys)) throw thrown;
    for await (const key of thrown) {
      try {
        return (await jwtVerify(text, key, options)).payload;
      } catch (other) {
        if (!(other instanceof errors.JWSSignatureVerificationFailed)) throw other;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

function judge(payload: JWTPayload, issuer: TokenIssuer, nowMs: number): CheckedToken {
  const { exp = 0, iat = 0, jti } = payload;
  const { clockToleranceMs, apiKeyLifetimeMs } = issuer;
  const issuedAtMs = iat * 1000;
  if (issuedAtMs > nowMs + clockToleranceMs) return rejected('token-not-yet-valid');
  const validUntilMs = Math.min(exp * 1000, issuedAtMs + tokenMaxAgeMs) + clockToleranceMs;
  if (nowMs >= validUntilMs) return rejected('token-expired');
  if (jti !== undefined && typeof jti !== 'string') return rejected('token-claims');
  const read = readClaims(payload, issuer);
  switch (read.kind) {
    case 'tenant':
      return rejected('token-tenant');
    case 'text':
      return rejected('token-claims');
    case 'read': {
      const times = { issuedAtMs, validUntilMs, clockToleranceMs, apiKeyLifetimeMs };
      const user = userIdOf(issuer.issuer, read.grant.subject);
      const tokenDigest = jti === undefined ? undefined : digestOfToken(issuer.issuer, jti);
      return { kind: 'authentic', claims: { ...read.grant, ...times, issuer: issuer.issuer, user, tokenDigest } };
    }
    default:
      return assertNever(read);
  }
}

function rejected(reason: TokenFault): CheckedToken {
  return { kind: 'rejected', reason };
}

/** What is not here is a text that is no token, or a key set that has no usable key. */
const faultOfCode: Readonly<Record<string, TokenFault>> = {
  ERR_JWKS_NO_MATCHING_KEY: 'token-key-unknown',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'token-signature',
  ERR_JOSE_ALG_NOT_ALLOWED: 'token-algorithm',
  ERR_JOSE_NOT_SUPPORTED: 'token-algorithm',
  ERR_JWT_EXPIRED: 'token-expired',
};

function faultOf(thrown: unknown): TokenFault {
  if (thrown instanceof errors.JWTClaimValidationFailed) return faultOfClaim(thrown.claim);
  if (thrown instanceof errors.JOSEError) return faultOfCode[thrown.code] ?? 'token-malformed';
  throw thrown;
}

function faultOfClaim(claim: string): TokenFault {
  if (claim === 'aud') return 'token-audience';
  return claim === 'nbf' ? 'token-not-yet-valid' : 'token-claims';
}
