import { randomBytes, randomUUID } from 'node:crypto';
import { Secret } from '@ccg/kernel';
import { createScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import {
  createTenant,
  createUser,
  ensureTenant,
  generateApiKey,
  getApiKey,
  getTenant,
  hashApiKey,
  importApiKey,
  revokeApiKey,
} from '@ccg/tenancy';
import { doneValue } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaults, name, openTenancyRig, patienceMs, refusalOf, root } from './support/tenancy-rig.ts';
import type { TenancyRig } from './support/tenancy-rig.ts';

let rig: TenancyRig;

beforeEach(async () => {
  rig = await openTenancyRig();
});

afterEach(async () => {
  await rig.close();
});

const neverIssued = { kind: 'unknown', reason: 'never-issued' };
const revoked = { kind: 'unknown', reason: 'revoked' };

describe('tenants', () => {
  test('a tenant is made once and keeps its name', async () => {
    const tenant = { id: `t-${randomUUID()}`, allowlist: { models: ['*'] } };
    expect(await ensureTenant(rig.deps(), { ...tenant, name: 'first' })).toBe('created');
    expect(await ensureTenant(rig.deps(), { ...tenant, name: 'second' })).toBe('present');
    expect(doneValue(await getTenant(rig.deps(), root, { tenant: tenant.id }))).toMatchObject({ name: 'first' });
    const again = await createTenant(rig.deps(), root, { ...tenant, name: 'third' });
    expect(refusalOf(again)).toEqual({ kind: 'taken', subject: 'tenant', path: ['id'] });
  });

  test.each(['', 'Acme', 'a b', 'a:b', '-a', 'a}b', 'a'.repeat(64)])('the id %j is refused', async (id) => {
    const tenant = { id, name, allowlist: { models: ['*'] } };
    await expect(ensureTenant(rig.deps(), tenant)).rejects.toThrow(RangeError);
    expect(refusalOf(await getTenant(rig.deps(), root, { tenant: id }))).toEqual({
      kind: 'unknown',
      subject: 'tenant',
    });
  });
});

