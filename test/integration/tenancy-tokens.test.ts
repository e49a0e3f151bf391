import { randomUUID } from 'node:crypto';
import type { Secret } from '@ccg/kernel';
import { createScript } from '@ccg/store';
import {
  createApiKey,
  createTokenVerifier,
  getUser,
  listUsers,
  readAudit,
  resumeUser,
  revokeTokens,
  rotateApiKey,
  suspendTenant,
  suspendUser,
  updateUser,
} from '@ccg/tenancy';
import type { TenantPrincipal, TokenVerifier, Verification } from '@ccg/tenancy';
import { createManualClock, doneValue } from '@ccg/testkit';
import type { ManualClock } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaults, openTenancyRig, patienceMs, refusalOf, root } from './support/tenancy-rig.ts';
import type { TenancyRig } from './support/tenancy-rig.ts';
import { createTokenMaker } from './support/token-maker.ts';
import type { TokenMaker } from './support/token-maker.ts';

let rig: TenancyRig;
let clock: ManualClock;
let tenant: string;
let maker: TokenMaker;
const verifiers: TokenVerifier[] = [];

beforeEach(async () => {
  rig = await openTenancyRig();
  clock = createManualClock();
  tenant = await rig.newTenant();
  maker = await createTokenMaker(clock, { tenants: [tenant, 'nowhere'] });
});

afterEach(async () => {
  for (const verifier of verifiers.splice(0)) verifier.close();
  await rig.close();
});

/** One more replica, on a connection that can be cut. */
async function openVerifier(): Promise<TokenVerifier> {
  const store = await rig.openStore(rig.proxy.target);
  const times = { cacheMs: 5000, staleMs: 60_000, maxEntries: 100 };
  const verifier = createTokenVerifier({ store, issuers: [maker.trusted], clock, defaults, ...times });
  verifiers.push(verifier);
  // Commands of one connection are answered in order, so the verifier's own subscription is active with this one.
  await store.subscribe(store.redisKeys.authorizationChanges(), () => {}).active;
  return verifier;
}

async function principalOf(verifier: TokenVerifier, token: Secret): Promise<TenantPrincipal> {
  const verification = await verifier.verify(token);
  if (verification.kind !== 'verified') throw new Error(`The token is ${JSON.stringify(verification)}.`);
  return verification.principal;
}

async function userOf(verifier: TokenVerifier, token: Secret): Promise<string> {
  return (await principalOf(verifier, token)).user ?? '';
}

const revoked: Verification = { kind: 'unknown', reason: 'revoked' };
const issuer = () => maker.trusted.issuer.issuer;

