import type { LimitRule, Scope } from '@ccg/kernel';

/**
 * Which models may be used: `models` are patterns of the names that clients ask for, `targets` of the
 * `{provider}:{model}` that serve them. `*` stands for any text. A list that is left out allows everything that the
 * other one allows.
 */
export interface Allowlist {
  readonly models?: readonly string[] | undefined;
  readonly targets?: readonly string[] | undefined;
}

/** An allowlist and whose it is. */
export interface PolicyLevel extends Allowlist {
  readonly of: 'tenant' | 'user' | 'api-key' | 'token';
}

/** Which models a principal may use: those that every level allows. */
export type Policy =
  | { readonly kind: 'allow-all' }
  | { readonly kind: 'restricted'; readonly levels: readonly PolicyLevel[] };

/** How much a tenant may use: a list of limits, or the requests per minute of the whole tenant, undefined for no limit. */
export type Limits = { readonly requestsPerMinute?: number | undefined } | readonly LimitRule[];

/** What a principal may do, and how much of it. */
export interface Authorization {
  readonly scopes: readonly Scope[];
  readonly policy: Policy;
  readonly limits: readonly LimitRule[];
}

/** What a principal of a tenant may do, with what the tenant says of its limits. */
export interface TenantAuthorization extends Authorization {
  /** Where the days, weeks and months of budgets begin. */
  readonly timeZone: string;
  /** Whom to ask who is stopped by a limit. */
  readonly contact: string;
  /** Sessions of the caller that an administrator has ended; undefined for none. */
  readonly killedSessions?: readonly KilledSession[] | undefined;
}

/** A session that is refused, by the name that its client gave it. */
export interface KilledSession {
  readonly session: string;
  readonly untilMs: number;
}

/** What holds for a tenant that does not say it itself. */
export interface TenantDefaults {
  readonly limits: readonly LimitRule[];
  readonly contact: string;
}

/** How the limits see the user of a principal. */
interface Sharing {
  /** Whose pool the user shares. Undefined: nobody's. */
  readonly group: string | undefined;
  /** How many turns the user has where others have one, while requests wait. */
  readonly waitingWeight: number;
}

/**
 * Who a request acts for, told apart by what proved it. The authorization is part of it: it is read together with the
 * credential and forgotten with it, so that no cache can hold a policy longer than the API key to which it belongs.
 */
export type Principal = TenantPrincipal | OperatorPrincipal;

/** A principal that belongs to a tenant: all that the data plane knows. */
export type TenantPrincipal = ApiKeyPrincipal | TokenPrincipal;

export interface ApiKeyPrincipal extends Sharing {
  readonly kind: 'api-key';
  readonly tenant: string;
  readonly apiKeyId: string;
  /** For people. */
  readonly apiKeyName: string;
  /** The id of the developer to whom the API key was issued; undefined for a service. */
  readonly user: string | undefined;
  /** For people; undefined for a service. */
  readonly userName: string | undefined;
  /** Undefined for an API key without an end. */
  readonly expiresAtMs: number | undefined;
  readonly authorization: TenantAuthorization;
}

/** Who showed a token (JWT) of a configured issuer. */
export interface TokenPrincipal extends Sharing {
  readonly kind: 'token';
  readonly tenant: string;
  /** The id of the user that the tenant, the issuer and the subject stand for. */
  readonly user: string;
  /** For people. */
  readonly userName: string;
  readonly issuer: string;
  /** Of the token's own id (`jti`), where it has one. */
  readonly tokenDigest: string | undefined;
  readonly groups: readonly string[];
  /** With what the clock of the issuer may differ. */
  readonly expiresAtMs: number;
  /** For how long an API key may work that is made with the token; undefined: as long as the token. */
  readonly apiKeyLifetimeMs?: number | undefined;
  readonly authorization: TenantAuthorization;
}

/** An operator of the gateway, who belongs to no tenant. */
export interface OperatorPrincipal {
  readonly kind: 'operator';
  /** For the audit log: which credential of the operator's was used, or which part of the gateway acts by itself. */
  readonly name: string;
  readonly authorization: Authorization;
}