describe('creating and importing', () => {
  test('an API key verifies as its tenant and user, with its authorization', async () => {
    const tenant = await rig.newTenant();
    const user = doneValue(await createUser(rig.deps(), root, { tenant, name: 'ada' }));
    const { apiKey, id } = await rig.newApiKey({ tenant, owner: { kind: 'user', id: user.id } });
    const authorization = { scopes: ['messages', 'self'], policy: { kind: 'allow-all' }, ...defaults, timeZone: 'UTC' };
    expect(await rig.openVerifier().verify(apiKey)).toEqual({
      kind: 'verified',
      principal: {
        kind: 'api-key',
        tenant,
        apiKeyId: id,
        apiKeyName: name,
        user: user.id,
        userName: 'ada',
        group: undefined,
        waitingWeight: 1,
        expiresAtMs: undefined,
        authorization,
      },
    });
  });

  test('what is stored of an API key holds its digest, and neither its text nor its random part', async () => {
    const tenant = await rig.newTenant();
    const { apiKey, id } = await rig.newApiKey({ tenant });
    const everything = createScript("return redis.call('HGETALL', KEYS[1])");
    const record = JSON.stringify(await rig.store.run(everything, [rig.store.redisKeys.apiKey(tenant, id)], []));
    expect(record).toMatch(/\b[0-9a-f]{64}\b/u);
    expect(record).not.toContain(apiKey.reveal().slice(9, 41));
    expect(id).not.toContain(hashApiKey(rig.deps().peppers.current, apiKey).slice(0, 8));
  });

  test('importing an API key again changes nothing, and repairs an import that broke off before the index', async () => {
    const tenant = await rig.newTenant();
    const apiKey = generateApiKey(randomBytes);
    const first = doneValue(await importApiKey(rig.deps(), root, { tenant, name, apiKey }));
    expect(first.outcome).toBe('created');
    const digest = hashApiKey(rig.deps().peppers.current, apiKey);
    await rig.store.command('del', [rig.store.redisKeys.apiKeyIndex(digest)]);
    expect(await rig.openVerifier().verify(apiKey)).toEqual(neverIssued);
    const again = await importApiKey(rig.deps(), root, { tenant, name: 'another', apiKey });
    expect(doneValue(again)).toEqual({ id: first.id, outcome: 'present' });
    expect(await rig.openVerifier().verify(apiKey)).toMatchObject({ kind: 'verified' });
    expect(doneValue(await getApiKey(rig.deps(), root, { tenant, id: first.id }))).toMatchObject({ name });
  });

  test('an API key is imported by its digest, and shows its characters when it was used', async () => {
    const tenant = await rig.newTenant();
    const apiKey = generateApiKey(randomBytes);
    const digest = hashApiKey(rig.deps().peppers.current, apiKey);
    const { id } = doneValue(await importApiKey(rig.deps(), root, { tenant, name, digest }));
    const read = async () => doneValue(await getApiKey(rig.deps(), root, { tenant, id }));
    expect((await read()).hint).toBeUndefined();
    expect(await rig.openVerifier().verify(apiKey)).toMatchObject({ principal: { apiKeyId: id } });
    const hint = `${apiKey.reveal().slice(0, 13)}…${apiKey.reveal().slice(-4)}`;
    await expect.poll(read, { timeout: patienceMs }).toMatchObject({ hint, lastUsedAt: expect.stringMatching(/Z$/u) });
  });

  test('an API key without a tenant is refused and verifies nowhere', async () => {
    const apiKey = generateApiKey(randomBytes);
    const imported = await importApiKey(rig.deps(), root, { tenant: 'nobody', name, apiKey });
    expect(refusalOf(imported)).toEqual({ kind: 'unknown', subject: 'tenant' });
    expect(await rig.openVerifier().verify(apiKey)).toEqual(neverIssued);
  });

  test('an API key of one tenant cannot be imported into another, revoked or not', async () => {
    const [owner, thief] = [await rig.newTenant(), await rig.newTenant()];
    const { apiKey, id } = await rig.newApiKey({ tenant: owner });
    const steal = () => importApiKey(rig.deps(), root, { tenant: thief, name, apiKey });
    expect(refusalOf(await steal())).toMatchObject({ kind: 'taken', subject: 'api-key' });
    expect(await rig.openVerifier().verify(apiKey)).toMatchObject({ principal: { tenant: owner } });
    await revokeApiKey(rig.deps(), root, { tenant: owner, id });
    expect(refusalOf(await steal())).toMatchObject({ kind: 'taken', subject: 'api-key' });
  });

  test('a text with a wrong checksum is neither imported nor looked up', async () => {
    const text = generateApiKey(randomBytes).reveal();
    const apiKey = new Secret(text.slice(0, -1) + (text.endsWith('0') ? '1' : '0'));
    const imported = await importApiKey(rig.deps(), root, { tenant: await rig.newTenant(), name, apiKey });
    expect(refusalOf(imported)).toMatchObject({ kind: 'invalid', issues: [{ path: ['apiKey'] }] });
    const { verifier } = await rig.openFallibleVerifier();
    rig.proxy.cut();
    expect(await verifier.verify(apiKey)).toEqual(neverIssued);
  });
});