describe('a user', () => {
  test('appears with the first token, once however many tokens and replicas there are', async () => {
    const replicas = await Promise.all([openVerifier(), openVerifier()]);
    const tokens = await Promise.all([1, 2, 3].map(() => maker.make({ sub: 'jane@example.com', tenant })));
    const users = await Promise.all(replicas.flatMap((replica) => tokens.map((token) => userOf(replica, token))));
    expect(new Set(users).size).toBe(1);
    const { items } = doneValue(await listUsers(rig.deps(), root, { tenant }));
    expect(items).toMatchObject([{ id: users[0], name: 'jane@example.com', identity: { issuer: issuer() } }]);
    const audit = doneValue(await readAudit(rig.deps(), root, { tenant }));
    expect(audit.items.filter(({ action }) => action === 'user.create')).toMatchObject([
      { actor: { kind: 'token', user: users[0] }, outcome: 'done' },
    ]);
  });

  test.each([
    ['that is somebody else’s', 'jane', 'jane'],
    ['that nobody could read', 'jane', 'line\nbreak'],
  ])('is known by the id where the subject is a name %s', async (_name, first, second) => {
    const verifier = await openVerifier();
    const other = await createTokenMaker(clock, { tenants: [tenant] });
    await userOf(verifier, await maker.make({ sub: first, tenant }));
    const store = await rig.openStore();
    const times = { cacheMs: 5000, staleMs: 60_000, maxEntries: 100 };
    const both = createTokenVerifier({
      store,
      issuers: [maker.trusted, other.trusted],
      clock,
      defaults,
      ...times,
    });
    verifiers.push(both);
    const id = await userOf(both, await other.make({ sub: second, tenant }));
    expect(doneValue(await getUser(rig.deps(), root, { tenant, id })).name).toBe(id);
  });

  test('has the authorization of tenant and user, and what the token grants', async () => {
    const verifier = await openVerifier();
    const token = await maker.make({ sub: 'jane', tenant, groups: ['dev'] });
    const user = await userOf(verifier, token);
    doneValue(await updateUser(rig.deps(), root, { tenant, id: user, allowlist: { models: ['claude-*'] } }));
    await expect
      .poll(async () => (await principalOf(verifier, token)).authorization.policy.kind, { timeout: patienceMs })
      .toBe('restricted');
    expect(await principalOf(verifier, token)).toMatchObject({
      kind: 'token',
      tenant,
      user,
      groups: ['dev'],
      authorization: { scopes: ['messages', 'self'], ...defaults, timeZone: 'UTC' },
    });
  });

  test('of a tenant that does not exist is nobody', async () => {
    const verifier = await openVerifier();
    const token = await maker.make({ sub: 'jane', tenant: 'nowhere' });
    expect(await verifier.verify(token)).toEqual({ kind: 'unknown', reason: 'token-tenant' });
  });

  test('who is suspended is told so on every replica, until it is over', async () => {
    const verifier = await openVerifier();
    const token = await maker.make({ sub: 'jane', tenant });
    const user = await userOf(verifier, token);
    doneValue(await suspendUser(rig.deps(), root, { tenant, id: user }));
    const suspended = { kind: 'suspended', of: 'user' };
    await expect.poll(() => verifier.verify(token), { timeout: patienceMs }).toMatchObject(suspended);
    expect(await verifier.verify(await maker.make({ sub: 'jane', tenant }))).toMatchObject(suspended);
    doneValue(await resumeUser(rig.deps(), root, { tenant, id: user }));
    await expect.poll(() => verifier.verify(token), { timeout: patienceMs }).toMatchObject({ kind: 'verified' });
  });

  test('does not appear in a tenant that is suspended', async () => {
    const verifier = await openVerifier();
    doneValue(await suspendTenant(rig.deps(), root, { tenant }));
    expect(await verifier.verify(await maker.make({ sub: 'jane', tenant }))).toMatchObject({
      kind: 'suspended',
      of: 'tenant',
    });
    expect(doneValue(await listUsers(rig.deps(), root, { tenant })).items).toEqual([]);
  });
});

