import { wholeTenant } from '@ccg/admission';
import type { Target } from '@ccg/catalog';
import { assertNever } from '@ccg/kernel';
import type { LimitLevel } from '@ccg/kernel';
import type { TenantPrincipal } from '@ccg/tenancy';
import type { Digest } from './estimate-prompt.ts';

/** Who makes a request: whose use the limits count, apart from that of the model. */
export interface Caller {
  readonly principal: TenantPrincipal;
  /** What the client calls its session; undefined where it does not say. */
  readonly session: string | undefined;
}

/**
 * Names the counter of a level within the tenant. What a client may choose is in it as a digest. Undefined where the level
 * does not count the request: of a user without a group, a client without a session, a question that names no model.
 */
export function subjectOf(
  level: LimitLevel,
  { principal, session }: Caller,
  target: Target | undefined,
  digest: Digest,
): string | undefined {
  switch (level) {
    case 'tenant':
      return wholeTenant;
    case 'group':
      return principal.group === undefined ? undefined : `group:${principal.group}`;
    case 'user':
      return userSubject(principal);
    case 'api-key':
      return credentialSubject(principal);
    case 'session':
      return session === undefined
        ? undefined
        : `session:${digest(Buffer.from(`${userSubject(principal)} ${session}`))}`;
    case 'model':
      return target === undefined ? undefined : `model:${digest(Buffer.from(target.key))}`;
    default:
      return assertNever(level);
  }
}

/** A service has no user: a limit on each user counts each of its API keys, and each takes turns as a user does. */
export function userSubject(principal: TenantPrincipal): string {
  return `user:${principal.user ?? credentialSubject(principal)}`;
}

/** Tokens are renewed every few minutes: all of one user's count as one API key. */
function credentialSubject(principal: TenantPrincipal): string {
  switch (principal.kind) {
    case 'api-key':
      return `api-key:${principal.apiKeyId}`;
    case 'token':
      return `api-key:tokens-of:${principal.user}`;
    default:
      return assertNever(principal);
  }
}

/** Whose use a limit counts, in words: `user ada`. */
export function whoseOf(level: LimitLevel, principal: TenantPrincipal, requestedModel: string): string {
  switch (level) {
    case 'tenant':
      return `tenant ${principal.tenant}`;
    case 'group':
      return `group ${principal.group ?? ''}`;
    case 'user':
      if (principal.user === undefined) return credentialWords(principal);
      return `user ${principal.userName ?? principal.user}`;
    case 'api-key':
      return credentialWords(principal);
    case 'session':
      return 'this session';
    case 'model':
      return `model ${requestedModel}`;
    default:
      return assertNever(level);
  }
}

function credentialWords(principal: TenantPrincipal): string {
  switch (principal.kind) {
    case 'api-key':
      return `API key ${principal.apiKeyName}`;
    case 'token':
      return `the tokens of user ${principal.userName}`;
    default:
      return assertNever(principal);
  }
}
