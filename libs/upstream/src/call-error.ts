import { GatewayError } from '@ccg/kernel';
import { CredentialError, credentialErrorToGatewayError } from './credential-error.ts';

/** How a call can fail without an HTTP answer, or in the middle of one. */
export type CallFailureKind =
  /** The base URL leads to an address that holds credentials of the machine. Nothing was sent. */
  | 'refused-address'
  /** No connection, or one that ended before the server can have acted on the request. */
  | 'unreachable'
  /** The connection ended after the whole request was sent, and before any byte of an answer. */
  | 'unanswered'
  /** What came back is not HTTP. */
  | 'not-http'
  /** The gateway could not get the credential that it would have sent. */
  | 'no-credential'
  /** The connection ended in the middle of an answer. */
  | 'cut'
  | 'first-byte-timeout'
  | 'idle-timeout'
  | 'aborted'
  | 'too-large'
  /** The answer is compressed in a way that the gateway does not know, or its compressed form is damaged. */
  | 'unreadable-coding';

/** A call that failed below HTTP. Only `unreachable` may be tried again: any other call may have been processed, and billed. */
export class UpstreamCallError extends Error {
  override readonly name = 'UpstreamCallError';
  readonly kind: CallFailureKind;
  /** How long was waited, where that is over. */
  readonly waitedMs: number | undefined;

  constructor(kind: CallFailureKind, cause?: unknown, waitedMs?: number) {
    super(`upstream call failed: ${kind}`, { cause });
    this.kind = kind;
    this.waitedMs = waitedMs;
  }
}

/** What the client is told about a failed call; `providerName` is the operator's name for the upstream. */
export function callErrorToGatewayError(error: UpstreamCallError, providerName: string): GatewayError {
  const { kind } = error;
  switch (kind) {
    case 'unreachable':
      return new GatewayError(
        'upstream-unreachable',
        `The provider "${providerName}" cannot be reached from the gateway. Try again; if it persists, tell the gateway's operators.`,
        { cause: error },
      );
    case 'refused-address':
      return new GatewayError(
        'upstream-unreachable',
        `The provider "${providerName}" resolves to a link-local address or to one of cloud metadata, which holds the credentials of a machine. The gateway calls no provider there. Tell the gateway's operators to check the base URL and what its host name resolves to.`,
        { cause: error, status: 500, retry: 'never' },
      );
    case 'unanswered':
      return new GatewayError(
        'upstream-truncated',
        `The provider "${providerName}" closed the connection after it had the request and before it answered. The gateway did not send the request again, since it may have been processed. Try again.`,
        { cause: error },
      );
    case 'not-http':
      return new GatewayError(
        'upstream-malformed',
        `What answers at the base URL of the provider "${providerName}" does not speak HTTP. Tell the gateway's operators to check it: https or http, and the port.`,
        { cause: error, retry: 'never' },
      );
    case 'no-credential':
      if (error.cause instanceof CredentialError) return credentialErrorToGatewayError(error.cause, providerName);
      return new GatewayError(
        'upstream-credential-rejected',
        `The gateway could not get its credential for the provider "${providerName}". Tell the gateway's operators.`,
        { cause: error },
      );
    case 'cut':
    case 'aborted':
      return new GatewayError(
        'upstream-truncated',
        `The provider "${providerName}" closed the connection before its answer was complete. Try again.`,
        { cause: error },
      );
    case 'first-byte-timeout':
      return new GatewayError(
        'upstream-timeout',
        `The provider "${providerName}" did not begin to answer ${waited('within', error) ?? 'in time'}. Try again.`,
        { cause: error },
      );
    case 'idle-timeout':
      return new GatewayError(
        'upstream-timeout',
        `The provider "${providerName}" sent nothing ${waited('for', error) ?? 'for too long'}, and its answer is not complete. Try again.`,
        { cause: error },
      );
    case 'too-large':
      return new GatewayError(
        'upstream-malformed',
        `The provider "${providerName}" sent an answer that is too large to relay.`,
        { cause: error },
      );
    case 'unreadable-coding':
      return new GatewayError(
        'upstream-malformed',
        `The provider "${providerName}" compressed its answer, which it was asked not to do, and the gateway cannot read it. Tell the gateway's operators: the content-encoding must be identity, gzip, deflate, br or zstd.`,
        { cause: error },
      );
  }
}

function waited(word: 'within' | 'for', { waitedMs }: UpstreamCallError): string | undefined {
  return waitedMs === undefined ? undefined : `${word} ${waitedMs / 1000} s`;
}
