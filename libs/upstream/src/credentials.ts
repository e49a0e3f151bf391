import type { Endpoint, GoogleCredential } from '@ccg/catalog';
import type { Clock } from '@ccg/kernel';
import { UpstreamCallError } from './call-error.ts';
import { createGoogleTokens } from './google-tokens.ts';
import type { Fetch, GoogleToken } from './google-tokens.ts';
import { createTokenRefresher } from './token-refresher.ts';
import type { TokenRefresher } from './token-refresher.ts';

/** The headers that prove the gateway to a provider: names and values in turn. */
export type CredentialHeaders = readonly string[];

/** Sends a request; its status is all that is read of the answer here. */
type Ask<Answer> = (headers: CredentialHeaders) => Promise<Answer>;

interface Answered {
  readonly status: number;
  readonly body: { abort(): void };
}

/** The credentials of providers, each fetched and renewed once for all requests. */
export interface Credentials {
  /**
   * Asks with the credential of an endpoint. A server that finds a token expired is asked once more with a new one.
   * Rejects with `UpstreamCallError` if there is no credential, and as soon as the signal aborts while there is none yet.
   */
  ask<Answer extends Answered>(endpoint: Endpoint, ask: Ask<Answer>, signal: AbortSignal): Promise<Answer>;
  /** Gets the credential of an endpoint ready. Rejects with `UpstreamCallError` if there is none. */
  prepare(endpoint: Endpoint): Promise<void>;
  close(): void;
}

interface CredentialsDependencies {
  readonly clock: Clock;
  /** For tokens; called before there is one. */
  readonly fetch: Fetch;
}

export function createCredentials({ clock, fetch }: CredentialsDependencies): Credentials {
  const refreshers = new Map<GoogleCredential, TokenRefresher<GoogleToken>>();

  function refresherOf(credential: GoogleCredential): TokenRefresher<GoogleToken> {
    const known = refreshers.get(credential);
    if (known !== undefined) return known;
    const fetchToken = createGoogleTokens(credential, { fetch, clock });
    const made = createTokenRefresher({ fetchToken, clock });
    refreshers.set(credential, made);
    return made;
  }

  return {
    ask({ credential, form }, ask, signal) {
      if (credential === undefined) return ask([]);
      if ('kind' in credential) return askWithToken(refresherOf(credential), ask, signal);
      const { header, scheme } = form.credential;
      const revealed = credential.reveal();
      if (typeof revealed === 'string') return ask([header, scheme + revealed]);
      return orNoCredential(revealed).then((value) => ask([header, scheme + value]));
    },
    async prepare({ credential }) {
      if (credential === undefined) return;
      await orNoCredential('kind' in credential ? refresherOf(credential).token() : credential.reveal());
    },
    close() {
      for (const refresher of refreshers.values()) refresher.close();
    },
  };
}

async function askWithToken<Answer extends Answered>(
  refresher: TokenRefresher<GoogleToken>,
  ask: Ask<Answer>,
  signal: AbortSignal,
): Promise<Answer> {
  const token = await unlessAborted(orNoCredential(refresher.token()), signal);
  const answer = await ask(headersOf(token));
  if (answer.status !== 401) return answer;
  const renewed = await unlessAborted(orNoCredential(refresher.renew(token)), signal);
  if (renewed === undefined) return answer;
  answer.body.abort();
  return ask(headersOf(renewed));
}

async function orNoCredential<T>(value: T | Promise<T>): Promise<T> {
  try {
    return await value;
  } catch (thrown) {
    throw new UpstreamCallError('no-credential', thrown);
  }
}

/** A client that leaves does not wait for a token. */
async function unlessAborted<T>(value: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => {
    aborted.reject(new UpstreamCallError('aborted', signal.reason));
  };
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([value, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function headersOf({ value, quotaProject }: GoogleToken): CredentialHeaders {
  const headers = ['authorization', `Bearer ${value}`];
  return quotaProject === undefined ? headers : [...headers, 'x-goog-user-project', quotaProject];
}
