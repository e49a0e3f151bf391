import type { Scope, Secret } from '@ccg/kernel';
import type { Allowlist, Limits } from '../principal.ts';

/** What `gateway.yaml` says of tenants. Every one of them has every policy. */
export interface WantedDirectory {
  readonly policies: readonly WantedPolicy[];
  readonly tenants: readonly WantedTenant[];
}

export interface WantedPolicy {
  readonly name: string;
  readonly allowlist: Allowlist;
}

export interface WantedTenant {
  readonly id: string;
  readonly name: string;
  readonly allowlist: Allowlist;
  readonly limits?: Limits | undefined;
  readonly timeZone?: string | undefined;
  readonly contact?: string | undefined;
  readonly waitingWeight?: number | undefined;
  readonly policies: readonly string[];
  readonly users: readonly WantedUser[];
  readonly apiKeys: readonly WantedApiKey[];
}

/** The name is what tells one user of a tenant from another. */
export interface WantedUser {
  readonly name: string;
  readonly allowlist?: Allowlist | undefined;
  readonly policies: readonly string[];
  readonly group?: string | undefined;
  readonly waitingWeight?: number | undefined;
}

/** An API key that exists already. Its text or its digests, one under each pepper with commas between them, tell it from another. */
export type WantedApiKey = {
  readonly name: string;
  /** The name of a user; undefined for a service. */
  readonly owner?: string | undefined;
  readonly scopes: readonly Scope[];
  readonly allowlist?: Allowlist | undefined;
  readonly policies: readonly string[];
  readonly expiresAtMs?: number | undefined;
} & ({ readonly apiKey: Secret } | { readonly digest: string });