describe('revoking', () => {
  test('a replica that remembers the API key forgets it without waiting for its memory', async () => {
    const tenant = await rig.newTenant();
    const { apiKey, id } = await rig.newApiKey({ tenant });
    // Its clock stands still: only the message can end the entry.
    const { verifier } = await rig.openFallibleVerifier();
    expect(await verifier.verify(apiKey)).toMatchObject({ kind: 'verified' });
    expect(doneValue(await revokeApiKey(rig.deps(), root, { tenant, id }))).toMatchObject({ state: 'revoked' });
    await expect.poll(() => verifier.verify(apiKey), { timeout: patienceMs }).toEqual(revoked);
  });

  test('a replica that missed the message forgets it when its memory ends', async () => {
    const tenant = await rig.newTenant();
    const { apiKey, id } = await rig.newApiKey({ tenant });
    const { verifier, clock } = await rig.openFallibleVerifier();
    await verifier.verify(apiKey);
    verifier.close();
    await revokeApiKey(rig.deps(), root, { tenant, id });
    clock.advance(4999);
    expect(await verifier.verify(apiKey)).toMatchObject({ kind: 'verified' });
    clock.advance(1);
    expect(await verifier.verify(apiKey)).toEqual(revoked);
  });

  test('a revoked API key stays revoked when it is revoked or imported again', async () => {
    const tenant = await rig.newTenant();
    const { apiKey, id } = await rig.newApiKey({ tenant });
    const first = doneValue(await revokeApiKey(rig.deps(), root, { tenant, id }));
    expect(doneValue(await revokeApiKey(rig.deps(), root, { tenant, id }))).toEqual(first);
    const imported = await importApiKey(rig.deps(), root, { tenant, name, apiKey });
    expect(doneValue(imported)).toEqual({ id, outcome: 'revoked' });
    expect(await rig.openVerifier().verify(apiKey)).toEqual(revoked);
  });

  test('an API key whose tenant is gone verifies nowhere', async () => {
    const tenant = await rig.newTenant();
    const { apiKey } = await rig.newApiKey({ tenant });
    await rig.store.command('del', [rig.store.redisKeys.tenant(tenant)]);
    expect(await rig.openVerifier().verify(apiKey)).toEqual(neverIssued);
  });

  test('an id that was never issued is unknown', async () => {
    const tenant = await rig.newTenant();
    const result = await revokeApiKey(rig.deps(), root, { tenant, id: 'key_none' });
    expect(refusalOf(result)).toEqual({ kind: 'unknown', subject: 'api-key' });
  });
});

describe('verifying', () => {
  test('an unknown API key is asked for again after a second, so that a new one works soon', async () => {
    const tenant = await rig.newTenant();
    const apiKey = generateApiKey(randomBytes);
    const { verifier, clock } = await rig.openFallibleVerifier();
    expect(await verifier.verify(apiKey)).toEqual(neverIssued);
    await importApiKey(rig.deps(), root, { tenant, name, apiKey });
    clock.advance(999);
    expect(await verifier.verify(apiKey)).toEqual(neverIssued);
    clock.advance(1);
    expect(await verifier.verify(apiKey)).toMatchObject({ kind: 'verified' });
  });

  test('many requests with one API key ask the store once', async () => {
    const tenant = await rig.newTenant();
    const { apiKey } = await rig.newApiKey({ tenant });
    const asked: string[] = [];
    const counting: Store = {
      ...rig.store,
      command: (...call) => {
        asked.push(call[0]);
        return rig.store.command(...call);
      },
      run: (...call) => {
        asked.push('script');
        return rig.store.run(...call);
      },
    };
    const verifier = rig.openVerifier(counting);
    const answers = await Promise.all(Array.from({ length: 50 }, async () => verifier.verify(apiKey)));
    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['verified']));
    // The index entry, then everything of the tenant, then that it was used.
    await expect.poll(() => asked).toEqual(['get', 'script', 'script']);
  });

  test('guessed API keys cannot push a working one out of the memory', async () => {
    const tenant = await rig.newTenant();
    const { apiKey } = await rig.newApiKey({ tenant });
    const { verifier } = await rig.openFallibleVerifier({ maxEntries: 2 });
    await verifier.verify(apiKey);
    for (let guess = 0; guess < 5; guess += 1) await verifier.verify(generateApiKey(randomBytes));
    rig.proxy.cut();
    expect(await verifier.verify(apiKey)).toMatchObject({ kind: 'verified' });
  });

  test('without Redis an API key of the last 60 s works, an unknown one is unavailable, both within a second', async () => {
    const tenant = await rig.newTenant();
    const { apiKey } = await rig.newApiKey({ tenant });
    const { verifier, clock } = await rig.openFallibleVerifier();
    await verifier.verify(apiKey);
    rig.proxy.cut();
    const startedAt = performance.now();
    clock.advance(59_999);
    expect(await verifier.verify(apiKey)).toMatchObject({ kind: 'verified', principal: { tenant } });
    expect(await verifier.verify(generateApiKey(randomBytes))).toEqual({ kind: 'unavailable' });
    clock.advance(1);
    expect(await verifier.verify(apiKey)).toEqual({ kind: 'unavailable' });
    expect(performance.now() - startedAt).toBeLessThan(5 * 1000);

    rig.proxy.restore();
    await expect.poll(() => verifier.verify(apiKey), { timeout: patienceMs }).toMatchObject({ kind: 'verified' });
  });
});
