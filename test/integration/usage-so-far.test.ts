import { randomUUID } from 'node:crypto';
import { sweepReservations } from '@ccg/admission';
import { startStopwatch, systemClock } from '@ccg/kernel';
import type { LimitRule } from '@ccg/kernel';
import type { ServeRequest } from '@ccg/serving';
import { connectStore } from '@ccg/store';
import type { Store } from '@ccg/store';
import {
  anthropicFrames,
  anthropicSseHead,
  hang,
  jsonAt,
  redisForSuite,
  say,
  startScriptedUpstream,
  write,
} from '@ccg/testkit';
import { decodeUsageRecord } from '@ccg/usage';
import { expect, test } from 'vitest';
import { openSink, patienceMs, startServing } from './support/serving-rig.ts';

const suite = redisForSuite('usage-so-far');
const model = 'claude-sonnet-5-5';
const budget: LimitRule = { level: 'tenant', kind: 'budget', amount: 5, per: 'month' };

async function openStore(): Promise<Store> {
  const store = connectStore({ ...suite.target, keyPrefix: suite.keyPrefix, commandTimeoutMs: 2000 });
  await store.whenReady(patienceMs);
  return store;
}

function requestOf(tenant: string): ServeRequest {
  const body = { model, max_tokens: 1000, stream: true, messages: [{ role: 'user', content: 'hi' }] };
  const authorization = { scopes: ['messages'], policy: { kind: 'allow-all' }, limits: [budget] } as const;
  return {
    requestId: `req_${randomUUID()}`,
    principal: {
      kind: 'api-key',
      tenant,
      apiKeyId: 'key_1',
      apiKeyName: 'laptop',
      user: 'usr_ada',
      userName: 'ada',
      expiresAtMs: undefined,
      group: undefined,
      waitingWeight: 1,
      authorization: { ...authorization, timeZone: 'UTC', contact: 'the operators of this gateway' },
    },
    prefix: undefined,
    headers: [],
    query: '',
    takeBody: () => Buffer.from(JSON.stringify(body)),
    receivedAtMs: systemClock.now(),
    elapsedMs: startStopwatch(systemClock),
  };
}

test('of a process that dies amid an answer, what was relayed of it until the last renewal is charged and on record', async () => {
  const usage = { input: 1000, cacheRead: 0, output: 400 };
  const frames = anthropicFrames({ content: [say('one two three four five six seven')], usage }, model);
  const upstream = await startScriptedUpstream(() => [...anthropicSseHead(), ...frames.slice(0, 8).map(write), hang]);
  const [dying, store] = [await openStore(), await openStore()];
  const serving = startServing(dying, upstream.url, { leaseTtlMs: 600 });
  const leaving = new AbortController();
  const request = requestOf(`t-${randomUUID()}`);
  const { tenant } = request.principal;
  const served = serving.serve(request, openSink({ signal: leaving.signal }));
  const reservation = store.redisKeys.reservation(tenant, request.requestId);
  const renewed = async () => decodeUsageRecord(String(await store.command('hget', [reservation, 'record'])));
  await expect.poll(renewed, { timeout: patienceMs }).toMatchObject({ outputTokens: 9 });

  await dying.close();
  const sweep = () => sweepReservations(store, tenant, { usageRecordsMax: 10 });
  await expect.poll(sweep, { timeout: patienceMs }).toBe(1);
  const entries = await store.command('xrange', [store.redisKeys.usageRecords(tenant), '-', '+']);
  expect(decodeUsageRecord(String(jsonAt(entries, 0, 1, 3)))).toMatchObject({
    id: request.requestId,
    outcome: 'running',
    inputTokens: 1000,
    outputTokens: 9,
    usageSource: 'estimated',
    costMicroDollars: 1000 * 2 + 9 * 10,
  });
  const month = new Date().toISOString().slice(0, 7);
  const counter = store.redisKeys.budget(tenant, `${month}-01`, 'budget-month', 'tenant');
  expect(await store.command('get', [counter])).toBe('2090');

  leaving.abort();
  await Promise.all([serving.close(), served]);
  await upstream.close();
  await store.close();
});