describe('a revoked token', () => {
  const yearSeconds = 365 * 24 * 60 * 60;
  const pttl = createScript("return redis.call('PTTL', KEYS[1])");

  /** By what revocations are found, in their order. */
  async function revokedIds(): Promise<string[]> {
    const { items } = doneValue(await readAudit(rig.deps(), root, { tenant }));
    return items.filter(({ action }) => action === 'token.revoke').map(({ subject }) => subject.id);
  }

  test.each(['tokenId', 'subject'] as const)('is refused on every replica at once (%s)', async (by) => {
    const replicas = await Promise.all([openVerifier(), openVerifier()]);
    const token = await maker.make({ sub: 'jane', tenant, jti: 'one' });
    for (const replica of replicas) await userOf(replica, token);
    const what = by === 'tokenId' ? { tokenId: 'one' } : { subject: 'jane' };
    doneValue(await revokeTokens(rig.deps(undefined, clock), root, { tenant, issuer: issuer(), ...what }));
    for (const replica of replicas) {
      await expect.poll(() => replica.verify(token), { timeout: patienceMs }).toEqual(revoked);
    }
  });

  test.each(['tokenId', 'subject'] as const)('is refused within 5 s where the message was lost (%s)', async (by) => {
    const verifier = await openVerifier();
    const token = await maker.make({ sub: 'jane', tenant, jti: 'one' });
    await userOf(verifier, token);
    verifier.close();
    const what = by === 'tokenId' ? { tokenId: 'one' } : { subject: 'jane' };
    doneValue(await revokeTokens(rig.deps(undefined, clock), root, { tenant, issuer: issuer(), ...what }));
    clock.advance(4999);
    expect(await verifier.verify(token)).toMatchObject({ kind: 'verified' });
    clock.advance(1);
    expect(await verifier.verify(token)).toEqual(revoked);
  });

  test('leaves the others of its user, those of another issuer with the same id, and other users as they are', async () => {
    const verifier = await openVerifier();
    const revokeById = { tenant, tokenId: 'one' };
    doneValue(await revokeTokens(rig.deps(), root, { ...revokeById, issuer: 'https://other.example.com/' }));
    const first = await maker.make({ sub: 'jane', tenant, jti: 'one' });
    await userOf(verifier, first);
    doneValue(await revokeTokens(rig.deps(), root, { ...revokeById, issuer: issuer() }));
    await expect.poll(() => verifier.verify(first), { timeout: patienceMs }).toEqual(revoked);
    await userOf(verifier, await maker.make({ sub: 'jane', tenant, jti: 'two' }));
    await userOf(verifier, await maker.make({ sub: 'john', tenant }));
  });

  test('of a subject stays revoked, and a token that is issued later is good', async () => {
    const verifier = await openVerifier();
    const before = await maker.make({ sub: 'jane', tenant });
    const deps = rig.deps(undefined, clock);
    doneValue(await revokeTokens(deps, root, { tenant, issuer: issuer(), subject: 'jane' }));
    expect(await verifier.verify(before)).toEqual(revoked);
    // The clock of the issuer may be ahead by as much.
    clock.advance(30_000);
    expect(await verifier.verify(await maker.make({ sub: 'jane', tenant }))).toEqual(revoked);
    clock.advance(1000);
    await userOf(verifier, await maker.make({ sub: 'jane', tenant }));
    expect(await verifier.verify(before)).toEqual(revoked);
  });

  test.each(['tokenId', 'subject'] as const)('is remembered for as long as it could be accepted (%s)', async (by) => {
    const verifier = await openVerifier();
    const latestIssue = Math.floor(clock.now() / 1000) + 30;
    const times = { iat: latestIssue, exp: latestIssue + 10 * yearSeconds };
    const token = await maker.make({ sub: 'jane', tenant, jti: 'one', ...times });
    const { expiresAtMs = Infinity } = await principalOf(verifier, token);
    const what = by === 'tokenId' ? { tokenId: 'one' } : { subject: 'jane' };
    doneValue(await revokeTokens(rig.deps(undefined, clock), root, { tenant, issuer: issuer(), ...what }));
    const [id = ''] = await revokedIds();
    const lifetimeMs = Number(await rig.store.run(pttl, [rig.store.redisKeys.tokenRevocation(tenant, id)], []));
    expect(lifetimeMs).toBeGreaterThan(expiresAtMs - clock.now());
  });

  test('of the first version stays revoked, and is forgotten a year after the next revocation', async () => {
    const { store } = rig;
    const { redisKeys } = store;
    const revocation = { tenant, issuer: issuer() };
    doneValue(await revokeTokens(rig.deps(), root, { ...revocation, tokenId: 'one' }));
    doneValue(await revokeTokens(rig.deps(), root, { ...revocation, subject: 'john' }));
    const ids = await revokedIds();
    const makeOld = createScript(`
      for at, id in ipairs(ARGV) do
        redis.call('HSET', KEYS[1], id, redis.call('GET', KEYS[at + 1]))
        redis.call('DEL', KEYS[at + 1])
      end`);
    const keys = [redisKeys.revokedTokens(tenant), ...ids.map((id) => redisKeys.tokenRevocation(tenant, id))];
    await store.run(makeOld, keys, ids);
    const verifier = await openVerifier();
    expect(await verifier.verify(await maker.make({ sub: 'jane', tenant, jti: 'one' }))).toEqual(revoked);
    expect(await verifier.verify(await maker.make({ sub: 'john', tenant }))).toEqual(revoked);
    await userOf(verifier, await maker.make({ sub: 'jane', tenant }));
    expect(await store.run(pttl, [redisKeys.revokedTokens(tenant)], [])).toBe(-1);
    doneValue(await revokeTokens(rig.deps(), root, { ...revocation, tokenId: 'two' }));
    expect(await store.run(pttl, [redisKeys.revokedTokens(tenant)], [])).toBeGreaterThan(yearSeconds * 1000);
  });

  test('stands in the audit log of its tenant, once a minute, and nowhere is its text', async () => {
    const verifier = await openVerifier();
    const token = await maker.make({ sub: 'jane', tenant, jti: 'one' });
    const user = await userOf(verifier, token);
    doneValue(await revokeTokens(rig.deps(), root, { tenant, issuer: issuer(), tokenId: 'one' }));
    await expect.poll(() => verifier.verify(token), { timeout: patienceMs }).toEqual(revoked);
    clock.advance(2000);
    expect(await verifier.verify(token)).toEqual(revoked);
    const entries = async () => doneValue(await readAudit(rig.deps(), root, { tenant })).items;
    await expect.poll(async () => (await entries()).map(({ action }) => action)).toContain('token.use');
    expect((await entries()).filter(({ action }) => action.startsWith('token.'))).toMatchObject([
      { action: 'token.revoke', outcome: 'done' },
      { action: 'token.use', outcome: 'denied', subject: { kind: 'user', id: user }, details: { reason: 'revoked' } },
    ]);
    expect(JSON.stringify(await entries())).not.toContain(token.reveal());
  });

  test('can be of a tenant alone that there is, and only by who may write there', async () => {
    const deps = rig.deps();
    const revocation = { issuer: issuer(), tokenId: 'one' };
    expect(refusalOf(await revokeTokens(deps, root, { tenant: `t-${randomUUID()}`, ...revocation }))).toEqual({
      kind: 'unknown',
      subject: 'tenant',
    });
    const principal = await principalOf(await openVerifier(), await maker.make({ sub: 'jane', tenant }));
    const jane = { principal, requestId: 'req_test' };
    expect(refusalOf(await revokeTokens(deps, jane, { tenant, ...revocation }))).toMatchObject({
      kind: 'scope-missing',
    });
    for (const what of [{ tokenId: '\ud800' }, { subject: '\ud800' }]) {
      expect(refusalOf(await revokeTokens(deps, root, { tenant, issuer: '\ud800', ...what }))).toMatchObject({
        kind: 'invalid',
        issues: [{ path: ['issuer'] }, { path: Object.keys(what) }],
      });
    }
    expect(refusalOf(await revokeTokens(deps, root, { tenant, issuer: '', tokenId: '' }))).toMatchObject({
      kind: 'invalid',
      issues: [{ path: ['issuer'] }, { path: ['tokenId'] }],
    });
  });
});

