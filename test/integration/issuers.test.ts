import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { join } from 'node:path';
import { revokeTokens, systemActor } from '@ccg/tenancy';
import { doneValue } from '@ccg/testkit';
import { base64url, decodeJwt, exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ask, metricsOf, openTokenGateways } from './support/token-gateway.ts';
import type { TokenGateways } from './support/token-gateway.ts';
import { startTokenServer } from './support/token-issuer.ts';
import type { TokenServer } from './support/token-issuer.ts';

const hourMs = 3_600_000;

let gateways: TokenGateways;
let issuer: TokenServer;
const stopped: Server[] = [];

beforeAll(async () => {
  issuer = await startTokenServer();
});
afterAll(() => issuer.stop());
beforeEach(async () => {
  gateways = await openTokenGateways('issuers');
});
afterEach(async () => {
  await gateways.close();
  for (const server of stopped.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

const unauthenticated = {
  status: 401,
  error: {
    type: 'authentication_error',
    message:
      'This API key or token was revoked or never issued, or it has expired. ' +
      'Ask the administrator of this gateway for a new API key, or sign in again for a new token.',
  },
};

test('a token of the issuer lets its user in, in either header, whatever stands in the other', async () => {
  const replica = await gateways.start(issuer);
  const token = await issuer.issue('jane', { tenant: 'acme' });
  expect(await ask(replica, token)).toMatchObject({ status: 200 });
  const inApiKeyHeader = { authorization: 'Bearer sk-ant-of-somebody', 'x-api-key': token };
  expect(await ask(replica, '', inApiKeyHeader)).toMatchObject({ status: 200 });
  const other = await issuer.issue('john', { tenant: 'acme' });
  expect(await ask(replica, token, { 'x-api-key': other })).toMatchObject({ status: 401 });
  expect(replica.log.join('')).not.toContain(token);
});

test.each<[string, Readonly<Record<string, unknown>>, string]>([
  ['no tenant', {}, 'token-tenant'],
  ['a tenant for which the issuer does not vouch', { tenant: 'initech' }, 'token-tenant'],
  ['another audience', { tenant: 'acme', aud: 'urn:other' }, 'token-audience'],
  ['an end that has passed', { tenant: 'acme', exp: 1 }, 'token-expired'],
])(
  'a token with %s is refused like every bad credential, and the log alone says why',
  async (_name, claims, reason) => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    await writeFile(
      join(gateways.folder, 'keys.json'),
      JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'own' }] }),
    );
    const replica = await gateways.start(issuer, { jwks: '{ file: keys.json }' });
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: issuer.issuer, sub: 'jane', aud: 'urn:gateway', iat: now, exp: now + 600, ...claims };
    const token = await new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'own' }).sign(privateKey);
    const answer = await ask(replica, token);
    expect(answer).toMatchObject(unauthenticated);
    expect(answer.headers.get('x-should-retry')).toBe('false');
    await expect.poll(() => replica.log.some((line) => line.includes(`"reason":"${reason}"`))).toBe(true);
  },
);

test('a forged token is refused on every endpoint', async () => {
  const keys = await generateKeyPair('RS256', { extractable: true });
  const publicPem = await exportSPKI(keys.publicKey);
  const keySet = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'own', alg: 'ES256' }] };
  await writeFile(join(gateways.folder, 'keys.json'), JSON.stringify(keySet));
  const replica = await gateways.start(issuer, { jwks: '{ file: keys.json }' });
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer.issuer, sub: 'jane', aud: 'urn:gateway', tenant: 'acme', iat: now, exp: now + 600 };
  const stranger = await generateKeyPair('ES256');
  const none = [{ alg: 'none' }, claims].map((part) => base64url.encode(JSON.stringify(part))).join('.');
  const forged = [
    `${none}.AA`,
    await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'own' })
      .sign(new TextEncoder().encode(publicPem)),
    await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'own' }).sign(keys.privateKey),
    await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'own' }).sign(stranger.privateKey),
  ];
  const paths = ['/v1/messages', '/v1/messages/count_tokens', '/v1/models', '/v1/models/x', '/openai:x/v1/messages'];
  for (const path of paths) {
    for (const token of forged) expect(await ask(replica, token, {}, path)).toMatchObject(unauthenticated);
  }
});

