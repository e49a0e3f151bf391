import { randomBytes, randomUUID } from 'node:crypto';
import { Secret, systemClock } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import { connectStore, createScript, StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import {
  createApiKeyVerifier,
  ensurePepper,
  ensureTenant,
  generateApiKey,
  importApiKey,
  issueApiKey,
  revokeApiKey,
  TenantUnknownError,
} from '@ccg/tenancy';
import type { ApiKeyVerifier, Authorization } from '@ccg/tenancy';
import { createManualClock, redisForSuite, startFaultProxy } from '@ccg/testkit';
import type { FaultProxy, ManualClock } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const patienceMs = 10_000;
const pepper = new Secret('a pepper of this suite');
const name = 'for tests';
const authorization: Authorization = {
  scopes: ['messages', 'self'],
  policy: { kind: 'allow-all' },
  limits: { requestsPerMinute: 60 },
};

let proxy: FaultProxy;
let keyPrefix: string;
/** Reaches Redis whatever the proxy does. */
let store: Store;
const opened: { close(): unknown }[] = [];

beforeEach(async () => {
  const suite = redisForSuite('tenancy');
  ({ keyPrefix } = suite);
  proxy = await startFaultProxy(suite.url);
  store = await openStore(suite.url);
});

afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close();
  await proxy.close();
});

async function openStore(url: string): Promise<Store> {
  const one = connectStore({ url, keyPrefix, commandTimeoutMs: 2000 });
  opened.push(one);
  await one.whenReady(patienceMs);
  return one;
}

function deps() {
  return { store, pepper, clock: systemClock, randomBytes };
}

async function newTenant(): Promise<string> {
  const tenant = `t-${randomUUID()}`;
  await ensureTenant(deps(), { tenant, name });
  return tenant;
}

function openVerifier(through: Store, clock: Clock, maxEntries = 100): ApiKeyVerifier {
  const times = { cacheMs: 5000, staleMs: 60_000 };
  const verifier = createApiKeyVerifier({ store: through, pepper, clock, authorization, ...times, maxEntries });
  opened.push(verifier);
  return verifier;
}

/** A verifier on a connection that can be cut, with time in the test's hands. */
async function openFallibleVerifier(maxEntries?: number): Promise<{ verifier: ApiKeyVerifier; clock: ManualClock }> {
  const clock = createManualClock();
  const through = await openStore(proxy.url);
  const verifier = openVerifier(through, clock, maxEntries);
  // Commands of one connection are answered in order, so the verifier's own subscription is active with this one.
  await through.subscribe(store.redisKeys.authorizationChanges(), () => {}).active;
  return { verifier, clock };
}

describe('tenants', () => {
  test('a tenant is made once and keeps its name', async () => {
    const tenant = `t-${randomUUID()}`;
    expect(await ensureTenant(deps(), { tenant, name: 'first' })).toBe('created');
    expect(await ensureTenant(deps(), { tenant, name: 'second' })).toBe('present');
    expect(await store.command('hget', [store.redisKeys.tenant(tenant), 'name'])).toBe('first');
  });

  test.each(['', 'Acme', 'a b', 'a:b', '-a', 'a}b', 'a'.repeat(64)])('the id %j is refused', async (tenant) => {
    await expect(ensureTenant(deps(), { tenant, name })).rejects.toThrow(RangeError);
  });
});

