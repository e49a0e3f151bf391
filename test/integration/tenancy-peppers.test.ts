import { randomBytes } from 'node:crypto';
import type { Secret } from '@ccg/kernel';
import { createScript, StoreUnavailableError } from '@ccg/store';
import {
  createApiKey,
  ensurePepper,
  ensureTenant,
  generateApiKey,
  getTenant,
  hashApiKey,
  importApiKey,
  listApiKeys,
  revokeApiKey,
} from '@ccg/tenancy';
import { doneValue } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { name, openTenancyRig, patienceMs, peppersOf, refusalOf, root } from './support/tenancy-rig.ts';
import type { TenancyRig } from './support/tenancy-rig.ts';

let rig: TenancyRig;

beforeEach(async () => {
  rig = await openTenancyRig();
});

afterEach(async () => {
  await rig.close();
});

const old = peppersOf('the old pepper');
const rotating = peppersOf('the new pepper', 'another that is gone', 'the old pepper');
const rotated = peppersOf('the new pepper');
const neverIssued = { kind: 'unknown', reason: 'never-issued' };
const revoked = { kind: 'unknown', reason: 'revoked' };

async function newOldKey(tenant: string) {
  const { apiKey, record } = doneValue(await createApiKey(rig.deps(old), root, { tenant, name }));
  return { apiKey, id: record.id };
}

function open(peppers: typeof old) {
  return rig.openVerifier(undefined, undefined, { peppers });
}

describe('a rotation of the pepper', () => {
  test('an API key that is used while its pepper is a previous one works without that pepper afterwards', async () => {
    const tenant = await rig.newTenant();
    const [used, unused] = [await newOldKey(tenant), await newOldKey(tenant)];
    expect(await open(rotating).verify(used.apiKey)).toMatchObject({ principal: { tenant, apiKeyId: used.id } });
    await expect
      .poll(() => open(rotated).verify(used.apiKey), { timeout: patienceMs })
      .toMatchObject({ principal: { tenant, apiKeyId: used.id } });
    expect(await open(rotated).verify(unused.apiKey)).toEqual(neverIssued);
  });

  test('a replica with the old pepper goes on verifying API keys that moved to the new one', async () => {
    const { apiKey, id } = await newOldKey(await rig.newTenant());
    await open(rotating).verify(apiKey);
    expect(await open(old).verify(apiKey)).toMatchObject({ principal: { apiKeyId: id } });
  });

  test('a revocation counts under every pepper, and the API key is refused everywhere', async () => {
    const tenant = await rig.newTenant();
    const { apiKey, id } = await newOldKey(tenant);
    await open(rotating).verify(apiKey);
    await expect.poll(() => open(rotated).verify(apiKey), { timeout: patienceMs }).toMatchObject({ kind: 'verified' });
    await revokeApiKey(rig.deps(rotating), root, { tenant, id });
    for (const peppers of [old, rotating, rotated]) expect(await open(peppers).verify(apiKey)).toEqual(revoked);
  });

  test.each(['an import', 'a use'])('after %s a revoked API key stays revoked without the old pepper', async (what) => {
    const tenant = await rig.newTenant();
    const { apiKey, id } = await newOldKey(tenant);
    await revokeApiKey(rig.deps(old), root, { tenant, id });
    const revive = (peppers: typeof old) => importApiKey(rig.deps(peppers), root, { tenant, name, apiKey });
    if (what === 'an import') expect(doneValue(await revive(rotating))).toEqual({ id, outcome: 'revoked' });
    else expect(await open(rotating).verify(apiKey)).toEqual(revoked);
    await expect.poll(() => open(rotated).verify(apiKey), { timeout: patienceMs }).toEqual(revoked);
    expect(doneValue(await revive(rotated))).toEqual({ id, outcome: 'revoked' });
  });

  test('an import during the rotation finds the API key that there is', async () => {
    const tenant = await rig.newTenant();
    const { apiKey, id } = await newOldKey(tenant);
    const imported = await importApiKey(rig.deps(rotating), root, { tenant, name, apiKey });
    expect(doneValue(imported)).toEqual({ id, outcome: 'present' });
    expect(await open(rotated).verify(apiKey)).toMatchObject({ principal: { apiKeyId: id } });
  });
});

describe('an import by digest during a rotation of the pepper', () => {
  const digestsOf = (apiKey: Secret) => [rotating.current, ...rotating.previous].map((one) => hashApiKey(one, apiKey));
  const importAs = (tenant: string, digest: string) => importApiKey(rig.deps(rotating), root, { tenant, name, digest });

  test.each([
    ['the old pepper', old],
    ['the new pepper', rotating],
  ])('finds an API key that was made under %s and never used since, active or revoked', async (_name, peppers) => {
    const tenant = await rig.newTenant();
    const { apiKey, record } = doneValue(await createApiKey(rig.deps(peppers), root, { tenant, name }));
    const { id } = record;
    const digest = digestsOf(apiKey).join(',');
    expect(doneValue(await importAs(tenant, digest))).toEqual({ id, outcome: 'present' });
    await revokeApiKey(rig.deps(rotating), root, { tenant, id });
    expect(doneValue(await importAs(tenant, digest))).toEqual({ id, outcome: 'revoked' });
    for (const all of [old, rotating, rotated]) expect(await open(all).verify(apiKey)).toEqual(revoked);
  });

  test('refuses an unknown API key whose digests under the other peppers are not given', async () => {
    const tenant = await rig.newTenant();
    const { apiKey, id } = await newOldKey(tenant);
    await revokeApiKey(rig.deps(old), root, { tenant, id });
    const [current = ''] = digestsOf(apiKey);
    for (const digest of [current, [current, current, current].join(',')]) {
      expect(refusalOf(await importAs(tenant, digest))).toMatchObject({
        kind: 'invalid',
        issues: [{ path: ['digest'], message: expect.stringMatching(/under each pepper.*`ccg keys digest`/u) }],
      });
    }
    expect(await open(rotating).verify(apiKey)).toEqual(revoked);
  });

  test('stores a new API key under every pepper, whatever the order of its digests, and a revocation ends it everywhere', async () => {
    const tenant = await rig.newTenant();
    const apiKey = generateApiKey(randomBytes);
    const digest = digestsOf(apiKey).toReversed().join(',');
    const { id, outcome } = doneValue(await importAs(tenant, digest));
    expect(outcome).toBe('created');
    for (const peppers of [old, rotated]) {
      expect(await open(peppers).verify(apiKey)).toMatchObject({ principal: { apiKeyId: id } });
    }
    await revokeApiKey(rig.deps(rotating), root, { tenant, id });
    for (const peppers of [old, rotated]) expect(await open(peppers).verify(apiKey)).toEqual(revoked);
  });
});

