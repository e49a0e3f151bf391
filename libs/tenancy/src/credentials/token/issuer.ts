import type { Scope } from '@ccg/kernel';

/** The signature algorithms that tokens may have: those with a public key. */
type TokenAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

/** Where a claim is: the names that lead to it, outermost first. */
export type ClaimPath = readonly [string, ...string[]];

/** An issuer of tokens as the operator trusts it. */
export interface TokenIssuer {
  /** Its name in the configuration. */
  readonly name: string;
  /** What `iss` of its tokens is, to the letter. */
  readonly issuer: string;
  /** One of these must be in `aud`. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly TokenAlgorithm[];
  /** By so much its clock and ours may differ. */
  readonly clockToleranceMs: number;
  readonly claims: {
    readonly tenant: ClaimPath;
    readonly user: ClaimPath;
    readonly groups: ClaimPath;
    /** Undefined: every token has all scopes that the issuer may grant. */
    readonly scopes?: ClaimPath | undefined;
  };
  /** The tenants for whose users it vouches. */
  readonly tenants: readonly string[];
  /** The scopes that it may grant. */
  readonly scopes: readonly Scope[];
  /** For how long an API key may work that is made with one of its tokens. Undefined: no longer than that token. */
  readonly apiKeyLifetimeMs?: number | undefined;
}
