/** What a principal may call: `messages` is everything that reaches a model, `self` what the gateway says about the caller. */
export type Scope = 'messages' | 'self';

/** Which models a principal may use. */
export interface Policy {
  readonly kind: 'allow-all';
}

/** How much a tenant may use. */
export interface Limits {
  /** Undefined is unlimited. */
  readonly requestsPerMinute: number | undefined;
}

/** What a principal may do, and how much of it. */
export interface Authorization {
  readonly scopes: readonly Scope[];
  readonly policy: Policy;
  readonly limits: Limits;
}

/**
 * Who a request acts for, told apart by what proved it. The authorization is part of it: it is read together with the
 * credential and forgotten with it, so that no cache can hold a policy longer than the API key to which it belongs.
 */
export type Principal = ApiKeyPrincipal;

interface ApiKeyPrincipal {
  readonly kind: 'api-key';
  readonly tenant: string;
  readonly apiKeyId: string;
  /** The developer to whom the API key was issued; undefined for a service. */
  readonly user: string | undefined;
  readonly authorization: Authorization;
}
