import type { GoogleCredential } from '@ccg/catalog';
import type { Clock } from '@ccg/kernel';
import { Compute, GoogleAuth } from 'google-auth-library';
import type { AuthClient } from 'google-auth-library';
import { CredentialError } from './credential-error.ts';
import type { CredentialFault } from './credential-error.ts';
import type { Token } from './token-refresher.ts';

/** A token, and the project that pays for its requests where that is another one. */
export interface GoogleToken extends Token {
  readonly quotaProject: string | undefined;
}

/** What is used of the function of this name. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

interface GoogleTokensDependencies {
  readonly fetch: Fetch;
  readonly clock: Clock;
}

const scopes = ['https://www.googleapis.com/auth/cloud-platform'];
const timeoutMs = 20_000;
/** What is taken of a token that does not say when it expires. */
const assumedLifeMs = 300_000;

/**
 * Gets access tokens by Application Default Credentials. Every time the credentials are read again: a file may have been
 * replaced. All requests go by `fetch`, save those to the metadata server. Rejects with `CredentialError`.
 */
export function createGoogleTokens(
  { project, keyFile }: Omit<GoogleCredential, 'kind'>,
  { fetch, clock }: GoogleTokensDependencies,
): (failures: number) => Promise<GoogleToken> {
  const transporterOptions = {
    fetchImplementation: (url: string | URL | Request, init?: RequestInit) =>
      fetch(url instanceof Request ? url.url : String(url), init ?? {}),
  };
  const options = { projectId: project, scopes, clientOptions: { transporterOptions } };

  async function clientFor(failures: number): Promise<AuthClient> {
    // With a project it need not be asked for, which would start gcloud.
    const auth = new GoogleAuth(options);
    // What else reads a file warns of files of strangers each time; this one is the operator's.
    if (keyFile !== undefined) return auth._getApplicationCredentialsFromFilePath(keyFile, options.clientOptions);
    try {
      return await auth.getClient();
    } catch (thrown) {
      // The library never looks again for a metadata server that it did not find once.
      if (failures > 0 && isMissing(thrown)) return new Compute({ scopes });
      throw thrown;
    }
  }

  return async (failures: number): Promise<GoogleToken> => {
    try {
      return await withTimeout(clock, async () => {
        const client = await clientFor(failures);
        const { token } = await client.getAccessToken();
        if (token === undefined || token === null || token === '') throw new CredentialError({ kind: 'unusable' });
        const expiresAtMs = client.credentials.expiry_date ?? clock.now() + assumedLifeMs;
        return { value: token, expiresAtMs, quotaProject: client.quotaProjectId };
      });
    } catch (thrown) {
      throw thrown instanceof CredentialError ? thrown : new CredentialError(faultOf(thrown));
    }
  };
}

async function withTimeout<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  const timeout = Promise.withResolvers<never>();
  const cancel = clock.schedule(timeoutMs, () => {
    timeout.reject(new CredentialError({ kind: 'unreachable', reason: `no answer within ${timeoutMs / 1000} s` }));
  });
  try {
    return await Promise.race([work(), timeout.promise]);
  } finally {
    cancel();
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.message.startsWith('Could not load the default credentials');
}

function faultOf(thrown: unknown): CredentialFault {
  if (isMissing(thrown)) return { kind: 'missing' };
  const response = at(thrown, 'response');
  const status = at(response, 'status');
  if (typeof status === 'number') {
    const error = at(at(response, 'data'), 'error');
    const reason = typeof error === 'string' && /^[a-z_]{1,40}$/u.test(error) ? error : undefined;
    if (status < 500 && status !== 429) return { kind: 'refused', status, reason };
    return { kind: 'unreachable', reason: `HTTP ${status}` };
  }
  const code = systemCodeOf(thrown);
  const isOfNetwork = at(thrown, 'config') !== undefined;
  return isOfNetwork ? { kind: 'unreachable', reason: code } : { kind: 'unusable' };
}

/** `ECONNREFUSED` and the like. */
function systemCodeOf(thrown: unknown): string | undefined {
  for (let error = thrown, depth = 0; depth < 5; error = at(error, 'cause'), depth += 1) {
    const code = at(error, 'code');
    if (typeof code === 'string' && /^[A-Z_]{1,40}$/u.test(code)) return code;
  }
  return undefined;
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