test('without issuers a token is refused with what to do instead', async () => {
  const replica = await gateways.start(issuer, { env: { GATEWAY_CONFIG: '' } });
  expect(await ask(replica, await issuer.issue('jane', { tenant: 'acme' }))).toMatchObject({
    status: 401,
    error: { message: expect.stringContaining('tokens are not configured') },
  });
});

describe('an issuer that is down', () => {
  test('leaves known tokens as they are, an hour later too, and forged ones out', async () => {
    const short = await startTokenServer();
    const replica = await gateways.start(short);
    const known = await short.issue('jane', { tenant: 'acme' });
    const unseen = await short.issue('john', { tenant: 'umbrella' });
    expect(await ask(replica, known)).toMatchObject({ status: 200 });
    await short.stop();
    gateways.setAheadMs(hourMs);
    expect(await ask(replica, known)).toMatchObject({ status: 200 });
    expect(await ask(replica, unseen)).toMatchObject({ status: 200 });
    const stranger = await generateKeyPair('ES256');
    for (const kid of ['es', 'new']) {
      const payload = { ...decodeJwt(known), sub: 'mallory' };
      const forged = await new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid }).sign(stranger.privateKey);
      expect(await ask(replica, forged)).toMatchObject(unauthenticated);
    }
  });

  const answers: readonly (readonly [string, RequestListener])[] = [
    ['fails', (_request, response) => response.writeHead(500).end()],
    ['sends elsewhere', (_request, response) => response.writeHead(302, { location: issuer.jwksUrl }).end()],
    ['sends more than a megabyte', (_request, response) => response.end(' '.repeat(1024 * 1024 + 1))],
    ['does not answer', () => {}],
  ];
  test.each(answers)('from the start (%s) makes tokens a 503, and API keys work', async (_name, answer) => {
    const server = createServer(answer);
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    stopped.push(server);
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const replica = await gateways.start(issuer, { jwks: `{ url: 'http://127.0.0.1:${port}/jwks' }` });
    const metrics = await metricsOf(replica);
    expect(metrics).toContain('ccg_issuer_keys_age_seconds{issuer="corporate"} +Inf');
    const refused = await ask(replica, await issuer.issue('jane', { tenant: 'acme' }));
    expect(refused).toMatchObject({ status: 503, error: { type: 'api_error' } });
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await ask(replica, await gateways.newApiKey())).toMatchObject({ status: 200 });
  });
});

test('a flood of unknown keys asks the issuer once', async () => {
  const replica = await gateways.start(issuer);
  const { privateKey } = await generateKeyPair('ES256');
  const payload = decodeJwt(await issuer.issue('jane', { tenant: 'acme' }));
  const before = issuer.keyRequests();
  for (let flood = 0; flood < 20; flood += 1) {
    const forged = await new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: `k${flood}` }).sign(privateKey);
    expect(await ask(replica, forged)).toMatchObject({ status: 401 });
  }
  expect(issuer.keyRequests()).toBe(before + 1);
});

test('a token that is revoked is refused on every replica at once', async () => {
  const [one, other] = [await gateways.start(issuer), await gateways.start(issuer)];
  const token = await issuer.issue('jane', { tenant: 'acme' });
  for (const replica of [one, other]) expect(await ask(replica, token)).toMatchObject({ status: 200 });
  const revocation = { tenant: 'acme', issuer: issuer.issuer, tokenId: decodeJwt(token).jti ?? '' };
  await gateways.withStore(async (deps) => doneValue(await revokeTokens(deps, systemActor('suite'), revocation)));
  for (const replica of [one, other]) {
    await expect.poll(async () => (await ask(replica, token)).status, { timeout: 10_000 }).toBe(401);
  }
});
