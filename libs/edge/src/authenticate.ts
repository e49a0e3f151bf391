import { assertNever, GatewayError } from '@ccg/kernel';
import type { Secret } from '@ccg/kernel';
import { fingerprintOf, readCredential } from '@ccg/tenancy';
import type { ApiKeyVerifier, Credential, Principal, TenantPrincipal, TokenVerifier, Verification } from '@ccg/tenancy';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { BadCredentials, LookUp } from './bad-credentials.ts';
import { sourceOf } from './client-address.ts';
import type { ClientAddressOf } from './client-address.ts';
import { refuseUnlessLocal } from './keyless.ts';

export interface AuthenticatorOptions {
  readonly apiKeys: ApiKeyVerifier;
  /** Undefined where no issuer of tokens is configured. */
  readonly tokens?: TokenVerifier | undefined;
  readonly badCredentials: BadCredentials;
  readonly addressOf: ClientAddressOf;
  /** The API key whose owner a program on this machine acts for that shows none. Unset: nobody is let in without one. */
  readonly keylessAs?: Secret | undefined;
  /** For clients of the data plane unless given. */
  readonly advice?: CredentialAdvice | undefined;
}

/** What a client is told to do, in sentences. */
export interface CredentialAdvice {
  readonly howToSend: string;
  readonly howToSendOne: string;
}

/**
 * Finds out who a request acts for, before its body is read. A promise only for a credential that is not remembered.
 *
 * @throws GatewayError 401 that says what to do, 403 for the suspended, 429 for a credential from where too many bad
 * ones came, or 503 when the credential cannot be checked now.
 */
export type Authenticator<Who extends Principal = TenantPrincipal> = (request: IncomingMessage) => Who | Promise<Who>;

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { apiKeys, tokens, badCredentials, addressOf, keylessAs, advice = adviceForClients } = options;

  async function lookUpApiKey(request: IncomingMessage, apiKey: Secret): Promise<TenantPrincipal> {
    const source = sourceOf(addressOf(request));
    if (!apiKeys.wasVerified(apiKey)) refuseIfSlowed(await badCredentials.mayLookUp(source));
    const verification = await apiKeys.verify(apiKey);
    if (isBad(verification)) await badCredentials.noteBad(source, fingerprintOf(apiKey));
    return principalOf(verification);
  }

  /** Whether a token is authentic is found out here, so a good one waits for nobody. */
  async function settleToken(
    request: IncomingMessage,
    token: Secret,
    running: Promise<Verification>,
  ): Promise<TenantPrincipal> {
    const verification = await running;
    if (isBad(verification)) {
      const source = sourceOf(addressOf(request));
      const lookUp = await badCredentials.mayLookUp(source);
      await badCredentials.noteBad(source, fingerprintOf(token));
      refuseIfSlowed(lookUp);
    }
    return principalOf(verification);
  }

  return (request) => {
    const credential = ourCredential(request.headers, keylessAs, tokens !== undefined, advice);
    if (credential.kind === 'api-key') {
      const remembered = apiKeys.remembered(credential.apiKey);
      return remembered === undefined ? lookUpApiKey(request, credential.apiKey) : principalOf(remembered);
    }
    if (tokens === undefined) throw tokensNotConfigured(advice);
    const verification = tokens.verify(credential.token);
    if (verification instanceof Promise) return settleToken(request, credential.token, verification);
    return principalOf(verification);
  };
}

/**
 * Finds out again who a request acts for that was let in before. Other bad credentials from its address do not slow it down,
 * and its own is not counted as one: it was good when it came. Throws as an authenticator does.
 */
export function createReauthenticator(
  options: Pick<AuthenticatorOptions, 'apiKeys' | 'tokens' | 'keylessAs' | 'advice'>,
): Authenticator {
  const { apiKeys, tokens, keylessAs, advice = adviceForClients } = options;
  return (request) => {
    const credential = ourCredential(request.headers, keylessAs, tokens !== undefined, advice);
    if (credential.kind === 'api-key') return whenVerified(apiKeys.verify(credential.apiKey));
    if (tokens === undefined) throw tokensNotConfigured(advice);
    return whenVerified(tokens.verify(credential.token));
  };
}

function whenVerified(verification: Verification | Promise<Verification>): TenantPrincipal | Promise<TenantPrincipal> {
  return verification instanceof Promise ? verification.then(principalOf) : principalOf(verification);
}

/** A credential that was good once is no guess. */
function isBad(verification: Verification): boolean {
  if (verification.kind !== 'unknown') return false;
  return verification.reason !== 'expired' && verification.reason !== 'token-expired';
}

const adviceForClients: CredentialAdvice = {
  howToSend: 'Set ANTHROPIC_AUTH_TOKEN to your API key for this gateway. It begins with ccg_live_.',
  howToSendOne: 'Send only one: unset ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN.',
};

type OurCredential = Extract<Credential, { readonly kind: 'api-key' | 'jwt' }>;

function ourCredential(
  headers: IncomingHttpHeaders,
  keylessAs: Secret | undefined,
  takesTokens: boolean,
  { howToSend, howToSendOne }: CredentialAdvice,
): OurCredential {
  const xApiKey = headers['x-api-key'];
  const credential = readCredential({
    'x-api-key': typeof xApiKey === 'string' ? xApiKey : xApiKey?.join(', '),
    authorization: headers.authorization,
  });
  if (keylessAs !== undefined && isForeign(credential, takesTokens)) {
    refuseUnlessLocal(headers);
    return { kind: 'api-key', apiKey: keylessAs };
  }
  switch (credential.kind) {
    case 'api-key':
    case 'jwt':
      return credential;
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
        `The headers x-api-key and Authorization hold two different API keys or tokens of this gateway. ${howToSendOne}`,
      );
    default:
      return assertNever(credential);
  }
}

function tokensNotConfigured({ howToSend }: CredentialAdvice): GatewayError {
  return new GatewayError(
    'credential-unsupported',
    `The credential is a token (JWT), but tokens are not configured at this gateway. ${howToSend}`,
  );
}

/** Whether it is none of this gateway's. */
function isForeign({ kind }: Credential, takesTokens: boolean): boolean {
  return kind !== 'api-key' && kind !== 'ambiguous' && !(kind === 'jwt' && takesTokens);
}

/** Refuses whoever has to wait. */
export function refuseIfSlowed(lookUp: LookUp): void {
  if (lookUp.kind === 'allowed') return;
  const retryAfterSeconds = Math.max(1, Math.ceil(lookUp.retryAfterMs / 1000));
  throw new GatewayError(
    'rate-limited',
    'Too many credentials from your address were not valid, so those that are not known yet are checked slowly. ' +
      `Check your API key or token, and try again in ${retryAfterSeconds} s.`,
    { retryAfterSeconds, reason: 'bad-credentials' },
  );
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
        'This API key or token was revoked or never issued, or it has expired. ' +
          'Ask the administrator of this gateway for a new API key, or sign in again for a new token.',
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
    case 'issuer-unavailable':
      throw new GatewayError(
        'issuer-unavailable',
        'The gateway cannot check tokens right now: the keys of their issuer could not be loaded yet. Try again in a few seconds.',
        { retryAfterSeconds: 5, reason: verification.issuer },
      );
    default:
      return assertNever(verification);
  }
}
