import { createBatchKeys } from './batch-keys.ts';
import type { BatchKeys } from './batch-keys.ts';

/**
 * Every redis-key and channel name of the product. All of them begin with the prefix; what belongs to a tenant
 * carries the hash tag `{t:<tenant>}`, so that one script may touch it all on a cluster.
 */
export interface RedisKeys {
  /** STRING: which API key a digest stands for. Written last when a key is made, marked first when it is revoked. */
  apiKeyIndex(digest: string): string;
  /** HASH: the record of one API key, and when it was used. */
  apiKey(tenant: string, id: string): string;
  /** ZSET: the API keys of a tenant, in the order of their creation. */
  apiKeyList(tenant: string): string;
  /** ZSET: those of one user. */
  apiKeysOfUser(tenant: string, user: string): string;
  /** SET: the ids of API keys that were made before there was a list. */
  unlistedApiKeys(tenant: string): string;
  /** HASH: digest → id of the API keys that were imported. */
  importedApiKeys(tenant: string): string;
  /** HASH: the record of a tenant. */
  tenant(tenant: string): string;
  /** ZSET: the ids of all tenants. */
  tenantList(): string;
  /** HASH: id → record of a tenant's users. */
  users(tenant: string): string;
  /** HASH: name → id. */
  userNames(tenant: string): string;
  /** STRING: when a token was revoked, by the digest of its id, or all tokens of a user, by the user's id. It expires. */
  tokenRevocation(tenant: string, id: string): string;
  /** HASH: id → when, as the first version kept all of them. */
  revokedTokens(tenant: string): string;
  /** ZSET: the users of a tenant, in the order of their creation. */
  userList(tenant: string): string;
  /** HASH: name → record of a tenant's policies. */
  policies(tenant: string): string;
  /** ZSET: the names of a tenant's policies. */
  policyList(tenant: string): string;
  /** STREAM: what was done to a tenant, and what its own credentials were denied. */
  audit(tenant: string): string;
  /** HASH: a request that must have its effect once, and its answer. */
  once(tenant: string, digest: string): string;
  /** HASH: the same, for what operators do outside of a tenant. */
  operatorOnce(digest: string): string;
  /** STREAM: what operators were denied, and what they did outside of one tenant. */
  operatorAudit(): string;
  /** STRING: when the bucket of a rate limit is full again; the key expires then. `name` has no colon. */
  rateLimit(tenant: string, name: string, subject: string): string;
  /** ZSET: leases of a subject's running requests, by the time at which they lapse. */
  leases(tenant: string, subject: string): string;
  /** STRING: micro-dollars of a budget that are used or reserved in the period that starts on a day, such as `2026-11-28`; it expires after the period. */
  budget(tenant: string, periodStart: string, name: string, subject: string): string;
  /** HASH: samples of the output of a model. `v1`, here and below, is the version of what is stored. */
  outputEstimate(tenant: string, model: string): string;
  /** HASH: what an admitted request has reserved and used so far. */
  reservation(tenant: string, requestId: string): string;
  /** ZSET: the running requests of a tenant, by the time at which their reservations lapse. */
  reservations(tenant: string): string;
  /** HASH: who waits for a place among a tenant's running requests: tickets by request, grants by replica. */
  waitingRoom(tenant: string): string;
  /** ZSET: one of the parts of a waiting room: its tickets, its users by their turns, and the replicas that have a ticket. */
  waiting(tenant: string, part: 'tickets' | 'turns' | 'later' | 'replicas'): string;
  /** HASH: lease set → how many wait for a place in it. */
  waitedFor(tenant: string): string;
  /** STREAM: the usage records of a tenant; fields `id`, `record`, `replaces`. */
  usageRecords(tenant: string): string;
  /** STREAM: tries of items of batches that were not charged, for a day; fields `id`, `record`, `fate`. */
  itemTries(tenant: string): string;
  /** HASH: up to which entry of the usage records the tables below have them. */
  usagePosition(tenant: string): string;
  /** HASH: row → counters of one table of the usage of a day, such as `2026-11-28`. */
  usageTable(tenant: string, table: string, day: string): string;
  /** HASH: how often limits refused on a day, by row of a table. */
  refusalCounts(tenant: string, table: string, day: string): string;
  /** LIST: the newest refusals of a tenant, for a day. */
  recentRefusals(tenant: string): string;
  /** LIST: the newest of one caller: the id of a user, or of the API key of a service. */
  recentRefusalsOf(tenant: string, caller: string): string;
  /** STRING: that a refusal of an item of a batch by a limit is in those lists; another one may be when it has expired. */
  refusalOfBatch(tenant: string, batchAndLimit: string): string;
  /** ZSET: the callers that have such a list, by when they were refused last. */
  refusedCallers(tenant: string): string;
  /** STRING: the last write of refusals that a process has made; it expires. */
  refusalsWritten(tenant: string, writer: string): string;
  /** HASH: caller (the id of a user, or of the API key of a service) → which of its sessions are killed, and until when. */
  killedSessions(tenant: string): string;
  readonly batches: BatchKeys;
  /** STRING: who brings `gateway.yaml` into the store now; it expires by itself. */
  applyLock(): string;
  /** ZSET: ids of the replicas of the gateway, by the time at which each counts as gone. */
  liveReplicas(): string;
  /** STRING: the level that the logs of all processes have for a while; it expires then. */
  logLevel(): string;
  /** Channel: a change of that level. */
  logLevelChanges(): string;
  /** Channel: a session that was killed, so that every replica ends its running requests. */
  sessionKills(): string;
  /** STRING: tells one pepper from another without holding it. */
  pepperFingerprint(): string;
  /** Channel: which requests of a replica were granted a place. */
  grants(replica: string): string;
  /** Channel: whose authorization has changed, so that no replica goes by what it remembers of them. */
  authorizationChanges(): string;
}