describe('issuing and importing', () => {
  test('an issued API key verifies as its tenant and user, with its authorization', async () => {
    const tenant = await newTenant();
    const { apiKey, id } = await issueApiKey(deps(), { tenant, name, user: 'ada' });
    expect(await openVerifier(store, systemClock).verify(apiKey)).toEqual({
      kind: 'verified',
      principal: { kind: 'api-key', tenant, apiKeyId: id, user: 'ada', authorization },
    });
  });

  test('the record of an API key holds its digest, and neither its text nor its random part', async () => {
    const tenant = await newTenant();
    const { apiKey, id } = await issueApiKey(deps(), { tenant, name });
    const everything = createScript("return redis.call('HGETALL', KEYS[1])");
    const record = await store.run(everything, [store.redisKeys.apiKey(tenant, id)], []);
    expect(record).toContainEqual(expect.stringMatching(/^[0-9a-f]{64}$/u));
    expect(JSON.stringify(record)).not.toContain(apiKey.reveal().slice(9, 41));
  });

  test('importing an API key again changes nothing, and repairs an import that broke off before the index', async () => {
    const tenant = await newTenant();
    const apiKey = generateApiKey(randomBytes);
    const first = await importApiKey(deps(), { tenant, name, apiKey });
    expect(first.outcome).toBe('created');
    const digest = await store.command('hget', [store.redisKeys.apiKey(tenant, first.id), 'digest']);
    await store.command('del', [store.redisKeys.apiKeyIndex(String(digest))]);
    expect(await openVerifier(store, systemClock).verify(apiKey)).toEqual({ kind: 'unknown' });
    expect(await importApiKey(deps(), { tenant, name: 'another', apiKey })).toEqual({
      id: first.id,
      outcome: 'present',
    });
    expect(await openVerifier(store, systemClock).verify(apiKey)).toMatchObject({ kind: 'verified' });
    expect(await store.command('hget', [store.redisKeys.apiKey(tenant, first.id), 'name'])).toBe(name);
  });

  test('an API key without a tenant is refused and verifies nowhere', async () => {
    const apiKey = generateApiKey(randomBytes);
    await expect(importApiKey(deps(), { tenant: 'nobody', name, apiKey })).rejects.toThrow(TenantUnknownError);
    expect(await openVerifier(store, systemClock).verify(apiKey)).toEqual({ kind: 'unknown' });
  });

  test('an API key of one tenant cannot be imported into another', async () => {
    const [owner, thief] = [await newTenant(), await newTenant()];
    const { apiKey } = await issueApiKey(deps(), { tenant: owner, name });
    await expect(importApiKey(deps(), { tenant: thief, name, apiKey })).rejects.toThrow('another tenant');
    expect(await openVerifier(store, systemClock).verify(apiKey)).toMatchObject({ principal: { tenant: owner } });
  });

  test('a text with a wrong checksum is neither imported nor looked up', async () => {
    const text = generateApiKey(randomBytes).reveal();
    const apiKey = new Secret(text.slice(0, -1) + (text.endsWith('0') ? '1' : '0'));
    await expect(importApiKey(deps(), { tenant: await newTenant(), name, apiKey })).rejects.toThrow(RangeError);
    const { verifier } = await openFallibleVerifier();
    proxy.cut();
    expect(await verifier.verify(apiKey)).toEqual({ kind: 'unknown' });
  });
});

describe('revoking', () => {
  test('a replica that remembers the API key forgets it without waiting for its cache', async () => {
    const tenant = await newTenant();
    const { apiKey, id } = await issueApiKey(deps(), { tenant, name });
    // Its clock stands still: only the message can end the entry.
    const { verifier } = await openFallibleVerifier();
    expect(await verifier.verify(apiKey)).toMatchObject({ kind: 'verified' });
    expect(await revokeApiKey(deps(), { tenant, id })).toBe('revoked');
    await expect.poll(() => verifier.verify(apiKey), { timeout: patienceMs }).toEqual({ kind: 'unknown' });
  });

  test('a replica that missed the message forgets it when its cache ends', async () => {
    const tenant = await newTenant();
    const { apiKey, id } = await issueApiKey(deps(), { tenant, name });
    const { verifier, clock } = await openFallibleVerifier();
    await verifier.verify(apiKey);
    verifier.close();
    await revokeApiKey(deps(), { tenant, id });
    clock.advance(4999);
    expect(await verifier.verify(apiKey)).toMatchObject({ kind: 'verified' });
    clock.advance(1);
    expect(await verifier.verify(apiKey)).toEqual({ kind: 'unknown' });
  });

  test('a revoked API key stays revoked when it is revoked or imported again', async () => {
    const tenant = await newTenant();
    const { apiKey, id } = await issueApiKey(deps(), { tenant, name });
    await revokeApiKey(deps(), { tenant, id });
    expect(await revokeApiKey(deps(), { tenant, id })).toBe('revoked');
    expect(await importApiKey(deps(), { tenant, name, apiKey })).toEqual({ id, outcome: 'revoked' });
    expect(await openVerifier(store, systemClock).verify(apiKey)).toEqual({ kind: 'unknown' });
  });

  test('an API key whose tenant is gone verifies nowhere', async () => {
    const tenant = await newTenant();
    const { apiKey } = await issueApiKey(deps(), { tenant, name });
    await store.command('del', [store.redisKeys.tenant(tenant)]);
    expect(await openVerifier(store, systemClock).verify(apiKey)).toEqual({ kind: 'unknown' });
  });

  test('an id that was never issued is unknown', async () => {
    expect(await revokeApiKey(deps(), { tenant: await newTenant(), id: 'key_none' })).toBe('unknown');
  });
});

