import { resultLine, succeededResult } from '@ccg/batches';
import {
  createGate,
  cut,
  head,
  jsonScript,
  playModel,
  say,
  startFaultProxy,
  startScriptedUpstream,
  waitFor,
} from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openWorkerRig } from './support/worker-rig.ts';
import type { WorkerRig } from './support/worker-rig.ts';

const patience = { timeout: 20_000, interval: 100 } as const;
const hello = playModel([{ content: [say('Hello.')] }]);
const duplicates = 'ccg_batch_upstream_duplicates_total';
const items = 'ccg_batch_items_total';

let upstream: ScriptedUpstream;
let rig: WorkerRig;
beforeEach(async () => {
  upstream = await startScriptedUpstream(hello);
  rig = await openWorkerRig(upstream.url);
});
afterEach(async () => {
  await rig.close();
  await upstream.close();
});

const nothingRuns = { leases: [], running: [] };

/** What is left when everything has ended: each of the items was charged once, and nothing else. */
async function expectCharged(id: string, indexes: readonly number[]) {
  await expect.poll(() => rig.used(), patience).toMatchObject(nothingRuns);
  const { records, microDollars } = await rig.used();
  expect(records.map(({ batch }) => batch)).toEqual(indexes.map(() => id));
  expect(new Set(records.map(({ batchIndex }) => batchIndex))).toEqual(new Set(indexes));
  expect(new Set(records.map(({ id: requestId }) => requestId)).size).toBe(indexes.length);
  expect(microDollars).toBe(records.reduce((sum, { costMicroDollars }) => sum + costMicroDollars, 0));
  return { records, microDollars };
}

test('each item is charged and recorded once, whatever its tries met at the provider', async () => {
  upstream.answer(
    jsonScript(503, { error: { message: 'busy' } }),
    [head(200, { 'content-type': 'application/json' }), cut],
    jsonScript(429, { error: { message: 'slow down' } }, { 'retry-after': '1' }),
  );
  const batch = await rig.create(6);
  const worker = await rig.startWorker();
  expect((await rig.ended(batch)).counts).toMatchObject({ succeeded: 6, errored: 0 });
  const { records, microDollars } = await expectCharged(batch.record.id, [0, 1, 2, 3, 4, 5]);
  expect(new Set(records.map(({ outcome, costMicroDollars }) => `${outcome} ${costMicroDollars}`)).size).toBe(1);
  expect(microDollars).toBeGreaterThan(0);
  expect(upstream.requests.length).toBeGreaterThanOrEqual(9);
  expect([await worker.count(items), await worker.count(duplicates)]).toEqual([6, 0]);
});

test('an item that a provider refuses is recorded once, and costs nothing', async () => {
  upstream.play(() => jsonScript(400, { error: { message: 'no such thing', type: 'invalid_request_error' } }));
  const batch = await rig.create(1);
  await rig.startWorker();
  expect((await rig.ended(batch)).counts).toMatchObject({ succeeded: 0, errored: 1 });
  const { records, microDollars } = await expectCharged(batch.record.id, [0]);
  expect([records[0]?.outcome, microDollars]).toEqual(['client_bad_request', 0]);
});

test('an item that asks nobody completes at once, is counted, and has nothing to settle', async () => {
  const batch = await rig.create(2, { max_tokens: 0 });
  const worker = await rig.startWorker();
  expect((await rig.ended(batch)).counts).toMatchObject({ succeeded: 0, errored: 2 });
  await expect.poll(() => worker.count(items), patience).toBe(2);
  expect(await rig.used()).toEqual({ ...nothingRuns, microDollars: 0, records: [] });
  expect(upstream.requests).toEqual([]);
});

test('an answer that comes second is counted and not charged, and what was reserved for it is given back', async () => {
  const gate = createGate();
  upstream.play((request) => [waitFor(gate.opened), ...hello(request)]);
  const batch = await rig.create(1);
  const worker = await rig.startWorker();
  await upstream.request(0);
  const reserved = await rig.used();
  expect(reserved.microDollars).toBeGreaterThan(0);
  expect(reserved).toMatchObject({ leases: [expect.any(String)], running: [expect.any(String)], records: [] });
  const line = resultLine('item-0', succeededResult('{}'));
  const other = { ...batch.record, index: 0, token: 'another worker' };
  expect(await rig.transitions.complete(other, { outcome: 'succeeded', line })).toMatchObject({ kind: 'completed' });
  gate.open();
  await expect.poll(() => worker.count(duplicates), patience).toBe(1);
  await expect.poll(() => rig.used(), patience).toEqual({ ...nothingRuns, microDollars: 0, records: [] });
  expect(await worker.count(items)).toBe(0);
  const tries = await rig.tries();
  expect(tries).toMatchObject([{ fate: 'void', record: { outcome: 'ok', batch: batch.record.id, batchIndex: 0 } }]);
});

test('an item that is answered while Redis cannot be reached is completed and charged once when it is back', async () => {
  const gate = createGate();
  upstream.play((request) => [waitFor(gate.opened), ...hello(request)]);
  const proxy = await startFaultProxy(rig.redisUrl);
  try {
    const batch = await rig.create(2);
    const worker = await rig.startWorker({ REDIS_URL: proxy.url });
    await upstream.request(1);
    proxy.cut();
    gate.open();
    await new Promise((resolve) => {
      setTimeout(resolve, 3000);
    });
    expect(await worker.count(items)).toBe(0);
    proxy.restore();
    expect((await rig.ended(batch)).counts).toMatchObject({ succeeded: 2 });
    await expectCharged(batch.record.id, [0, 1]);
    expect([await worker.count(items), await worker.count(duplicates)]).toEqual([2, 0]);
    expect(upstream.requests).toHaveLength(2);
    await worker.drain();
  } finally {
    await proxy.close();
  }
});

test('a worker that stops before its items were answered leaves nothing, and the next one is charged', async () => {
  const gate = createGate();
  upstream.play((request) => [waitFor(gate.opened), ...hello(request)]);
  const batch = await rig.create(2);
  const first = await rig.startWorker({ DRAIN_TIMEOUT_MS: '100' });
  await upstream.request(1);
  expect((await rig.used()).microDollars).toBeGreaterThan(0);
  await first.drain();
  expect(await rig.used()).toEqual({ ...nothingRuns, microDollars: 0, records: [] });
  gate.open();
  await rig.startWorker();
  expect((await rig.ended(batch)).counts).toMatchObject({ succeeded: 2 });
  await expectCharged(batch.record.id, [0, 1]);
});