/** Builds the names under a prefix; `ccg:` gives `ccg:{t:acme}:leases`. Throws RangeError for a name that would break the hash tag. */
export function createRedisKeys(keyPrefix: string): RedisKeys {
  const prefix = withoutBraces('keyPrefix', keyPrefix);
  const ofTenant = (tenant: string, rest: string) => `${prefix}{t:${withoutBraces('tenant', tenant)}}:${rest}`;
  return {
    apiKeyIndex: (digest) => `${prefix}api-key-index:${digest}`,
    apiKey: (tenant, id) => ofTenant(tenant, `api-key:${id}`),
    apiKeyList: (tenant) => ofTenant(tenant, 'api-key-list'),
    apiKeysOfUser: (tenant, user) => ofTenant(tenant, `api-keys-of:${user}`),
    unlistedApiKeys: (tenant) => ofTenant(tenant, 'api-keys'),
    importedApiKeys: (tenant) => ofTenant(tenant, 'imported-api-keys'),
    tenant: (tenant) => ofTenant(tenant, 'tenant'),
    tenantList: () => `${prefix}tenant-list`,
    users: (tenant) => ofTenant(tenant, 'users'),
    userNames: (tenant) => ofTenant(tenant, 'user-names'),
    tokenRevocation: (tenant, id) => ofTenant(tenant, `token-revocation:${id}`),
    revokedTokens: (tenant) => ofTenant(tenant, 'revoked-tokens'),
    userList: (tenant) => ofTenant(tenant, 'user-list'),
    policies: (tenant) => ofTenant(tenant, 'policies'),
    policyList: (tenant) => ofTenant(tenant, 'policy-list'),
    audit: (tenant) => ofTenant(tenant, 'audit'),
    once: (tenant, digest) => ofTenant(tenant, `once:${digest}`),
    operatorOnce: (digest) => `${prefix}operator-once:${digest}`,
    operatorAudit: () => `${prefix}operator-audit`,
    rateLimit: (tenant, name, subject) => ofTenant(tenant, `rate-limit:${name}:${subject}`),
    leases: (tenant, subject) => ofTenant(tenant, `leases:${subject}`),
    budget: (tenant, periodStart, name, subject) => ofTenant(tenant, `budget:v1:${periodStart}:${name}:${subject}`),
    outputEstimate: (tenant, model) => ofTenant(tenant, `output-estimate:v1:${model}`),
    reservation: (tenant, requestId) => ofTenant(tenant, `reservation:v1:${requestId}`),
    reservations: (tenant) => ofTenant(tenant, 'reservations:v1'),
    waitingRoom: (tenant) => ofTenant(tenant, 'waiting-room:v1'),
    waiting: (tenant, part) => ofTenant(tenant, `waiting-${part}:v1`),
    waitedFor: (tenant) => ofTenant(tenant, 'waited-for:v1'),
    usageRecords: (tenant) => ofTenant(tenant, 'usage:v1'),
    itemTries: (tenant) => ofTenant(tenant, 'item-tries:v1'),
    usagePosition: (tenant) => ofTenant(tenant, 'usage-position:v1'),
    refusalCounts: (tenant, table, day) => ofTenant(tenant, `refusal-${table}:v1:${day}`),
    recentRefusals: (tenant) => ofTenant(tenant, 'recent-refusals:v1'),
    recentRefusalsOf: (tenant, caller) => ofTenant(tenant, `recent-refusals-of:v1:${caller}`),
    refusalOfBatch: (tenant, batchAndLimit) => ofTenant(tenant, `refusal-of-batch:v1:${batchAndLimit}`),
    refusedCallers: (tenant) => ofTenant(tenant, 'refused-callers:v1'),
    refusalsWritten: (tenant, writer) => ofTenant(tenant, `refusals-written:v1:${writer}`),
    usageTable: (tenant, table, day) => ofTenant(tenant, `usage-${table}:v1:${day}`),
    killedSessions: (tenant) => ofTenant(tenant, 'killed-sessions:v1'),
    batches: createBatchKeys(ofTenant, (rest) => `${prefix}${rest}`),
    applyLock: () => `${prefix}apply-lock`,
    liveReplicas: () => `${prefix}live-replicas`,
    logLevel: () => `${prefix}log-level`,
    logLevelChanges: () => `${prefix}log-level-changes`,
    sessionKills: () => `${prefix}session-kills`,
    pepperFingerprint: () => `${prefix}pepper-fingerprint`,
    grants: (replica) => `${prefix}grants:${replica}`,
    authorizationChanges: () => `${prefix}authorization-changes`,
  };
}

/** Redis hashes what stands between the first `{` and the next `}`, so neither may come from outside. */
function withoutBraces(what: string, value: string): string {
  if (/[{}]/u.test(value)) throw new RangeError(`A ${what} must not contain braces.`);
  return value;
}