describe('verifying', () => {
  test('an unknown API key is asked for again after a second, so that a new one works soon', async () => {
    const tenant = await newTenant();
    const apiKey = generateApiKey(randomBytes);
    const { verifier, clock } = await openFallibleVerifier();
    expect(await verifier.verify(apiKey)).toEqual({ kind: 'unknown' });
    await importApiKey(deps(), { tenant, name, apiKey });
    clock.advance(999);
    expect(await verifier.verify(apiKey)).toEqual({ kind: 'unknown' });
    clock.advance(1);
    expect(await verifier.verify(apiKey)).toMatchObject({ kind: 'verified' });
  });

  test('many requests with one API key ask the store once', async () => {
    const tenant = await newTenant();
    const { apiKey } = await issueApiKey(deps(), { tenant, name });
    const asked: string[] = [];
    const counting: Store = {
      ...store,
      command: (...call) => {
        asked.push(call[0]);
        return store.command(...call);
      },
      run: (...call) => {
        asked.push('script');
        return store.run(...call);
      },
    };
    const verifier = openVerifier(counting, systemClock);
    const answers = await Promise.all(Array.from({ length: 50 }, async () => verifier.verify(apiKey)));
    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['verified']));
    // The index entry, then everything of the tenant.
    expect(asked).toEqual(['get', 'script']);
  });

  test('guessed API keys cannot push a working one out of the memory', async () => {
    const tenant = await newTenant();
    const { apiKey } = await issueApiKey(deps(), { tenant, name });
    const { verifier } = await openFallibleVerifier(2);
    await verifier.verify(apiKey);
    for (let guess = 0; guess < 5; guess += 1) await verifier.verify(generateApiKey(randomBytes));
    proxy.cut();
    expect(await verifier.verify(apiKey)).toMatchObject({ kind: 'verified' });
  });

  test('without Redis an API key of the last 60 s works, an unknown one is unavailable, both within a second', async () => {
    const tenant = await newTenant();
    const { apiKey } = await issueApiKey(deps(), { tenant, name });
    const { verifier, clock } = await openFallibleVerifier();
    await verifier.verify(apiKey);
    proxy.cut();
    const startedAt = performance.now();
    clock.advance(59_999);
    expect(await verifier.verify(apiKey)).toMatchObject({ kind: 'verified', principal: { tenant } });
    expect(await verifier.verify(generateApiKey(randomBytes))).toEqual({ kind: 'unavailable' });
    clock.advance(1);
    expect(await verifier.verify(apiKey)).toEqual({ kind: 'unavailable' });
    expect(performance.now() - startedAt).toBeLessThan(5 * 1000);

    proxy.restore();
    await expect.poll(() => verifier.verify(apiKey), { timeout: patienceMs }).toMatchObject({ kind: 'verified' });
  });
});

describe('the pepper', () => {
  test('of two processes with different peppers exactly one starts, and the same one always does', async () => {
    const [ours, other] = [new Secret('one'), new Secret('two')];
    const outcomes = await Promise.all([
      ensurePepper({ store }, ours),
      ensurePepper({ store: await openStore(proxy.url) }, other),
    ]);
    expect(outcomes.toSorted()).toEqual(['mismatch', 'ok']);
    const [winner, loser] = outcomes[0] === 'ok' ? [ours, other] : [other, ours];
    expect(await ensurePepper({ store }, winner)).toBe('ok');
    expect(await ensurePepper({ store }, loser)).toBe('mismatch');
  });

  test('without Redis it throws instead of guessing', async () => {
    const fallible = await openStore(proxy.url);
    proxy.cut();
    await expect(ensurePepper({ store: fallible }, pepper)).rejects.toThrow(StoreUnavailableError);
  });
});