describe('what is remembered of a token', () => {
  test('ends with the token', async () => {
    const verifier = await openVerifier();
    const now = clock.now() / 1000;
    const token = await maker.make({ sub: 'jane', tenant, exp: now + 2 });
    await userOf(verifier, token);
    clock.advance(2000 + 30_000 - 1);
    await userOf(verifier, token);
    clock.advance(1);
    expect(await verifier.verify(token)).toMatchObject({ kind: 'unknown' });
  });

  test('ends within a minute after its issuer has withdrawn the key', async () => {
    const verifier = await openVerifier();
    const token = await maker.make({ sub: 'jane', tenant });
    await userOf(verifier, token);
    await maker.withdrawKey();
    clock.advance(59_999);
    await userOf(verifier, token);
    clock.advance(5000);
    expect(await verifier.verify(token)).toEqual({ kind: 'unknown', reason: 'token-key-unknown' });
  });

  test('serves for a minute while Redis is away; a token that is not remembered is not called unknown', async () => {
    const verifier = await openVerifier();
    const token = await maker.make({ sub: 'jane', tenant });
    await userOf(verifier, token);
    rig.proxy.cut();
    clock.advance(59_999);
    await userOf(verifier, token);
    expect(await verifier.verify(await maker.make({ sub: 'john', tenant }))).toEqual({ kind: 'unavailable' });
    clock.advance(1);
    expect(await verifier.verify(token)).toEqual({ kind: 'unavailable' });
    rig.proxy.restore();
    await expect.poll(() => verifier.verify(token), { timeout: patienceMs }).toMatchObject({ kind: 'verified' });
  });
});

