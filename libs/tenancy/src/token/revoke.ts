import { digestOfToken, userIdOf } from '../credentials/digests.ts';
import { tokenMaxAgeMs } from '../credentials/token/check-token.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { announce } from '../verb/announce.ts';
import { requireTenant } from '../verb/authorize.ts';
import { invalid, issue } from '../verb/fields.ts';
import { loadTenant } from '../verb/load.ts';
import type { Result } from '../verb/result.ts';
import { refused } from '../verb/result.ts';
import { runWrite } from '../verb/run-verb.ts';

/** Which tokens: the one with that `jti`, or all that the issuer has given to a subject up to now. */
export type TokensToRevoke = {
  readonly tenant: string;
  readonly issuer: string;
  /** Whose tokens are taken for the tenant, where that is known: those of others cannot be revoked. */
  readonly knownIssuers?: readonly string[] | undefined;
} & ({ readonly tokenId: string } | { readonly subject: string });

export interface RevokedTokens {
  /** The user whose tokens were revoked; undefined where it was one token. */
  readonly user: string | undefined;
  readonly revokedAt: string;
}

const textMaxLength = 1000;

/** Longer than the clocks of issuers and of replicas may differ. */
const marginMs = 24 * 60 * 60 * 1000;
const lifetimeMs = tokenMaxAgeMs + marginMs;

/**
 * Revokes tokens, on every replica. It needs no sign of them: who revokes a token that never came here is safe from it.
 * A subject can sign in again; suspending the user prevents that. The end of a token is not known here, but none is
 * accepted beyond `tokenMaxAgeMs`: a day after that, Redis forgets the revocation.
 */
export async function revokeTokens(
  deps: TenancyDependencies,
  actor: Actor,
  request: TokensToRevoke,
): Promise<Result<RevokedTokens>> {
  const { store, clock } = deps;
  const { tenant, issuer } = request;
  const user = 'subject' in request ? userIdOf(issuer, request.subject) : undefined;
  const id = 'subject' in request ? userIdOf(issuer, request.subject) : digestOfToken(issuer, request.tokenId);
  const deed = {
    action: 'token.revoke',
    tenant,
    subject: { kind: user === undefined ? 'token' : 'user', id },
  } as const;
  const result = await runWrite<RevokedTokens>(deps, actor, deed, async () => {
    const refusal = requireTenant(actor.principal, tenant, 'write') ?? faultsOf(request);
    if (refusal !== undefined) return refused(refusal);
    if ((await loadTenant(store, tenant)) === undefined) return refused({ kind: 'unknown', subject: 'tenant' });
    const revokedAt = new Date(clock.now()).toISOString();
    const { redisKeys } = store;
    const change = {
      checks: [],
      writes: [
        { kind: 'put', key: redisKeys.tokenRevocation(tenant, id), value: revokedAt, lifetimeMs },
        { kind: 'expire', key: redisKeys.revokedTokens(tenant), lifetimeMs },
      ],
    } as const;
    return { kind: 'change', change, details: { issuer }, value: { user, revokedAt } };
  });
  if (result.kind === 'done') await announce(store, { kind: user === undefined ? 'token' : 'user', tenant, id });
  return result;
}

function faultsOf(request: TokensToRevoke) {
  const [field, text] = 'subject' in request ? ['subject', request.subject] : ['tokenId', request.tokenId];
  return invalid(
    ...Object.entries({ issuer: request.issuer, [field]: text }).map(([name, value]) =>
      value !== '' && value.length <= textMaxLength && value.isWellFormed()
        ? []
        : [issue([name], `must have 1 to ${textMaxLength} characters`)],
    ),
    issuerIssues(request),
  );
}

/** A typo must not look like a revocation. */
function issuerIssues({ issuer, knownIssuers = [issuer] }: TokensToRevoke) {
  if (knownIssuers.includes(issuer)) return [];
  const known = knownIssuers.length === 0 ? 'There is none' : `It must be one of ${knownIssuers.join(', ')}`;
  return [issue(['issuer'], `is not an issuer whose tokens are taken for this tenant. ${known}`)];
}
