import { scopes as allScopes } from '@ccg/kernel';
import type { Scope } from '@ccg/kernel';
import type { ClaimPath, TokenIssuer } from './issuer.ts';

/** Who a token speaks of and what it grants. */
export interface Grant {
  readonly tenant: string;
  /** Who the user is at the issuer. */
  readonly subject: string;
  readonly groups: readonly string[];
  readonly scopes: readonly Scope[];
}

/** `tenant`: no tenant, or none that the issuer vouches for. `text`: no subject, or a subject or group that is no Unicode. */
export type ReadClaims = { readonly kind: 'read'; readonly grant: Grant } | { readonly kind: 'tenant' | 'text' };

const textMaxLength = 255;
const groupsMax = 200;

/** Reads the claims of an authentic token. Nothing that an issuer may not grant gets through. */
export function readClaims(claims: Readonly<Record<string, unknown>>, issuer: TokenIssuer): ReadClaims {
  const tenant = claimAt(claims, issuer.claims.tenant);
  if (typeof tenant !== 'string' || !issuer.tenants.includes(tenant)) return { kind: 'tenant' };
  const subject = claimAt(claims, issuer.claims.user);
  const groups = listOf(claimAt(claims, issuer.claims.groups)).slice(0, groupsMax);
  // Half of a surrogate pair is JSON, and yet no text: Redis cannot read it.
  if (!isText(subject) || ![subject, ...groups].every((text) => text.isWellFormed())) return { kind: 'text' };
  return { kind: 'read', grant: { tenant, subject, groups, scopes: grantedScopes(claims, issuer) } };
}

function grantedScopes(claims: Readonly<Record<string, unknown>>, issuer: TokenIssuer): readonly Scope[] {
  if (issuer.claims.scopes === undefined) return issuer.scopes;
  const claim = claimAt(claims, issuer.claims.scopes);
  // OAuth writes scopes as one text with spaces between them.
  const claimed = typeof claim === 'string' ? claim.split(' ') : listOf(claim);
  return allScopes.filter((scope) => issuer.scopes.includes(scope) && claimed.includes(scope));
}

function claimAt(claims: Readonly<Record<string, unknown>>, path: ClaimPath): unknown {
  let value: unknown = claims;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

function listOf(claim: unknown): readonly string[] {
  return (Array.isArray(claim) ? claim : [claim]).filter(isText);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= textMaxLength;
}
