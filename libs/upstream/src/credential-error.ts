import { GatewayError } from '@ccg/kernel';

export type CredentialFault =
  /** There is none where it is looked for. */
  | { readonly kind: 'missing' }
  /** It is there, and is not one: a file that cannot be read, or holds something else. */
  | { readonly kind: 'unusable' }
  /** Google gave no token for it. `reason` is a code of OAuth. */
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string | undefined }
  /** Whoever gives tokens did not answer. `reason` is a code of the system. */
  | { readonly kind: 'unreachable'; readonly reason: string | undefined };

/** Why there is no token. Holds nothing of what was asked or answered: both hold secrets. */
export class CredentialError extends Error {
  override readonly name = 'CredentialError';
  readonly fault: CredentialFault;

  constructor(fault: CredentialFault) {
    super(`no token: ${fault.kind}`);
    this.fault = fault;
  }
}

const renewal =
  'run "gcloud auth application-default login", or set GOOGLE_APPLICATION_CREDENTIALS to the file of a service account, and start the gateway again';

/** What the client is told. Only a token service that does not answer may do so at the next try. */
export function credentialErrorToGatewayError(error: CredentialError, providerName: string): GatewayError {
  const { fault } = error;
  switch (fault.kind) {
    case 'missing':
      return rejected(`The gateway has no Google credentials for the provider "${providerName}".`, error);
    case 'unusable':
      return rejected(`The gateway cannot use its Google credentials for the provider "${providerName}".`, error);
    case 'refused': {
      const what = fault.reason ?? `HTTP ${fault.status}`;
      return rejected(`Google refuses the gateway's credentials for the provider "${providerName}" (${what}).`, error);
    }
    case 'unreachable':
      return new GatewayError(
        'upstream-unreachable',
        `The gateway cannot get a token for the provider "${providerName}": Google's token service or the metadata server does not answer${fault.reason === undefined ? '' : ` (${fault.reason})`}. Try again; if it persists, tell the gateway's operators.`,
        { cause: error },
      );
  }
}

function rejected(what: string, cause: CredentialError): GatewayError {
  return new GatewayError('upstream-credential-rejected', `${what} Tell the gateway's operators: ${renewal}.`, {
    cause,
  });
}
