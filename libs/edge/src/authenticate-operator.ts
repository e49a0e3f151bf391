import { GatewayError, Secret } from '@ccg/kernel';
import { fingerprintOf, readCredential } from '@ccg/tenancy';
import type { OperatorPrincipal, Principal } from '@ccg/tenancy';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { refuseIfSlowed } from './authenticate.ts';
import type { Authenticator, CredentialAdvice } from './authenticate.ts';
import type { BadCredentials } from './bad-credentials.ts';
import { sourceOf } from './client-address.ts';
import type { ClientAddressOf } from './client-address.ts';

export interface OperatorAuthenticatorOptions {
  readonly operator: OperatorPrincipal;
  isOperatorToken(text: Secret): boolean;
  /** For all that is not the token of the operators. */
  readonly others: Authenticator;
  readonly badCredentials: BadCredentials;
  readonly addressOf: ClientAddressOf;
  readonly advice: CredentialAdvice;
}

/**
 * Lets in the operators too, whose token has no shape of its own. It is compared here, so a good one waits for nobody;
 * a text that is no credential of ours may be a guess at it, and counts as one.
 */
export function createOperatorAuthenticator(options: OperatorAuthenticatorOptions): Authenticator<Principal> {
  const { operator, isOperatorToken, others, badCredentials, addressOf, advice } = options;

  async function refuseGuess(request: IncomingMessage, guess: Secret): Promise<never> {
    await noteGuess({ badCredentials, addressOf }, request, guess);
    throw new GatewayError(
      'credential-invalid',
      `The credential is neither the operators' token nor one that this gateway has issued. ${advice.howToSend}`,
    );
  }

  return (request) => {
    const shown = textsIn(request.headers);
    const { kind } = readCredential(credentialHeaders(request.headers));
    if (shown.some(isOperatorToken)) {
      if (shown.length === 1 || (kind !== 'api-key' && kind !== 'jwt')) return operator;
      throw new GatewayError(
        'credential-ambiguous',
        `The headers x-api-key and Authorization hold two different credentials. ${advice.howToSendOne}`,
      );
    }
    const [guess] = shown;
    return kind === 'malformed' && guess !== undefined ? refuseGuess(request, guess) : others(request);
  };
}

/**
 * Lets in operators alone, who show their token as the password of HTTP Basic under any user name: a browser asks for
 * it. `realm` is what the browser calls the place; it must be plain words.
 */
export function createBasicAuthenticator(
  options: Omit<OperatorAuthenticatorOptions, 'others' | 'advice'> & { readonly realm: string },
): Authenticator<OperatorPrincipal> {
  const { operator, isOperatorToken, realm } = options;
  const headers = { 'www-authenticate': `Basic realm="${realm}", charset="UTF-8"` };
  const howTo = 'Sign in with any user name, and the token of the operators as the password.';

  async function refuseGuess(request: IncomingMessage, guess: Secret): Promise<never> {
    await noteGuess(options, request, guess);
    throw new GatewayError('credential-invalid', `This is not the token of the operators. ${howTo}`, { headers });
  }

  return (request) => {
    const password = passwordIn(request.headers.authorization);
    if (password === undefined) throw new GatewayError('credential-missing', howTo, { headers });
    return isOperatorToken(password) ? operator : refuseGuess(request, password);
  };
}

/** What stands behind the first colon of HTTP Basic. */
function passwordIn(authorization = ''): Secret | undefined {
  const encoded = /^basic\s+([A-Za-z0-9+/]+={0,2})$/iu.exec(authorization.trim())?.[1];
  const pair = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  const password = pair.slice(pair.indexOf(':') + 1);
  return pair.includes(':') && password !== '' ? new Secret(password) : undefined;
}

/** Counts a guess at the token, and makes whoever has guessed too often wait. */
async function noteGuess(
  { badCredentials, addressOf }: Pick<OperatorAuthenticatorOptions, 'badCredentials' | 'addressOf'>,
  request: IncomingMessage,
  guess: Secret,
): Promise<void> {
  const source = sourceOf(addressOf(request));
  const lookUp = await badCredentials.mayLookUp(source);
  await badCredentials.noteBad(source, fingerprintOf(guess));
  refuseIfSlowed(lookUp);
}

function credentialHeaders({ authorization, 'x-api-key': apiKey }: IncomingHttpHeaders) {
  return { authorization, 'x-api-key': typeof apiKey === 'string' ? apiKey : apiKey?.join(', ') };
}

/** The different texts of both headers. */
function textsIn(headers: IncomingHttpHeaders): readonly Secret[] {
  const { authorization = '', 'x-api-key': apiKey = '' } = credentialHeaders(headers);
  const bearer = /^bearer\s+(\S.*)$/iu.exec(authorization.trim())?.[1] ?? '';
  const texts = new Set([apiKey.trim(), bearer].filter((text) => text !== ''));
  return [...texts].map((text) => new Secret(text));
}
