import type { Scope } from '@ccg/kernel';
import type { Verification } from '../api-key/memory.ts';
import { neverIssued, revoked } from '../api-key/memory.ts';
import { authorizationOf, sharingOf } from '../api-key/read-authorization.ts';
import type { AuthorizationRecords } from '../api-key/read-authorization.ts';
import type { TenantDefaults, TokenPrincipal } from '../principal.ts';
import { groupOf } from './note-group.ts';

/** What is known of a token without its tenant's records. */
interface JudgedToken extends Pick<
  TokenPrincipal,
  'tenant' | 'user' | 'issuer' | 'groups' | 'tokenDigest' | 'expiresAtMs' | 'apiKeyLifetimeMs'
> {
  readonly scopes: readonly Scope[];
  /** It is over if all tokens of its user were revoked then or later, in milliseconds since the epoch. */
  readonly issuedByMs: number;
}

/** Whether a token counts, by the records of its tenant and its user, and who shows it. */
export function judgeToken(
  records: AuthorizationRecords,
  { scopes, issuedByMs, ...token }: JudgedToken,
  defaults: TenantDefaults,
): Verification {
  const { tenant } = token;
  const { user, revocation } = records;
  const { userBeforeMs } = revocation;
  if (revocation.token || (userBeforeMs !== undefined && issuedByMs <= userBeforeMs)) return revoked;
  if (records.tenant.state === 'suspended') return { kind: 'suspended', of: 'tenant', tenant };
  if (user === undefined) return neverIssued;
  if (user.state !== 'active') return { kind: 'suspended', of: 'user', tenant };
  return {
    kind: 'verified',
    principal: {
      kind: 'token',
      ...token,
      userName: user.name,
      ...sharingOf(records, groupOf(token.groups)),
      authorization: authorizationOf(records, scopes, defaults),
    },
  };
}
