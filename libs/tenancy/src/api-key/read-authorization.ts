import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { policyOf } from '../policy/judge.ts';
import { limitRulesOf } from '../limits.ts';
import type {
  Allowlist,
  Authorization,
  KilledSession,
  Policy,
  PolicyLevel,
  TenantAuthorization,
  TenantDefaults,
} from '../principal.ts';
import type { ApiKeyRecord, PolicyRecord, TenantRecord, UserRecord } from '../records.ts';
import { killedSessionsIn } from '../session/killed-sessions.ts';
import { tenantOf } from '../tenant/tenant-record.ts';
import { textAt } from '../verb/read-fields.ts';
import { apiKeyOf } from './api-key-record.ts';
import type { LoadedApiKey } from './api-key-record.ts';

/** Whose credential it is. */
export type Bearer = { readonly tenant: string } & (
  | { readonly apiKeyId: string }
  | { readonly user: string; readonly tokenDigest: string | undefined }
);

/** Everything that a credential's authorization is made of, as it was at one moment. */
export interface AuthorizationRecords {
  readonly tenant: TenantRecord;
  readonly apiKey: LoadedApiKey | undefined;
  readonly user: UserRecord | undefined;
  readonly policies: ReadonlyMap<string, Allowlist>;
  /** Whether this token is revoked, and until when all tokens of the user are. */
  readonly revocation: { readonly token: boolean; readonly userBeforeMs: number | undefined };
  /** Of the user, or of the API key of a service. */
  readonly killedSessions: readonly KilledSession[];
}

const script = loadScript(new URL('./read-authorization.lua', import.meta.url));

/** Reads it in one script; undefined where the tenant does not exist. */
export async function readAuthorization(store: Store, bearer: Bearer): Promise<AuthorizationRecords | undefined> {
  const { tenant } = bearer;
  const { redisKeys } = store;
  const ofTenant = [
    redisKeys.tenant(tenant),
    redisKeys.users(tenant),
    redisKeys.policies(tenant),
    redisKeys.killedSessions(tenant),
  ];
  const ofBearer = 'user' in bearer ? revocationsOf(store, bearer) : [redisKeys.apiKey(tenant, bearer.apiKeyId)];
  const args = 'user' in bearer ? [bearer.user, bearer.tokenDigest ?? ''] : ['', bearer.apiKeyId];
  const reply = await store.run(script, [...ofTenant, ...ofBearer], args);
  const [tenantReply, keyReply, , policyReply, revocationReply] = Array.isArray(reply)
    ? (reply as readonly unknown[])
    : [];
  const found = tenantOf(tenant, tenantReply);
  if (found === undefined) return undefined;
  const userText = textAt(reply, 2);
  return {
    tenant: found.item,
    apiKey: 'apiKeyId' in bearer ? apiKeyOf(bearer.apiKeyId, keyReply) : undefined,
    user: userText === undefined ? undefined : (JSON.parse(userText) as UserRecord),
    policies: policiesOf(policyReply),
    revocation: revocationOf(revocationReply),
    killedSessions: killedSessionsIn(textAt(reply, 5)),
  };
}

/** The redis keys where a revocation can stand; the last one is of this token, where it has an id. */
function revocationsOf(
  { redisKeys }: Store,
  { tenant, user, tokenDigest }: Extract<Bearer, { readonly user: string }>,
): readonly string[] {
  const ofUser = [redisKeys.revokedTokens(tenant), redisKeys.tokenRevocation(tenant, user)];
  return tokenDigest === undefined ? ofUser : [...ofUser, redisKeys.tokenRevocation(tenant, tokenDigest)];
}

/** When all tokens of the user were revoked, and when this one was. */
function revocationOf(reply: unknown): AuthorizationRecords['revocation'] {
  const user = textAt(reply, 0);
  return { token: textAt(reply, 1) !== undefined, userBeforeMs: user === undefined ? undefined : Date.parse(user) };
}

/** Pairs of a name and a record, which is empty where there is none. */
function policiesOf(reply: unknown): ReadonlyMap<string, Allowlist> {
  const policies = new Map<string, Allowlist>();
  for (let at = 0; textAt(reply, at) !== undefined; at += 2) {
    const text = textAt(reply, at + 1) ?? '';
    if (text !== '') policies.set(textAt(reply, at) ?? '', (JSON.parse(text) as PolicyRecord).allowlist);
  }
  return policies;
}

const nothing: Allowlist = { models: [], targets: [] };

/** The policy of a principal: the levels of the tenant, of the user and of the API key. A policy that is gone allows nothing. */
export function mergePolicy({ tenant, user, apiKey, policies }: AuthorizationRecords): Policy {
  const levels = (
    of: PolicyLevel['of'],
    record: Pick<TenantRecord | UserRecord | ApiKeyRecord, 'allowlist' | 'policies'> | undefined,
  ): readonly PolicyLevel[] => {
    if (record === undefined) return [];
    const own = record.allowlist === undefined ? [] : [record.allowlist];
    const named = record.policies.map((name) => policies.get(name) ?? nothing);
    return [...own, ...named].map((list) => ({ ...list, of }));
  };
  return policyOf([...levels('tenant', tenant), ...levels('user', user), ...levels('api-key', apiKey?.item)]);
}

/** What a credential with these scopes may do: what its records say, else the gateway's configuration. */
export function authorizationOf(
  records: AuthorizationRecords,
  scopes: Authorization['scopes'],
  defaults: TenantDefaults,
): TenantAuthorization {
  const { limits, timeZone = 'UTC', contact = defaults.contact } = records.tenant;
  return {
    scopes,
    policy: mergePolicy(records),
    limits: limits === undefined ? defaults.limits : limitRulesOf(limits),
    timeZone,
    contact,
    killedSessions: records.killedSessions.length === 0 ? undefined : records.killedSessions,
  };
}

/** How limits see the user. The group of a token counts where the record of the user has none. */
export function sharingOf({ user }: AuthorizationRecords, ofToken: string | undefined) {
  return { group: user?.group ?? ofToken, waitingWeight: user?.waitingWeight ?? 1 };
}
