import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { createProvider } from '@ccg/catalog';
import type { GoogleCredential } from '@ccg/catalog';
import { Secret } from '@ccg/kernel';
import { createManualClock, startConnectProxy, unreachableUrl } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callErrorToGatewayError, UpstreamCallError } from './call-error.ts';
import { createUpstream } from './create-upstream.ts';
import { createCredentials } from './credentials.ts';
import type { CredentialHeaders, Credentials } from './credentials.ts';

const clock = createManualClock(Date.now());
const { signal } = new AbortController();
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const serviceAccount = {
  type: 'service_account',
  project_id: 'of-the-account',
  private_key_id: 'k1',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  client_email: 'gateway@of-the-account.iam.gserviceaccount.com',
};
const user = { type: 'authorized_user', client_id: 'c', client_secret: 's', refresh_token: 'refresh-me' };

let opened: AsyncDisposableStack;
let folder: string;
beforeEach(async () => {
  opened = new AsyncDisposableStack();
  folder = await mkdtemp(join(tmpdir(), 'ccg-google-'));
  opened.defer(() => rm(folder, { recursive: true }));
});
afterEach(() => opened.disposeAsync());

describe('a file of GOOGLE_APPLICATION_CREDENTIALS', () => {
  test('of a service account is exchanged for a token by a signed assertion', async () => {
    const google = await tokenServer();
    const { ask } = await credentialOf(serviceAccount, google);
    expect(await ask()).toEqual(['authorization', 'Bearer token-1']);
    const [asked] = google.asked;
    expect(asked?.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const claims = JSON.parse(Buffer.from(asked?.get('assertion')?.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({
      iss: serviceAccount.client_email,
      scope: 'https://www.googleapis.com/auth/cloud-platform',
    });
  });

  test('of a login of gcloud is exchanged by its refresh token, and its project for the bill is named', async () => {
    const google = await tokenServer();
    const { ask } = await credentialOf({ ...user, quota_project_id: 'bill' }, google);
    expect(await ask()).toEqual(['authorization', 'Bearer token-1', 'x-goog-user-project', 'bill']);
    expect(Object.fromEntries(google.asked[0] ?? [])).toMatchObject({
      grant_type: 'refresh_token',
      refresh_token: 'refresh-me',
    });
  });

  test('of a workload of another cloud is exchanged for a token, too', async () => {
    const google = await tokenServer();
    await writeFile(join(folder, 'subject'), 'a token of the other cloud');
    const external = {
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${google.url}/v1/token`,
      credential_source: { file: join(folder, 'subject') },
    };
    const { ask } = await credentialOf(external, google);
    expect(await ask()).toEqual(['authorization', 'Bearer token-1']);
    expect(google.asked[0]?.get('subject_token')).toBe('a token of the other cloud');
  });

  test('is read again for every token, since it may have been replaced', async () => {
    const google = await tokenServer();
    const { ask, file } = await credentialOf(user, google);
    await ask();
    await writeFile(file, JSON.stringify({ ...user, refresh_token: 'new' }));
    await ask([401, 200]);
    expect(google.asked.map((form) => form.get('refresh_token'))).toEqual(['refresh-me', 'new']);
  });
});

describe('a token that Vertex finds expired', () => {
  test('is renewed once for all requests, and each is sent again', async () => {
    const google = await tokenServer();
    const { ask } = await credentialOf(user, google);
    await ask();
    const asked = await Promise.all([ask([401, 200]), ask([401, 200])]);
    expect(asked.map(([, value]) => value)).toEqual(['Bearer token-2', 'Bearer token-2']);
    expect(google.asked.length).toBe(2);
  });

  test('is not renewed for ever: what is refused again is the answer', async () => {
    const google = await tokenServer();
    const { credentials, endpoint } = await credentialOf(user, google);
    const sent: CredentialHeaders[] = [];
    const refuse = (headers: CredentialHeaders) => {
      sent.push(headers);
      return Promise.resolve({ status: 401, body: { abort() {} } });
    };
    expect(await credentials.ask(endpoint, refuse, signal)).toMatchObject({ status: 401 });
    expect(sent.map(([, value]) => value)).toEqual(['Bearer token-1', 'Bearer token-2']);
    expect(await credentials.ask(endpoint, refuse, signal)).toMatchObject({ status: 401 });
    expect(google.asked.length).toBe(2);
  });

  test('is replaced by none while the token service is down, which is told', async () => {
    const google = await tokenServer();
    const { ask } = await credentialOf(user, google);
    await ask();
    google.answer(503, {});
    await expect(ask([401, 200])).rejects.toMatchObject({ kind: 'no-credential' });
  });
});

describe('without a token', () => {
  test.each([
    [
      'a refresh token that was revoked',
      user,
      400,
      { error: 'invalid_grant' },
      /refuses .*\(invalid_grant\).*gcloud auth/u,
    ],
    ['an account without a key', serviceAccount, 401, '<html>', /refuses .*\(HTTP 401\)/u],
    [
      'a file that is no credential',
      { some: 'json' },
      200,
      {},
      /cannot use its Google credentials .*GOOGLE_APPLICATION_/u,
    ],
  ])('%s is told as an error that no retry helps', async (_what, content, status, answer, message) => {
    const google = await tokenServer();
    google.answer(status, answer);
    const { ask } = await credentialOf(content, google);
    const error = await failureOf(ask());
    expect(error).toMatchObject({ status: 500, type: 'api_error', retry: 'never' });
    expect(error.publicMessage).toMatch(message);
    expect(inspect(error, { depth: 9 })).not.toContain(user.refresh_token);
  });

  test('a file that is not there is one too', async () => {
    const { ask } = await credentialOf(undefined, await tokenServer());
    expect(await failureOf(ask())).toMatchObject({ status: 500, retry: 'never' });
  });

  test('a token service that fails or is not reached may do so at the next try', async () => {
    const google = await tokenServer();
    google.answer(503, {});
    const failing = await credentialOf(user, google);
    expect(await failureOf(failing.ask())).toMatchObject({ status: 502, retry: 'default' });
    const { ask } = await credentialOf(user, { url: await unreachableUrl() });
    const error = await failureOf(ask());
    expect(error).toMatchObject({ status: 502, retry: 'default', code: 'upstream-unreachable' });
    expect(error.publicMessage).toMatch(
      /token service or the metadata server does not answer \(ECONNREFUSED\)\. Try again/u,
    );
  });
});

test('a client that leaves does not wait for a token, and others get it', async () => {
  const google = await tokenServer();
  const { ask } = await credentialOf(user, google);
  const leaving = new AbortController();
  const left = ask([200], leaving.signal);
  const others = ask();
  leaving.abort();
  await expect(left).rejects.toMatchObject({ kind: 'aborted' });
  expect(await others).toEqual(['authorization', 'Bearer token-1']);
  expect(google.asked.length).toBe(1);
});

test('the token service is asked through the proxy of the configuration', async () => {
  const proxy = await startConnectProxy();
  opened.defer(() => proxy.close());
  const times = { connectTimeoutMs: 5000, firstByteTimeoutMs: 5000, idleTimeoutMs: 5000 };
  const upstream = createUpstream({ ...times, proxy: { url: new Secret(proxy.url), except: '' } });
  opened.defer(() => upstream.close());
  const { endpoint } = await credentialOf(user, { url: '' });
  await expect(upstream.prepareCredential({ endpoint })).rejects.toMatchObject({ kind: 'no-credential' });
  expect(proxy.tunnels[0]).toMatchObject({ to: 'oauth2.googleapis.com:443' });
});

async function failureOf(asking: Promise<unknown>) {
  const thrown = await asking.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof UpstreamCallError)) throw new Error('It did not fail as a call.', { cause: thrown });
  return callErrorToGatewayError(thrown, 'gemini');
}

interface TokenServer {
  readonly url: string;
  readonly asked: readonly URLSearchParams[];
  answer(status: number, body: unknown): void;
}

/** Answers as Google's token service does, with tokens that are numbered. */
async function tokenServer(): Promise<TokenServer> {
  const asked: URLSearchParams[] = [];
  let given: { readonly status: number; readonly body: unknown } | undefined;
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    request.on('end', () => {
      asked.push(new URLSearchParams(text));
      const token = { access_token: `token-${asked.length}`, expires_in: 3600, token_type: 'Bearer' };
      response.writeHead(given?.status ?? 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(given?.body ?? token));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answer(status, body) {
      given = { status, body };
    },
  };
}

/** The credential of a file, at a Google whose token service is the given one. */
async function credentialOf(content: unknown, google: Pick<TokenServer, 'url'>) {
  const file = join(folder, 'credentials.json');
  if (content !== undefined) await writeFile(file, JSON.stringify(content));
  const credential: GoogleCredential = { kind: 'google', project: 'p', keyFile: file };
  const credentials: Credentials = createCredentials({
    clock,
    fetch: (url, init) => fetch(url.replace('https://oauth2.googleapis.com', google.url), init),
  });
  opened.defer(() => {
    credentials.close();
  });
  const { endpoint } = createProvider({ name: 'g', dialect: 'anthropic', baseUrl: 'http://vertex.test', credential });
  return {
    credentials,
    endpoint,
    file,
    /** The headers of the last request, when the provider answers with these. */
    async ask(statuses: readonly number[] = [200], until = signal): Promise<CredentialHeaders> {
      const rest = [...statuses];
      let last: CredentialHeaders = [];
      await credentials.ask(
        endpoint,
        (headers) => {
          last = headers;
          return Promise.resolve({ status: rest.shift() ?? 500, body: { abort() {} } });
        },
        until,
      );
      return last;
    },
  };
}
