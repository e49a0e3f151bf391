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
    const source = sourceOf(addressOf(request));
    const lookUp = await badCredentials.mayLookUp(source);
    await badCredentials.noteBad(source, fingerprintOf(guess));
    refuseIfSlowed(lookUp);
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
