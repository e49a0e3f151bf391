import { Secret } from '@ccg/kernel';
import { base64url, createLocalJWKSet, exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import type { JWTHeaderParameters, JWTPayload } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkToken, tokenMaxAgeMs } from './check-token.ts';
import type { CheckedToken, TrustedIssuer } from './check-token.ts';
import type { TokenIssuer } from './issuer.ts';

const nowMs = Date.UTC(2026, 0, 1);
const nowSeconds = nowMs / 1000;
const maxAgeSeconds = tokenMaxAgeMs / 1000;
const iss = 'https://login.example.com/';

const issuer: TokenIssuer = {
  name: 'corporate',
  issuer: iss,
  audiences: ['gateway'],
  algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
  clockToleranceMs: 30_000,
  claims: { tenant: ['tenant'], user: ['sub'], groups: ['groups'] },
  tenants: ['acme', 'umbrella'],
  scopes: ['messages', 'self'],
};

/** Undefined is left out. */
type Claims = Readonly<Record<string, unknown>>;

function definedOf(claims: Claims): JWTPayload {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

const good = {
  iss,
  aud: 'gateway',
  sub: 'jane',
  tenant: 'acme',
  iat: nowSeconds,
  exp: nowSeconds + 600,
  jti: 'one',
};

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
const pairs = new Map<string, Pair>();
let stranger: Pair;
let missed = 0;
let trusted: TrustedIssuer;

beforeAll(async () => {
  for (const algorithm of issuer.algorithms)
    pairs.set(algorithm, await generateKeyPair(algorithm, { extractable: true }));
  stranger = await generateKeyPair('ES256', { extractable: true });
  const keys = await Promise.all(
    [...pairs].map(async ([alg, { publicKey }]) => ({ ...(await exportJWK(publicKey)), alg, kid: alg, use: 'sig' })),
  );
  const set = createLocalJWKSet({ keys });
  trusted = { issuer, keys: { current: () => set, missed: () => (missed += 1) } };
});

function keyOf(algorithm: string): Pair {
  const pair = pairs.get(algorithm);
  if (pair === undefined) throw new Error(`no key for ${algorithm}`);
  return pair;
}

async function sign(
  payload: Claims,
  header: JWTHeaderParameters = { alg: 'ES256', kid: 'ES256' },
  { privateKey } = keyOf(header.alg),
): Promise<string> {
  return await new SignJWT(definedOf(payload)).setProtectedHeader(header).sign(privateKey);
}

async function check(token: string, of: TrustedIssuer = trusted): Promise<CheckedToken> {
  return await checkToken([of], new Secret(token), nowMs);
}

function rejectedFor(reason: string) {
  return { kind: 'rejected', reason };
}

test.each(['RS256', 'PS256', 'ES256', 'EdDSA'] as const)('a token signed with %s is authentic', async (alg) => {
  expect(await check(await sign(good, { alg, kid: alg }))).toMatchObject({
    kind: 'authentic',
    claims: {
      issuer: iss,
      tenant: 'acme',
      subject: 'jane',
      scopes: ['messages', 'self'],
      groups: [],
      issuedAtMs: nowMs,
      validUntilMs: nowMs + 630_000,
    },
  });
});

describe('forged tokens', () => {
  test('alg none, with and without a signature', async () => {
    const parts = [{ alg: 'none' }, good].map((part) => base64url.encode(JSON.stringify(part)));
    const signature = (await sign(good)).split('.')[2] ?? '';
    for (const end of ['', signature]) {
      expect(await check(`${parts.join('.')}.${end}`)).toEqual(rejectedFor('token-algorithm'));
    }
  });

  test('HS256 over the public key, in PEM and as it is in the key set', async () => {
    const { publicKey } = keyOf('RS256');
    for (const secret of [await exportSPKI(publicKey), JSON.stringify(await exportJWK(publicKey))]) {
      const token = await new SignJWT(good)
        .setProtectedHeader({ alg: 'HS256', kid: 'RS256' })
        .sign(new TextEncoder().encode(secret));
      expect(await check(token)).toEqual(rejectedFor('token-algorithm'));
    }
  });

  test('an algorithm that this issuer does not have', async () => {
    const narrow: TrustedIssuer = { ...trusted, issuer: { ...issuer, algorithms: ['RS256'] } };
    expect(await check(await sign(good), narrow)).toEqual(rejectedFor('token-algorithm'));
  });

  test('the key of a stranger under a known name, and inside the header', async () => {
    const jwk = await exportJWK(stranger.publicKey);
    expect(await check(await sign(good, { alg: 'ES256', kid: 'ES256' }, stranger))).toEqual(
      rejectedFor('token-signature'),
    );
    expect(await check(await sign(good, { alg: 'ES256', jwk }, stranger))).toEqual(rejectedFor('token-signature'));
  });

  test('a changed claim', async () => {
    const [head, , signature] = (await sign(good)).split('.');
    const changed = base64url.encode(JSON.stringify({ ...good, tenant: 'umbrella' }));
    expect(await check(`${head}.${changed}.${signature}`)).toEqual(rejectedFor('token-signature'));
  });

  test('a key that is not in the set, which is asked for', async () => {
    const before = missed;
    expect(await check(await sign(good, { alg: 'ES256', kid: 'new' }))).toEqual(rejectedFor('token-key-unknown'));
    expect(missed).toBe(before + 1);
  });

  test('what is no token', async () => {
    for (const text of ['eyJ.eyJ.x', 'eyJhbGciOiJFUzI1NiJ9.bm8.bm8']) {
      expect(await check(text)).toEqual(rejectedFor('token-malformed'));
    }
  });

  test('an extension that must be understood and is not', async () => {
    const header = { alg: 'ES256', kid: 'ES256', crit: ['exp'], exp: 1 };
    const [, payload, signature] = (await sign(good)).split('.');
    expect(await check(`${base64url.encode(JSON.stringify(header))}.${payload}.${signature}`)).toMatchObject({
      kind: 'rejected',
    });
  });
});

describe('claims', () => {
  test.each<[string, Claims, string]>([
    ['no issuer', { iss: undefined }, 'token-issuer-unknown'],
    ['another issuer', { iss: 'https://login.example.com' }, 'token-issuer-unknown'],
    ['no audience', { aud: undefined }, 'token-audience'],
    ['another audience', { aud: ['gateway-2'] }, 'token-audience'],
    ['an age that nobody remembers revocations for', { iat: nowSeconds - maxAgeSeconds - 30 }, 'token-expired'],
    ['an end longer ago than the clocks may differ', { exp: nowSeconds - 31 }, 'token-expired'],
    ['no end', { exp: undefined }, 'token-claims'],
    ['no time of issue', { iat: undefined }, 'token-claims'],
    ['an issue in the future', { iat: nowSeconds + 31 }, 'token-not-yet-valid'],
    ['not valid yet', { nbf: nowSeconds + 31 }, 'token-not-yet-valid'],
    ['no tenant', { tenant: undefined }, 'token-tenant'],
    ['a tenant for which the issuer does not vouch', { tenant: 'initech' }, 'token-tenant'],
    ['a malformed tenant', { tenant: ['acme'] }, 'token-tenant'],
    ['no subject', { sub: undefined }, 'token-claims'],
    ['an empty subject', { sub: '' }, 'token-claims'],
    ['a subject with half of a character', { sub: '\ud800x' }, 'token-claims'],
    ['a group with half of a character', { groups: ['all', 'x\udfff'] }, 'token-claims'],
  ])('%s', async (_name, claims, reason) => {
    expect(await check(await sign({ ...good, ...claims }))).toEqual(rejectedFor(reason));
  });

  test('clocks may differ by the tolerance', async () => {
    const late = { ...good, exp: nowSeconds - 29, iat: nowSeconds + 29, nbf: nowSeconds + 29 };
    expect(await check(await sign(late))).toMatchObject({ kind: 'authentic' });
  });

  test('one of several audiences is enough', async () => {
    expect(await check(await sign({ ...good, aud: ['other', 'gateway'] }))).toMatchObject({ kind: 'authentic' });
  });

  test('are found by their paths, and scopes are those that both token and issuer name', async () => {
    const claims = {
      tenant: ['https://example.com/tenant'],
      user: ['person', 'mail'],
      groups: ['realm', 'roles'],
      scopes: ['scope'],
    } as const;
    const of: TrustedIssuer = { ...trusted, issuer: { ...issuer, claims, scopes: ['messages', 'tenant:read'] } };
    const payload = {
      ...good,
      tenant: undefined,
      'https://example.com/tenant': 'umbrella',
      person: { mail: 'jane@example.com' },
      realm: { roles: ['dev', 7, 'ops'] },
      scope: 'openid messages operator:write tenant:write',
    };
    expect(await check(await sign(payload), of)).toMatchObject({
      claims: { tenant: 'umbrella', subject: 'jane@example.com', groups: ['dev', 'ops'], scopes: ['messages'] },
    });
  });

  test('a token that names no scopes where they are asked for has none', async () => {
    const claims = { ...issuer.claims, scopes: ['scope'] } as const;
    const of: TrustedIssuer = { ...trusted, issuer: { ...issuer, claims } };
    expect(await check(await sign(good), of)).toMatchObject({ claims: { scopes: [] } });
  });

  test('what is inherited by every object is no claim', async () => {
    const of: TrustedIssuer = {
      ...trusted,
      issuer: { ...issuer, claims: { ...issuer.claims, user: ['constructor', 'name'] } },
    };
    expect(await check(await sign(good), of)).toEqual(rejectedFor('token-claims'));
  });
});

test('the same subject at two issuers is two users, and ids hold nothing of what a bearer can choose', async () => {
  const other: TrustedIssuer = { ...trusted, issuer: { ...issuer, issuer: 'https://other.example.com/' } };
  const sub = 'ccg:{t:acme}:*'.repeat(10);
  const ids = await Promise.all(
    [trusted, other].map(async (of) => {
      const checked = await check(await sign({ ...good, sub, iss: of.issuer.issuer }), of);
      return checked.kind === 'authentic' ? checked.claims.user : '';
    }),
  );
  expect(ids[0]).not.toBe(ids[1]);
  for (const id of ids) expect(id).toMatch(/^usr_[\w-]{43}$/u);
});

test('a token without a key id is checked against every key of its kind', async () => {
  const keys = await Promise.all([stranger, keyOf('ES256')].map(({ publicKey }) => exportJWK(publicKey)));
  const set = createLocalJWKSet({ keys });
  const of: TrustedIssuer = { issuer, keys: { current: () => set, missed: () => {} } };
  expect(await check(await sign(good, { alg: 'ES256' }), of)).toMatchObject({ kind: 'authentic' });
  const unknown = await generateKeyPair('ES256');
  expect(await check(await sign(good, { alg: 'ES256' }, unknown), of)).toEqual(rejectedFor('token-signature'));
  const late = { ...good, exp: nowSeconds - 31 };
  expect(await check(await sign(late, { alg: 'ES256' }), of)).toEqual(rejectedFor('token-expired'));
});

test('without keys it is the issuer that is missing, and a token that could never be good is still refused', async () => {
  const of: TrustedIssuer = { issuer, keys: { current: () => undefined, missed: () => {} } };
  expect(await check(await sign(good), of)).toEqual({ kind: 'issuer-unavailable', issuer: 'corporate' });
  const none = [{ alg: 'none' }, good].map((part) => base64url.encode(JSON.stringify(part))).join('.');
  expect(await check(`${none}.`, of)).toEqual(rejectedFor('token-algorithm'));
});

test('a token that ends in many years is good until its age is too high', async () => {
  const iat = nowSeconds - maxAgeSeconds - 29;
  expect(await check(await sign({ ...good, iat, exp: nowSeconds + 10 * maxAgeSeconds }))).toMatchObject({
    kind: 'authentic',
    claims: { validUntilMs: nowMs + 1000 },
  });
});
