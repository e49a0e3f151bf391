import { randomUUID } from 'node:crypto';
import { createAdmission } from '@ccg/admission';
import { systemClock } from '@ccg/kernel';
import { connectStore, createScript } from '@ccg/store';
import type { Store, StoreOptions } from '@ccg/store';
import { runCli, startRedisSentinels, unreachableUrl } from '@ccg/testkit';
import type { RedisSentinels } from '@ccg/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { rate } from '../support/admission-rig.ts';

const patienceMs = 20_000;

let redis: RedisSentinels;
const stores: Store[] = [];

beforeAll(async () => {
  redis = await startRedisSentinels();
});
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
});
afterAll(async () => {
  await redis.stop();
});

function open(options: Partial<StoreOptions> = {}): Store {
  const sentinels = { urls: redis.urls, name: redis.primaryName };
  const store = connectStore({ sentinels, keyPrefix: 'test:', commandTimeoutMs: 2000, ...options });
  stores.push(store);
  return store;
}

const ask = (store: Store) => {
  const admission = createAdmission({ store, clock: systemClock, replica: randomUUID(), liveReplicas: () => 1 });
  const limits = [rate({ capacity: 1e6, refillPerSecond: 1e5 })];
  return () => admission.admit({ tenant: 'acme', requestId: randomUUID(), limits, output: undefined, record: '' });
};

test('a name that no Sentinel knows ends the wait at once', async () => {
  const unknown = open({ sentinels: { urls: redis.urls, name: 'other' } });
  await expect(unknown.whenReady(patienceMs)).rejects.toMatchObject({ fault: 'sentinel-name' });
});

test('one Sentinel that answers is enough', async () => {
  const urls = [(await unreachableUrl()).replace('http:', 'redis:'), ...redis.urls.slice(0, 1)];
  const store = open({ sentinels: { urls, name: redis.primaryName } });
  await store.whenReady(patienceMs);
  expect(await store.command('ping', [])).toBe('PONG');
});

test('an admission is one command', async () => {
  const store = open();
  await store.whenReady(patienceMs);
  const admit = ask(store);
  await admit();
  const evaluations = () =>
    Number(
      /cmdstat_evalsha:calls=(\d+)/u.exec(runCli('-p', String(redis.servers[0]?.port), 'INFO', 'commandstats'))?.[1],
    );
  const before = evaluations();
  for (let request = 0; request < 5; request += 1) expect(await admit()).toMatchObject({ by: 'store' });
  expect(evaluations() - before).toBe(5);
});

test('when the primary is killed the replica that follows it is found: every request is decided, then again by Redis', async () => {
  const store = open();
  await store.whenReady(patienceMs);
  const received: string[] = [];
  await store.subscribe('test:channel', (message) => received.push(message)).active;
  const script = createScript("return redis.call('INCR', KEYS[1])");
  const admit = ask(store);
  expect(await admit()).toMatchObject({ kind: 'admitted', by: 'store' });
  await redis.servers[0]?.kill();
  const decisions = [];
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    const decision = await admit();
    decisions.push(decision);
    if (decisions.length > 1 && decision.kind === 'admitted' && decision.by === 'store') break;
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
  expect(decisions.every(({ kind }) => kind === 'admitted')).toBe(true);
  expect(decisions.at(-1)).toMatchObject({ by: 'store' });
  expect(await store.run(script, ['test:counter'], [])).toBe(1);
  expect(runCli('-p', String(redis.servers[1]?.port), 'GET', 'test:counter').trim()).toBe('1');
  await expect
    .poll(
      async () => {
        await store.command('publish', ['test:channel', 'after']);
        return received;
      },
      { timeout: patienceMs },
    )
    .toContain('after');
});
