import { assertNever, GatewayError } from '@ccg/kernel';
import { readCredential } from '@ccg/tenancy';
import type { ApiKeyVerifier, Principal } from '@ccg/tenancy';
import type { IncomingHttpHeaders } from 'node:http';

const howToSend =
  'Set ANTHROPIC_AUTH_TOKEN to the key that was issued to you for this gateway; it begins with ccg_live_.';

/**
 * Finds out who a request acts for, by its headers alone.
 *
 * @throws GatewayError 401 with the remedy, or 503 when nobody can tell whether the key is good.
 */
export async function authenticate(headers: IncomingHttpHeaders, verifier: ApiKeyVerifier): Promise<Principal> {
  const xApiKey = headers['x-api-key'];
  const credential = readCredential({
    'x-api-key': typeof xApiKey === 'string' ? xApiKey : xApiKey?.join(', '),
    authorization: headers.authorization,
  });
  switch (credential.kind) {
    case 'api-key':
      break;
    case 'absent':
      throw new GatewayError('credential-missing', `No API key was sent. ${howToSend}`);
    case 'malformed':
      throw new GatewayError(
        'credential-invalid',
        `What was sent is not an API key of this gateway; was it copied whole? ${howToSend}`,
      );
    case 'foreign-anthropic':
      throw new GatewayError(
        'credential-invalid',
        `The key that was sent is one of Anthropic's, not of this gateway. ${howToSend} Unset ANTHROPIC_API_KEY.`,
      );
    case 'ambiguous':
      throw new GatewayError(
        'credential-ambiguous',
        'x-api-key and Authorization carry two different API keys of this gateway. Send one: unset ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN.',
      );
    case 'jwt':
      throw new GatewayError(
        'credential-unsupported',
        `A token was sent, but tokens are not configured at this gateway. ${howToSend}`,
      );
    default:
      return assertNever(credential);
  }
  const verification = await verifier.verify(credential.apiKey);
  switch (verification.kind) {
    case 'verified':
      return verification.principal;
    case 'unknown':
      throw new GatewayError(
        'credential-invalid',
        `This API key was revoked or never issued. Ask your gateway's administrator for a new one. ${howToSend}`,
      );
    case 'unavailable':
      throw new GatewayError(
        'store-unavailable',
        'The gateway cannot check API keys right now. Try again in a few seconds.',
        { retryAfterSeconds: 5 },
      );
    default:
      return assertNever(verification);
  }
}
