import type { Clock, Scope } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { TenantDefaults } from '../principal.ts';
import { judgeToken } from '../token/judge.ts';
import { expired, neverIssued } from './memory.ts';
import type { Verification } from './memory.ts';
import { readAuthorization } from './read-authorization.ts';
import { judgeApiKey } from './verify.ts';

/** A credential that was verified before, by its ids alone. */
export type CredentialId =
  | { readonly kind: 'api-key'; readonly apiKeyId: string }
  | {
      readonly kind: 'token';
      readonly user: string;
      readonly issuer: string;
      readonly tokenDigest: string | undefined;
      readonly groups: readonly string[];
    };

interface PrincipalDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly defaults: TenantDefaults;
}

/**
 * Reads who a credential stands for now, for work that goes on without the credential itself. What its records say
 * counts: a revoked one is unknown, and so on. An API key that was rotated and is over is its successor. A token that expired meanwhile still counts, and so do the scopes that the
 * caller says it had; one that was issued before `issuedByMs` is over if all tokens of its user were revoked since.
 */
export async function readPrincipal(
  { store, clock, defaults }: PrincipalDependencies,
  tenant: string,
  credential: CredentialId,
  { scopes, issuedByMs }: { readonly scopes: readonly Scope[]; readonly issuedByMs: number },
): Promise<Verification> {
  try {
    if (credential.kind === 'api-key') {
      return await readApiKey({ store, clock, defaults }, tenant, credential.apiKeyId);
    }
    const { kind: _kind, ...token } = credential;
    const records = await readAuthorization(store, { tenant, ...token });
    if (records === undefined) return neverIssued;
    return judgeToken(records, { ...token, tenant, scopes, issuedByMs, expiresAtMs: Infinity }, defaults);
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    return { kind: 'unavailable' };
  }
}

/** So many rotations would hardly be made while the work goes on. */
const rotationsMax = 20;

async function readApiKey(
  { store, clock, defaults }: PrincipalDependencies,
  tenant: string,
  id: string,
): Promise<Verification> {
  let apiKeyId = id;
  for (let rotations = 0; ; rotations += 1) {
    const records = await readAuthorization(store, { tenant, apiKeyId });
    const verification = judgeApiKey(records, clock.now(), defaults);
    const successor = verification === expired ? records?.apiKey?.item.successor : undefined;
    if (successor === undefined || rotations === rotationsMax) return verification;
    apiKeyId = successor;
  }
}
