import { randomUUID } from 'node:crypto';
import { startStopwatch, systemClock } from '@ccg/kernel';
import type { LimitRule } from '@ccg/kernel';
import type { RequestRecord, Serving } from '@ccg/serving';
import { connectStore, createScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import {
  createGate,
  jsonScript,
  playModel,
  redisForSuite,
  say,
  startFaultProxy,
  startScriptedUpstream,
  waitFor,
} from '@ccg/testkit';
import type { FaultProxy, ScriptedUpstream } from '@ccg/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSink, patienceMs, startServing } from './support/serving-rig.ts';

const suite = redisForSuite('serving');

let upstream: ScriptedUpstream;
let proxy: FaultProxy;
let store: Store;
let serving: Serving;
let tenant: string;

beforeEach(async () => {
  upstream = await startScriptedUpstream(playModel([{ content: [say('fine')] }]));
  proxy = await startFaultProxy(suite.url);
  store = connectStore({ url: proxy.url, keyPrefix: suite.keyPrefix, commandTimeoutMs: 2000 });
  await store.whenReady(patienceMs);
  serving = startServing(store, upstream.url);
  tenant = `t-${randomUUID()}`;
});

afterEach(async () => {
  await serving.close();
  await store.close();
  await proxy.close();
  await upstream.close();
});

function perMinute(amount: number): readonly LimitRule[] {
  return [{ level: 'tenant', kind: 'requests', amount, per: 'minute' }];
}

async function ask(limits: readonly LimitRule[]): Promise<RequestRecord> {
  const body = { model: 'm', max_tokens: 8, messages: [{ role: 'user', content: 'hi' }] };
  const request = {
    requestId: `req_${randomUUID()}`,
    principal: {
      kind: 'api-key',
      tenant,
      apiKeyId: 'key_1',
      apiKeyName: 'laptop',
      userName: undefined,
      expiresAtMs: undefined,
      user: undefined,
      group: undefined,
      waitingWeight: 1,
      authorization: {
        scopes: ['messages'],
        policy: { kind: 'allow-all' },
        limits,
        timeZone: 'UTC',
        contact: 'the operators of this gateway',
      },
    },
    prefix: undefined,
    headers: [],
    query: '',
    takeBody: () => Buffer.from(JSON.stringify(body)),
    receivedAtMs: systemClock.now(),
    elapsedMs: startStopwatch(systemClock),
  } as const;
  return serving.serve(request, openSink());
}

test('a tenant is let in up to its limit, and told when to come back after that', async () => {
  const limits = perMinute(2);
  const outcomes = [await ask(limits), await ask(limits), await ask(limits)].map(({ outcome }) => outcome);
  expect(outcomes).toEqual(['ok', 'ok', 'policy_rate_limit']);
  expect(upstream.requests).toHaveLength(2);
});

test('while Redis is away this process lets in its share by itself', async () => {
  proxy.cut();
  // Its share of ten seconds.
  const limits = perMinute(12);
  const outcomes = [await ask(limits), await ask(limits), await ask(limits)].map(({ outcome }) => outcome);
  expect(outcomes).toEqual(['ok', 'ok', 'policy_rate_limit']);
});

test('no request leaves anything behind in Redis but the level of its bucket and its usage record, however it ends', async () => {
  const failing = createGate();
  upstream.answer([waitFor(failing.opened), ...jsonScript(500, { error: { message: 'no' } })]);
  const limits = perMinute(60);
  const running = ask(limits);
  await upstream.request(0);
  failing.open();
  expect((await running).outcome).toBe('upstream_error');
  const isLeft = [expect.stringContaining('rate-limit'), expect.stringContaining('usage')];
  await expect.poll(async () => (await keysOfTenant()).toSorted()).toEqual(isLeft);
});

async function keysOfTenant(): Promise<readonly string[]> {
  const redisKey = store.redisKeys.leases(tenant, 'tenant');
  const script = createScript("return redis.call('KEYS', ARGV[1])");
  return (await store.run(script, [redisKey], [`*${tenant}*`])) as string[];
}
