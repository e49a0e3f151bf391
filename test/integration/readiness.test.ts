import { randomBytes } from 'node:crypto';
import { parseConfig, startGateway } from '@ccg/gateway';
import type { RunningGateway } from '@ccg/gateway';
import { Secret, systemClock } from '@ccg/kernel';
import { connectStore } from '@ccg/store';
import { createApiKey, ensureTenant, systemActor } from '@ccg/tenancy';
import { doneValue, redisForSuite, startFaultProxy } from '@ccg/testkit';
import type { FaultProxy } from '@ccg/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

const pepper = 'a pepper of this suite, which is long enough';
/** For which API keys are remembered without Redis. */
const staleSeconds = 90;

let proxy: FaultProxy;
let gateway: RunningGateway;
let apiKey: string;
let aheadMs = 0;
beforeEach(async () => {
  const { url, keyPrefix } = redisForSuite('readiness');
  apiKey = await newApiKey(url, keyPrefix);
  proxy = await startFaultProxy(url);
  aheadMs = 0;
  const parsed = parseConfig({
    REDIS_URL: proxy.url,
    REDIS_KEY_PREFIX: keyPrefix,
    KEY_PEPPER: pepper,
    PORT: '0',
    OPS_PORT: '0',
    OPENAI_API_KEY: 'sk-none',
    MODEL_LIST_INTERVAL_MS: '0',
    API_KEY_STALE_SECONDS: String(staleSeconds),
  });
  if (parsed.kind === 'faulty') throw new Error(parsed.message);
  const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
  gateway = await startGateway(parsed.config, { clock, log: { write() {} } });
});
afterEach(async () => {
  await gateway.drain();
  await proxy.close();
});

async function newApiKey(url: string, keyPrefix: string): Promise<string> {
  const store = connectStore({ url, keyPrefix, commandTimeoutMs: 10_000 });
  await store.whenReady(10_000);
  const peppers = { current: new Secret(pepper), previous: [] };
  const deps = { store, clock: systemClock, peppers, randomBytes };
  await ensureTenant(deps, { id: 'team', name: 'A team', allowlist: { models: ['*'] } });
  const issued = doneValue(await createApiKey(deps, systemActor('suite'), { tenant: 'team', name: 'first' }));
  await store.close();
  return issued.apiKey.reveal();
}

async function probe(path: '/readyz' | '/livez'): Promise<number> {
  return (await fetch(gateway.opsUrl + path)).status;
}

async function ask(): Promise<number> {
  return (await fetch(`${gateway.url}/v1/models`, { headers: { 'x-api-key': apiKey } })).status;
}

test.each(['cut', 'hang'] as const)(
  'a replica without Redis (%s) is ready while it remembers an API key, then not, and again once Redis is back',
  async (fault) => {
    expect(await ask()).toBe(200);
    proxy[fault]();
    aheadMs = (staleSeconds - 10) * 1000;
    expect(await ask()).toBe(200);
    expect(await probe('/readyz')).toBe(200);

    aheadMs = staleSeconds * 1000 + 1;
    await expect.poll(ask, { timeout: 10_000 }).toBe(503);
    await expect.poll(() => probe('/readyz'), { timeout: 10_000 }).toBe(503);
    expect(await (await fetch(`${gateway.opsUrl}/readyz`)).json()).toEqual({ status: 'store-down' });
    expect(await probe('/livez')).toBe(200);

    proxy.restore();
    await expect.poll(() => probe('/readyz'), { timeout: 10_000 }).toBe(200);
    expect(await ask()).toBe(200);
  },
);

test('a replica that remembers no API key is not ready from the moment on that Redis is gone', async () => {
  expect(await probe('/readyz')).toBe(200);
  proxy.cut();
  await expect.poll(() => probe('/readyz'), { timeout: 10_000 }).toBe(503);
});

test('a replica counts itself among those that share the limits, and tells how many there are', async () => {
  const metrics = await (await fetch(`${gateway.opsUrl}/metrics`)).text();
  expect(metrics).toMatch(/^ccg_live_replicas 1$/mu);
});
