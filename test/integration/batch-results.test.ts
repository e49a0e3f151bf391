import { randomBytes } from 'node:crypto';
import {
  BatchFilesError,
  createRedisFiles,
  erroredResult,
  fileResults,
  readBatch,
  readResults,
  resultLine,
  succeededResult,
} from '@ccg/batches';
import type { BatchFiles } from '@ccg/batches';
import { systemClock } from '@ccg/kernel';
import { createScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { afterEach, expect, test } from 'vitest';
import { openBatchRig, requestsOf } from './support/batch-rig.ts';
import type { BatchRig } from './support/batch-rig.ts';

let rig: BatchRig;

afterEach(async () => {
  await rig.close();
});

const file =
  (onlyFull = false) =>
  (place: { readonly tenant: string; readonly id: string }) =>
    fileResults({ ...rig, randomBytes }, place, onlyFull);

/** Gives the items of a range their results, of so many characters. */
async function complete(place: { readonly tenant: string; readonly id: string }, from: number, to: number, size = 10) {
  for (let index = from; index < to; index += 1) {
    const line = resultLine(`item-${index}`, succeededResult(JSON.stringify({ text: 'x'.repeat(size) })));
    await rig.transitions.complete({ ...place, index, token: 'only' }, { outcome: 'succeeded', line });
  }
}

const countFiles = createScript("return redis.call('LLEN', KEYS[1])");

const idsOf = (lines: readonly unknown[]) =>
  lines.map((line) => (line as { readonly custom_id: string }).custom_id).toSorted();

test('results of every kind are one line each, wherever they are kept', async () => {
  rig = await openBatchRig();
  const { record } = await rig.create({ body: requestsOf(4) });
  const error = '{"type":"error","error":{"type":"api_error","message":"é"},"request_id":"req_1"}';
  await complete(record, 0, 1);
  await rig.transitions.complete(
    { ...record, index: 2, token: 'only' },
    { outcome: 'errored', line: resultLine('item-2', erroredResult(error)) },
  );
  await file()(record);
  await rig.transitions.cancel(record);
  const batch = await readBatch(rig.store, record);
  if (batch === undefined) throw new Error('no batch');
  expect(batch.counts).toEqual({ succeeded: 1, errored: 1, canceled: 2, expired: 0 });
  expect(await rig.results(batch)).toEqual([
    { custom_id: 'item-0', result: { type: 'succeeded', message: { text: 'x'.repeat(10) } } },
    { custom_id: 'item-2', result: { type: 'errored', error: JSON.parse(error) } },
    { custom_id: 'item-1', result: { type: 'canceled' } },
    { custom_id: 'item-3', result: { type: 'canceled' } },
  ]);
});

test('each result is read once, though results are moved into files at every step of the reading, by several at once', async () => {
  // Whoever reads results, from Redis or from a file, has some moved before the answer.
  const place = { current: undefined as { readonly tenant: string; readonly id: string } | undefined };
  const filing = (store: Store): BatchFiles => {
    const files = createRedisFiles(store);
    return {
      ...files,
      async read(at, name) {
        if (place.current !== undefined) await Promise.all([1, 2, 3].map(() => file()(at)));
        return await files.read(at, name);
      },
    };
  };
  rig = await openBatchRig({ files: filing });
  const total = 40;
  const { record } = await rig.create({ body: requestsOf(total) });
  await complete(record, 0, 20, 90_000);
  await Promise.all([1, 2, 3].map(() => file(true)(record)));
  await complete(record, 20, total, 90_000);
  place.current = record;
  const batch = await readBatch(rig.store, record);
  if (batch === undefined) throw new Error('no batch');
  const lines = await rig.results(batch);
  expect(idsOf(lines)).toEqual(Array.from({ length: total }, (_, at) => `item-${at}`).toSorted());
});

test('results that wait are moved although their worker died, and what is moved is read no less', async () => {
  rig = await openBatchRig();
  const { record } = await rig.create({ body: requestsOf(3) });
  await complete(record, 0, 3);
  const { batches } = rig.store.redisKeys;
  const filed = async () => (await rig.store.run(countFiles, [batches.resultFiles('acme', record.id)], [])) === 1;
  expect(await filed()).toBe(false);
  await rig.sweep();
  expect(await filed()).toBe(true);
  const batch = await readBatch(rig.store, record);
  expect(batch === undefined ? [] : idsOf(await rig.results(batch))).toEqual(['item-0', 'item-1', 'item-2']);
});

test('while many results wait no further item is claimed', async () => {
  rig = await openBatchRig({ files: (store) => createRedisFiles(store, { maxBatchBytes: 100_000_000 }) });
  const { record } = await rig.create({ body: requestsOf(20) });
  await complete(record, 0, 10, 2_000_000);
  const item = { ...record, index: 15, token: 'one' };
  expect(await rig.transitions.claim(item)).toEqual({ kind: 'behind' });
  await file(true)(record);
  expect(await rig.transitions.claim(item)).toEqual({ kind: 'claimed' });
});

test('an outage in the middle of results is waited out, and one before the first is told at once', async () => {
  rig = await openBatchRig();
  const { record } = await rig.create({ body: requestsOf(6) });
  for (let index = 0; index < 3; index += 1) {
    await complete(record, index, index + 1);
    await file()(record);
  }
  await rig.transitions.cancel(record);
  const batch = await readBatch(rig.store, record);
  if (batch === undefined) throw new Error('no batch');
  let faults = 0;
  let isAway = true;
  const away = async () => {
    isAway = !isAway;
    if (isAway) return;
    faults += 1;
    throw new BatchFilesError('unavailable', 'ECONNREFUSED');
  };
  const files: BatchFiles = {
    ...rig.files,
    async read(place, name) {
      await away();
      return await rig.files.read(place, name);
    },
  };
  const read = async () => {
    let text = '';
    for await (const piece of readResults({ ...rig, files, clock: systemClock }, batch)) text += Buffer.from(piece);
    return text.trim().split('\n');
  };
  await expect(read()).rejects.toMatchObject({ fault: 'unavailable' });
  expect(faults).toBe(1);
  // The first one is read now, and every other one only at the second try.
  expect(await read()).toHaveLength(6);
  expect(faults).toBeGreaterThan(2);
});

test('results that are removed while they are read are an error, never a part', async () => {
  rig = await openBatchRig();
  const { record } = await rig.create({ body: requestsOf(2) });
  await complete(record, 0, 2);
  const batch = await readBatch(rig.store, record);
  if (batch === undefined) throw new Error('no batch');
  await rig.transitions.remove(record);
  await expect(rig.results(batch)).rejects.toThrow('removed');
});
