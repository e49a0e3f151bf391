import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BatchFilesError,
  createBatch,
  createDirectoryFiles,
  createItemReader,
  createRedisFiles,
  listBatches,
  readBatch,
} from '@ccg/batches';
import type { BatchFiles } from '@ccg/batches';
import { GatewayError } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openBatchRig, principalOf, requestsOf } from './support/batch-rig.ts';
import type { BatchRig } from './support/batch-rig.ts';

const hourMs = 60 * 60 * 1000;
let folder: string;
const rigs: BatchRig[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ccg-batches-'));
});

afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
  await rm(folder, { recursive: true });
});

async function open(files?: (store: Store) => BatchFiles): Promise<BatchRig> {
  const rig = await openBatchRig(files === undefined ? {} : { files });
  rigs.push(rig);
  return rig;
}

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => 'no error',
    (error: unknown) => error,
  );
}

/** What is left of uploads, wherever they are noted. */
async function leftovers({ store }: BatchRig): Promise<readonly unknown[]> {
  const { batches } = store.redisKeys;
  return [
    await store.command('zrangebyscore', [batches.uploads(), '-inf', '+inf']),
    await store.command('hget', [batches.fileBytes(), 'all']),
    await readdir(join(folder, 'acme')).catch(() => []),
  ];
}

describe.each([
  ['a directory', () => createDirectoryFiles(folder)],
  ['Redis', createRedisFiles],
] as const)('with files in %s', (_where, files) => {
  test('property: the params of every item come back byte by byte, whatever their size and spelling', async () => {
    const rig = await open(files);
    const big = fc.integer({ min: 0, max: 1_200_000 }).map((length) => 'é'.repeat(length / 2));
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), { weight: 1, arbitrary: big });
    const params = fc.oneof(
      text.map((content) => JSON.stringify({ model: 'm', content })),
      fc.json().map((json) => ` ${json}\n`),
      fc.constant('{\n\t"model" : "m"\r\n}'),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(params, { minLength: 1, maxLength: 5 }), async (all) => {
        const requests = all.map((one, at) =>
          at % 2 === 0 ? `{"custom_id":"i${at}","params":${one}}` : ` { "params": ${one}, "custom_id" : "i${at}" } `,
        );
        const { record } = await rig.create({ body: `{"other": [1], "requests": [${requests.join(',')}]}` });
        const reader = createItemReader(rig.files);
        for (const [at, one] of all.entries()) {
          const item = await reader.read(record, at);
          expect(item.customId).toBe(`i${at}`);
          expect(Buffer.from(await item.readParams()).toString() === one.trim()).toBe(true);
        }
      }),
      { numRuns: 12 },
    );
  });

  test('an upload that fails half-way leaves nothing, and neither does one of which nothing more is heard for an hour', async () => {
    const rig = await open(files);
    const body = JSON.stringify(requestsOf(3000));
    expect(await errorOf(rig.create({ body: body.slice(0, -5) }))).toBeInstanceOf(GatewayError);
    expect(await leftovers(rig)).toEqual([[], null, []]);

    const gate = Promise.withResolvers<undefined>();
    const begun = Promise.withResolvers<undefined>();
    async function* slowBody() {
      yield Buffer.from(body.slice(0, -5));
      begun.resolve(undefined);
      await gate.promise;
      yield Buffer.from(body.slice(-5));
    }
    const request = { principal: principalOf('acme'), prefix: undefined, idempotencyKey: undefined };
    const slow = errorOf(createBatch(rig.deps, { ...request, body: slowBody() }));
    const isThere = async () => (await leftovers(rig))[0];
    await begun.promise;
    rig.clock.advance(hourMs - 1);
    await rig.sweep();
    expect(await isThere()).toHaveLength(1);
    rig.clock.advance(1);
    await rig.sweep();
    gate.resolve(undefined);
    // It came after all, but what it had sent is gone.
    expect(await slow).toMatchObject({ code: 'request-timeout' });
    expect(await leftovers(rig)).toEqual([[], null, []]);
    expect(await listBatches(rig.store, { tenant: 'acme', owner: undefined, limit: 10 })).toMatchObject({
      batches: [],
    });
  });

  test('a batch that is deleted, and one whose results are archived, leave no file', async () => {
    const rig = await open(files);
    const [deleted, archived] = [await rig.create({ body: requestsOf(2) }), await rig.create({ body: requestsOf(2) })];
    await rig.transitions.cancel(deleted.record);
    expect(await rig.transitions.remove(deleted.record)).toBe('deleted');
    rig.clock.advance(30 * 24 * hourMs);
    await rig.sweep();
    await rig.sweep();
    expect(await leftovers(rig)).toEqual([[], null, []]);
    const found = await readBatch(rig.store, archived.record);
    expect(found).toMatchObject({ status: 'ended', counts: { expired: 2 } });
    expect(found?.archivedAtMs).toBeTypeOf('number');
  });
});

