import { randomBytes } from 'node:crypto';
import { generateApiKey } from '@ccg/tenancy';
import { base64url } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { ask, openTokenGateways } from './support/token-gateway.ts';
import type { Replica, TokenGateways } from './support/token-gateway.ts';
import { startTokenServer } from './support/token-issuer.ts';
import type { TokenServer } from './support/token-issuer.ts';

let gateways: TokenGateways;
let issuer: TokenServer;

beforeAll(async () => {
  issuer = await startTokenServer();
});
afterAll(() => issuer.stop());
beforeEach(async () => {
  gateways = await openTokenGateways('bad-credentials');
});
afterEach(() => gateways.close());

function guessedApiKey(): string {
  return generateApiKey(randomBytes).reveal();
}

function guessedToken(): string {
  const claims = { iss: issuer.issuer, sub: 'mallory' };
  const parts = [{ alg: 'ES256', kid: 'es' }, claims].map((part) => base64url.encode(JSON.stringify(part)));
  return `${parts.join('.')}.${base64url.encode(randomBytes(64))}`;
}

/** Shows so many guesses at the same time, and gives what they were answered. */
async function flood(replica: Replica, count: number, guess: () => string, from?: string) {
  const headers = from === undefined ? {} : { 'x-forwarded-for': from };
  return await Promise.all(Array.from({ length: count }, () => ask(replica, guess(), headers)));
}

test.each([
  ['API keys', guessedApiKey],
  ['tokens', guessedToken],
])('guessed %s slow their source, and not what is known to be good', async (_what, guess) => {
  const replica = await gateways.start(issuer);
  const apiKey = await gateways.newApiKey();
  expect(await ask(replica, apiKey)).toMatchObject({ status: 200 });
  const token = await issuer.issue('jane', { tenant: 'acme' });
  const statuses: number[] = [];
  for (let asked = 0; asked < 30; asked += 1) statuses.push((await ask(replica, guess())).status);
  expect(statuses.every((status) => status === 401)).toBe(true);
  const slowed = (await flood(replica, 30, guess)).find(({ status }) => status === 429);
  expect(slowed).toMatchObject({ error: { type: 'rate_limit_error' } });
  expect(slowed?.headers.get('retry-after')).toBe('1');
  // Longer than a verified API key is reused without asking: it is still no guess.
  gateways.setAheadMs(6000);
  expect(await ask(replica, apiKey)).toMatchObject({ status: 200 });
  expect(await ask(replica, token)).toMatchObject({ status: 200 });
});

test('a client that goes on showing one bad credential is not slowed', async () => {
  const replica = await gateways.start(issuer);
  const apiKey = guessedApiKey();
  const answers = await flood(replica, 60, () => apiKey);
  expect(answers.every(({ status }) => status === 401)).toBe(true);
  expect((await flood(replica, 10, guessedApiKey)).every(({ status }) => status === 401)).toBe(true);
});

test('guesses are counted for the client that a trusted proxy names', async () => {
  const replica = await gateways.start(issuer, { env: { TRUST_PROXY: '127.0.0.0/8' } });
  await flood(replica, 60, guessedApiKey, '1.2.3.4');
  const later = await flood(replica, 30, guessedApiKey, '1.2.3.4');
  expect(later.some(({ status }) => status === 429)).toBe(true);
  const others = await flood(replica, 10, guessedApiKey, '1.2.3.5');
  expect(others.every(({ status }) => status === 401)).toBe(true);
});
