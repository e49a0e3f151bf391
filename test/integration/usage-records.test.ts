import { systemClock } from '@ccg/kernel';
import { createFindUsageRecord, encodeUsageRecord, noteItemTry } from '@ccg/usage';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openUsageRig, usageRecord } from './support/usage-rig.ts';
import type { UsageRig } from './support/usage-rig.ts';

let rig: UsageRig;

beforeEach(async () => {
  rig = await openUsageRig();
});

afterEach(async () => {
  await rig.close();
});

test('the newest record of a request is found wherever it is in the stream', async () => {
  const [oldest, middle, newest] = [usageRecord(), usageRecord(), usageRecord()];
  const others = () => Array.from({ length: 499 }, () => usageRecord());
  await rig.append(oldest, ...others(), middle, ...others(), { ...middle, outputTokens: 99 }, ...others(), newest);
  const find = createFindUsageRecord({ store: rig.store, clock: systemClock });
  const found = async (requestId: string) => await find({ tenant: rig.tenant(), requestId });
  expect(await found(oldest.id)).toEqual({ kind: 'ended', record: oldest });
  expect(await found(middle.id)).toMatchObject({ kind: 'ended', record: { outputTokens: 99 } });
  expect(await found(newest.id)).toMatchObject({ kind: 'ended', record: { id: newest.id } });
  expect(await found('req_nobody')).toEqual({ kind: 'unknown' });
});

test('the try of an item is found while it runs, and when its worker has died, so that another one follows', async () => {
  const find = createFindUsageRecord({ store: rig.store, clock: systemClock });
  const record = usageRecord({ outcome: 'running', batch: 'msgbatch_1', batchIndex: 3 });
  const reservation = rig.store.redisKeys.reservation(rig.tenant(), record.id);
  await rig.redis('HSET', reservation, 'record', '', 'try', encodeUsageRecord(record));
  const found = async () => await find({ tenant: rig.tenant(), requestId: record.id });
  expect(await found()).toEqual({ kind: 'running', record });
  // As a sweep leaves it.
  await rig.redis('HSET', reservation, 'appended', '');
  expect(await found()).toEqual({ kind: 'try', fate: 'again', record });
});

test('a try that was not charged is found with what became of it, once however often it was sent', async () => {
  const find = createFindUsageRecord({ store: rig.store, clock: systemClock });
  const tries = (['again', 'result', 'void'] as const).map((fate) => ({ fate, record: usageRecord({ batch: 'b' }) }));
  for (const one of [...tries, ...tries]) await noteItemTry(rig.store, rig.tenant(), one);
  for (const { fate, record } of tries) {
    expect(await find({ tenant: rig.tenant(), requestId: record.id })).toEqual({ kind: 'try', fate, record });
  }
  const key = rig.store.redisKeys.itemTries(rig.tenant());
  expect(await rig.redis('XLEN', key)).toBe(3);
  const leftMs = Number(await rig.redis('PTTL', key));
  expect(leftMs).toBeGreaterThan(0);
  expect(leftMs).toBeLessThanOrEqual(24 * 60 * 60 * 1000);
});

test('looking for requests takes Redis one question at a time, and refuses what is too much', async () => {
  await rig.append(...Array.from({ length: 1200 }, () => usageRecord()));
  let [running, most] = [0, 0];
  const store = {
    ...rig.store,
    run: async (...args: Parameters<typeof rig.store.run>) => {
      running += 1;
      most = Math.max(most, running);
      const reply = await rig.store.run(...args);
      running -= 1;
      return reply;
    },
  };
  const find = createFindUsageRecord({ store, clock: systemClock });
  const all = Array.from({ length: 40 }, (_, at) => find({ tenant: rig.tenant(), requestId: `req_${at}` }));
  const kinds = (await Promise.all(all)).map(({ kind }) => kind);
  expect(most).toBe(1);
  expect(kinds.filter((kind) => kind === 'unknown')).toHaveLength(20);
  expect(kinds.filter((kind) => kind === 'busy')).toHaveLength(20);
  expect(await find({ tenant: rig.tenant(), requestId: 'req_later' })).toEqual({ kind: 'unknown' });
});