test('nothing that a bearer chooses is in the name of a redis key', async () => {
  const verifier = await openVerifier();
  const sub = `{t:other}:*\r\n${'x'.repeat(100)}`;
  const user = await userOf(verifier, await maker.make({ sub, tenant, jti: sub }));
  expect(user).toMatch(/^usr_[\w-]{43}$/u);
  doneValue(await revokeTokens(rig.deps(), root, { tenant, issuer: issuer(), subject: sub }));
});

describe('an API key that is made with a token', () => {
  const minuteMs = 60_000;
  const dayMs = 24 * 60 * minuteMs;

  /** What comes of an API key of jane's with that end, or of the path at which it is refused. */
  async function create(expiresAtMs: number | undefined) {
    const principal = await principalOf(await openVerifier(), await maker.make({ sub: 'jane', tenant }));
    const deps = rig.deps(undefined, clock);
    const jane = { principal, requestId: 'req_test' };
    return await createApiKey(deps, jane, { tenant, name: 'one', scopes: maker.trusted.issuer.scopes, expiresAtMs });
  }

  const beyond = (message: string) => ({ kind: 'beyond-actor', issues: [{ path: ['expiresAt'], message }] });

  test('ends with the token at the latest, and the refusal names that time', async () => {
    // Ten minutes, and what the clock of the issuer may differ.
    const endMs = Math.floor(clock.now() / 1000) * 1000 + 10 * minuteMs + 30_000;
    const end = new Date(endMs).toISOString();
    const reason = `What you make with a token ends with it at the latest, at ${end}.`;
    expect(refusalOf(await create(undefined))).toEqual(beyond(`${reason} Give an expiry that is no later.`));
    expect(refusalOf(await create(endMs + 1))).toEqual(beyond(`${reason} Choose no later time.`));
    expect(doneValue(await create(endMs)).record).toMatchObject({ expiresAt: end });
  });

  test('may outlive it for as long as its issuer says', async () => {
    maker = await createTokenMaker(clock, { tenants: [tenant], apiKeyLifetimeMs: 90 * dayMs });
    const end = new Date(clock.now() + 90 * dayMs).toISOString();
    const reason = `API keys that are made with your token work for 90 days at most, until ${end}.`;
    expect(refusalOf(await create(undefined))).toEqual(beyond(`${reason} Give an expiry that is no later.`));
    expect(refusalOf(await create(Date.parse(end) + 1))).toEqual(beyond(`${reason} Choose no later time.`));
    expect(doneValue(await create(Date.parse(end))).record).toMatchObject({ expiresAt: end });
  });

  test('takes the place of an older one no longer than that', async () => {
    const deps = rig.deps(undefined, clock);
    const principal = await principalOf(await openVerifier(), await maker.make({ sub: 'jane', tenant }));
    const jane = { principal, requestId: 'req_test' };
    const owner = { kind: 'user', id: principal.user ?? '' } as const;
    const { id } = doneValue(await createApiKey(deps, root, { tenant, name: 'one', owner })).record;
    expect(refusalOf(await rotateApiKey(deps, jane, { tenant, id }))).toMatchObject({ kind: 'beyond-actor' });
    const expiresAtMs = clock.now() + minuteMs;
    expect(doneValue(await rotateApiKey(deps, jane, { tenant, id, expiresAtMs })).record.expiresAt).toBeDefined();
  });

  test('has no such end where an operator makes it', async () => {
    const scopes = ['operator:write'] as const;
    maker = await createTokenMaker(clock, { tenants: [tenant], scopes });
    expect(doneValue(await create(undefined)).record.expiresAt).toBeUndefined();
  });
});
