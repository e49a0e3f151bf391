/**
 * Every redis-key and channel name of the product. All of them begin with the prefix; what belongs to a tenant
 * carries the hash tag `{t:<tenant>}`, so that one script may touch it all on a cluster.
 */
export interface RedisKeys {
  /** STRING: which API key a digest stands for. Written last when a key is made, deleted first when it is revoked. */
  apiKeyIndex(digest: string): string;
  /** HASH: the record of one API key. */
  apiKey(tenant: string, id: string): string;
  /** SET: the ids of a tenant's API keys. */
  apiKeys(tenant: string): string;
  /** HASH: the record of a tenant. */
  tenant(tenant: string): string;
  /** STRING: when the bucket of a rate limit is full again; the key expires then. `name` has no colon. */
  rateLimit(tenant: string, name: string, subject: string): string;
  /** ZSET: leases of a subject's running requests, by the time at which they lapse. */
  leases(tenant: string, subject: string): string;
  /** STRING: tells one pepper from another without holding it. */
  pepperFingerprint(): string;
  /** Channel: digests of API keys that were revoked. */
  revocations(): string;
}

/** Builds the names under a prefix; `ccg:` gives `ccg:{t:acme}:leases`. Throws RangeError for a name that would break the hash tag. */
export function createRedisKeys(keyPrefix: string): RedisKeys {
  const prefix = withoutBraces('keyPrefix', keyPrefix);
  const ofTenant = (tenant: string, rest: string) => `${prefix}{t:${withoutBraces('tenant', tenant)}}:${rest}`;
  return {
    apiKeyIndex: (digest) => `${prefix}api-key-index:${digest}`,
    apiKey: (tenant, id) => ofTenant(tenant, `api-key:${id}`),
    apiKeys: (tenant) => ofTenant(tenant, 'api-keys'),
    tenant: (tenant) => ofTenant(tenant, 'tenant'),
    rateLimit: (tenant, name, subject) => ofTenant(tenant, `rate-limit:${name}:${subject}`),
    leases: (tenant, subject) => ofTenant(tenant, `leases:${subject}`),
    pepperFingerprint: () => `${prefix}pepper-fingerprint`,
    revocations: () => `${prefix}revocations`,
  };
}

/** Redis hashes what stands between the first `{` and the next `}`, so neither may come from outside. */
function withoutBraces(what: string, value: string): string {
  if (/[{}]/u.test(value)) throw new RangeError(`A ${what} must not contain braces.`);
  return value;
}
