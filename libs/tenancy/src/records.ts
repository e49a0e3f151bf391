import type { Scope } from '@ccg/kernel';
import type { Allowlist, Limits } from './principal.ts';

/** Whose a record is. The file is `gateway.yaml`; what has no origin is the API's. */
export type Origin = 'file';

/** What Redis holds of a tenant. Times are ISO 8601. */
export interface TenantRecord {
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly state: 'active' | 'suspended';
  readonly allowlist: Allowlist;
  /** Names of policies of this tenant; each is one more level. */
  readonly policies: readonly string[];
  /** Undefined: the default of the gateway's configuration. */
  readonly limits?: Limits | undefined;
  /** Where the days, weeks and months of budgets begin; undefined: UTC. */
  readonly timeZone?: string | undefined;
  /** Whom to ask who is stopped by a limit; undefined: whom the gateway's configuration names. */
  readonly contact?: string | undefined;
  /** How many items of its batches run where other tenants have one, while all have work; undefined: one. */
  readonly waitingWeight?: number | undefined;
  readonly createdAt: string;
  readonly origin?: Origin | undefined;
  /** Set where the file suspended it, because it named it no more. */
  readonly suspendedBy?: Origin | undefined;
}

export interface UserRecord {
  readonly id: string;
  /** For people; no other user of the tenant has it. */
  readonly name: string;
  readonly state: 'active' | 'suspended';
  readonly allowlist?: Allowlist | undefined;
  readonly policies: readonly string[];
  /** The users of one group share a pool of the limits of that level. */
  readonly group?: string | undefined;
  /** How many turns the user has where others have one, while requests wait; undefined: one. */
  readonly waitingWeight?: number | undefined;
  /** Set for a user whom an issuer of tokens vouches for. */
  readonly identity?:
    | {
        readonly issuer: string;
        readonly subjectDigest: string;
        /** Of the last token. It counts where the record has no group. */
        readonly group?: string | undefined;
      }
    | undefined;
  readonly createdAt: string;
  readonly origin?: Origin | undefined;
  /** Set where the file suspended it, because it named it no more. */
  readonly suspendedBy?: Origin | undefined;
}

/** Who uses an API key. */
export type ApiKeyOwner = { readonly kind: 'user'; readonly id: string } | { readonly kind: 'service' };

export interface ApiKeyRecord {
  readonly id: string;
  readonly name: string;
  readonly owner: ApiKeyOwner;
  readonly state: 'active' | 'revoked';
  readonly scopes: readonly Scope[];
  readonly allowlist?: Allowlist | undefined;
  readonly policies: readonly string[];
  readonly createdAt: string;
  readonly expiresAt?: string | undefined;
  readonly revokedAt?: string | undefined;
  /** The API key that takes its place, after a rotation. */
  readonly successor?: string | undefined;
  /** Its first and last four characters; unknown of an API key that came as a digest and was not used yet. */
  readonly hint?: string | undefined;
  /** Its digests under all peppers under which it was ever indexed. */
  readonly digests: readonly string[];
  readonly origin?: Origin | undefined;
}

/** What may be shown of an API key. */
export interface ApiKeyView extends Omit<ApiKeyRecord, 'digests' | 'state'> {
  /** The record itself does not change when it expires. */
  readonly state: 'active' | 'expired' | 'revoked';
  /** Written at most once a minute. */
  readonly lastUsedAt?: string | undefined;
}

/** A named allowlist of a tenant. Tenants, users and API keys name it; one that is named and does not exist allows nothing. */
export interface PolicyRecord {
  /** Its id, too. */
  readonly name: string;
  readonly allowlist: Allowlist;
  readonly createdAt: string;
  readonly origin?: Origin | undefined;
}