describe('a request with an idempotency key', () => {
  test('gives the batch of the first one, also when both arrive at once, and a conflict for another body', async () => {
    const rig = await open();
    const request = { body: requestsOf(3), idempotencyKey: 'k' };
    const both = await Promise.all([rig.create(request), rig.create(request)]);
    const later = await rig.create(request);
    expect(new Set([...both, later].map(({ record }) => record.id)).size).toBe(1);
    const others = await Promise.all([
      rig.create({ ...request, principal: principalOf('acme', 'usr_bob') }),
      rig.create({ ...request, idempotencyKey: 'another' }),
      rig.create({ ...request, principal: principalOf('umbrella') }),
    ]);
    expect(new Set([later, ...others].map(({ record }) => record.id)).size).toBe(4);
    expect(await errorOf(rig.create({ ...request, body: requestsOf(4) }))).toMatchObject({
      code: 'idempotency-mismatch',
      status: 409,
      retry: 'never',
    });
    expect((await leftovers(rig))[0]).toEqual([]);
  });

  test('makes a new batch after the first one was deleted', async () => {
    const rig = await open();
    const request = { body: requestsOf(1), idempotencyKey: 'k' };
    const { record } = await rig.create(request);
    await rig.transitions.cancel(record);
    await rig.transitions.remove(record);
    expect((await rig.create(request)).record.id).not.toBe(record.id);
  });
});

describe('files that have no room', () => {
  test('a batch above the limit of one is too large, and one above that of all finds no room, with nothing left of it', async () => {
    const rig = await open((store) => createRedisFiles(store, { maxBatchBytes: 4000, maxBytes: 7500 }));
    expect(await errorOf(rig.create({ body: requestsOf(60) }))).toMatchObject({ code: 'request-too-large' });
    expect((await leftovers(rig)).slice(0, 2)).toEqual([[], null]);
    const first = await rig.create({ body: requestsOf(25) });
    const before = await leftovers(rig);
    await rig.create({ body: requestsOf(25) });
    const second = await leftovers(rig);
    expect(await errorOf(rig.create({ body: requestsOf(25) }))).toBeInstanceOf(BatchFilesError);
    expect(await leftovers(rig)).toEqual(second);
    await rig.transitions.cancel(first.record);
    await rig.transitions.remove(first.record);
    await rig.sweep();
    expect(await leftovers(rig)).toEqual(before);
  });

  test('results are kept all the same, and no further item of such a batch runs', async () => {
    const rig = await open((store) => createRedisFiles(store, { maxBatchBytes: 4000 }));
    const { record } = await rig.create({ body: requestsOf(3) });
    const item = { ...record, token: 'one' };
    expect(await rig.transitions.claim({ ...item, index: 0 })).toEqual({ kind: 'claimed' });
    const line = JSON.stringify('x'.repeat(5000));
    expect(await rig.transitions.complete({ ...item, index: 0 }, { outcome: 'succeeded', line })).toMatchObject({
      kind: 'completed',
      waiting: 1,
      waitingBytes: line.length,
    });
    expect(await rig.transitions.claim({ ...item, index: 1 })).toEqual({ kind: 'full' });
  });

  test('a directory that cannot be written is an error of the files, and nothing is left', async () => {
    await writeFile(join(folder, 'file'), '');
    const rig = await open(() => createDirectoryFiles(join(folder, 'file')));
    expect(await errorOf(rig.create({ body: requestsOf(1) }))).toBeInstanceOf(BatchFilesError);
    expect((await leftovers(rig))[0]).toEqual([]);
  });
});