describe('the fingerprint of the pepper', () => {
  test('of two processes with different peppers exactly one starts, and the same one always does', async () => {
    const [ours, other] = [peppersOf('one'), peppersOf('two')];
    const { store } = rig;
    const outcomes = await Promise.all([
      ensurePepper({ store }, ours),
      ensurePepper({ store: await rig.openStore(rig.proxy.target) }, other),
    ]);
    expect(outcomes.toSorted()).toEqual(['mismatch', 'ok']);
    const [winner, loser] = outcomes[0] === 'ok' ? [ours, other] : [other, ours];
    expect(await ensurePepper({ store }, winner)).toBe('ok');
    expect(await ensurePepper({ store }, loser)).toBe('mismatch');
  });

  test('a process starts whose previous peppers have the one of the store, and from then on the new one is enough', async () => {
    const { store } = rig;
    expect(await ensurePepper({ store }, old)).toBe('ok');
    expect(await ensurePepper({ store }, rotated)).toBe('mismatch');
    expect(await ensurePepper({ store }, rotating)).toBe('ok');
    expect(await ensurePepper({ store }, rotated)).toBe('ok');
    expect(await ensurePepper({ store }, old)).toBe('mismatch');
  });

  test('without Redis it throws instead of guessing', async () => {
    const fallible = await rig.openStore(rig.proxy.target);
    rig.proxy.cut();
    await expect(ensurePepper({ store: fallible }, old)).rejects.toThrow(StoreUnavailableError);
  });
});

describe('what the first version stored', () => {
  const plant = createScript(`
    redis.call('HSET', KEYS[1], 'name', 'Default', 'createdAt', '2026-11-01T00:00:00.000Z')
    redis.call('HSET', KEYS[2], 'state', ARGV[3], 'digest', ARGV[2], 'name', 'first key', 'hint', 'ccg_live_ab12…wxyz',
      'createdAt', '2026-11-01T00:00:00.000Z', 'user', 'ada')
    redis.call('SADD', KEYS[3], ARGV[1])
    return 'done'`);

  async function plantKey(state: 'active' | 'revoked') {
    const { store } = rig;
    const { redisKeys } = store;
    const apiKey = generateApiKey(randomBytes);
    const digest = hashApiKey(old.current, apiKey);
    const id = `key_${digest.slice(0, 20)}`;
    const keys = [redisKeys.tenant('default'), redisKeys.apiKey('default', id), redisKeys.unlistedApiKeys('default')];
    await store.run(plant, keys, [id, digest, state]);
    if (state === 'active') await store.command('set', [redisKeys.apiKeyIndex(digest), `default:${id}`]);
    return { apiKey, id };
  }

  const start = (peppers: typeof old) =>
    ensureTenant(rig.deps(peppers), { id: 'default', name: 'Default', allowlist: { models: ['*'] } });

  test('its API key works, before and after a start and a rotation, and is listed', async () => {
    const { apiKey, id } = await plantKey('active');
    const works = { principal: { tenant: 'default', apiKeyId: id, user: 'ada' } };
    expect(await open(old).verify(apiKey)).toMatchObject(works);
    expect(await start(rotating)).toBe('present');
    const imported = await importApiKey(rig.deps(rotating), root, { tenant: 'default', name, apiKey });
    expect(doneValue(imported)).toEqual({ id, outcome: 'present' });
    expect(await open(rotated).verify(apiKey)).toMatchObject(works);
    const { items } = doneValue(await listApiKeys(rig.deps(), root, { tenant: 'default' }));
    expect(items).toMatchObject([{ id, name: 'first key', state: 'active', scopes: ['messages', 'self'] }]);
    expect(doneValue(await getTenant(rig.deps(), root, { tenant: 'default' }))).toMatchObject({
      allowlist: { models: ['*'] },
      createdAt: '2026-11-01T00:00:00.000Z',
    });
  });

  test('its revoked API key, whose index entry is gone, stays revoked, also under another pepper', async () => {
    const { apiKey, id } = await plantKey('revoked');
    expect(await open(old).verify(apiKey)).toEqual(neverIssued);
    for (const peppers of [old, rotating, rotated]) {
      await start(peppers);
      const imported = await importApiKey(rig.deps(peppers), root, { tenant: 'default', name, apiKey });
      expect(doneValue(imported)).toEqual({ id, outcome: 'revoked' });
      expect(await open(peppers).verify(apiKey)).toEqual(revoked);
    }
  });

  test('its API key can be revoked', async () => {
    const { apiKey, id } = await plantKey('active');
    await revokeApiKey(rig.deps(old), root, { tenant: 'default', id });
    expect(await open(old).verify(apiKey)).toEqual(revoked);
  });
});
