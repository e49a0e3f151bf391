import { assertNever, GatewayError } from '@ccg/kernel';
import type { Secret } from '@ccg/kernel';
import { readCredential } from '@ccg/tenancy';
import type { ApiKeyVerifier, Credential, TenantPrincipal, Verification } from '@ccg/tenancy';
import type { IncomingHttpHeaders } from 'node:http';
import { refuseUnlessLocal } from './keyless.ts';

const howToSend = 'Set ANTHROPIC_AUTH_TOKEN to your API key for this gateway. It begins with ccg_live_.';

/**
 * Finds out who a request acts for, from its headers alone. With `keylessAs` a program on this machine that shows no
 * credential of this gateway acts as the owner of that API key. A promise only where the store has to be asked.
 *
 * @throws GatewayError 401 that says what to do, 403 for the suspended, or 503 when the API key cannot be checked now.
 */
export function authenticate(
  headers: IncomingHttpHeaders,
  verifier: ApiKeyVerifier,
  keylessAs?: Secret,
): TenantPrincipal | Promise<TenantPrincipal> {
  const verification = verifier.verify(apiKeyOf(headers, keylessAs));
  return verification instanceof Promise ? verification.then(principalOf) : principalOf(verification);
}

function apiKeyOf(headers: IncomingHttpHeaders, keylessAs: Secret | undefined): Secret {
  const xApiKey = headers['x-api-key'];
  const credential = readCredential({
    'x-api-key': typeof xApiKey === 'string' ? xApiKey : xApiKey?.join(', '),
    authorization: headers.authorization,
  });
  if (keylessAs !== undefined && isForeign(credential)) {
    refuseUnlessLocal(headers);
    return keylessAs;
  }
  switch (credential.kind) {
    case 'api-key':
      return credential.apiKey;
    case 'absent':
      throw new GatewayError('credential-missing', `No API key was sent. ${howToSend}`);
    case 'malformed':
      throw new GatewayError(
        'credential-invalid',
        `The credential is not an API key of this gateway. Check that it was copied whole. ${howToSend}`,
      );
    case 'foreign-anthropic':
      throw new GatewayError(
        'credential-invalid',
        `The credential is an API key of Anthropic's, not of this gateway. ${howToSend} Unset ANTHROPIC_API_KEY.`,
      );
    case 'ambiguous':
      throw new GatewayError(
        'credential-ambiguous',
        'The headers x-api-key and Authorization hold two different API keys of this gateway. Send only one: unset ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN.',
      );
    case 'jwt':
      throw new GatewayError(
        'credential-unsupported',
        `The credential is a token (JWT), but tokens are not configured at this gateway. ${howToSend}`,
      );
    default:
      return assertNever(credential);
  }
}

/** Whether it is none of this gateway's. */
function isForeign({ kind }: Credential): boolean {
  return kind !== 'api-key' && kind !== 'ambiguous';
}

const suspendedMessages = {
  tenant: 'Your team is suspended at this gateway. Ask its administrator.',
  user: 'Your user is suspended at this gateway. Ask the administrator of your team.',
};

function principalOf(verification: Verification): TenantPrincipal {
  switch (verification.kind) {
    case 'verified':
      return verification.principal;
    case 'unknown':
      throw new GatewayError(
        'credential-invalid',
        'This API key was revoked or never issued, or it has expired. Ask the administrator of this gateway for a new one.',
        { reason: verification.reason },
      );
    case 'suspended':
      throw new GatewayError('suspended', suspendedMessages[verification.of], { reason: verification.of });
    case 'unavailable':
      throw new GatewayError(
        'store-unavailable',
        'The gateway cannot check API keys right now: its store does not answer. Try again in a few seconds.',
        { retryAfterSeconds: 5 },
      );
    default:
      return assertNever(verification);
  }
}
