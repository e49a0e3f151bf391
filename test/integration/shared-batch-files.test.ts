import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchFilesError, createDirectoryFiles, createRedisFiles, createS3Files, shareFiles } from '@ccg/batches';
import type { Batch } from '@ccg/batches';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openBatchRig, requestsOf } from './support/batch-rig.ts';
import type { BatchRig } from './support/batch-rig.ts';

let folder: string;
let rig: BatchRig;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ccg-shared-files-'));
  rig = await openBatchRig();
});
afterEach(async () => {
  await rig.close();
  await rm(folder, { recursive: true });
});

const directory = (name: string) => createDirectoryFiles(join(folder, name));

test('one folder at two paths is one, two folders are two, and what holds no batch is left for another', async () => {
  await symlink(join(folder, 'one'), join(folder, 'mounted'));
  const [one, mounted, other] = ['one', 'mounted', 'two'].map((name) => shareFiles(rig.store, directory(name)));
  if (one === undefined || mounted === undefined || other === undefined) throw new Error('There are three.');
  expect(await one.claim()).toBe(true);
  expect(await mounted.claim()).toBe(true);
  // There is no batch yet: whoever wants to move may.
  expect(await other.claim()).toBe(true);
  expect([await one.areShared(), await mounted.areShared(), await other.areShared()]).toEqual([false, false, true]);
});

test('processes that make a folder at the same time find the same identity in it, and leave nothing else', async () => {
  const found = await Promise.all(Array.from({ length: 20 }, () => directory('one').identity()));
  expect(new Set(found).size).toBe(1);
  expect(await readdir(join(folder, 'one'))).toEqual(['.identity']);
});

test('a bucket is told from one of the same name elsewhere, from another one and from Redis', async () => {
  const all = [
    createS3Files({ bucket: 'batches' }),
    createS3Files({ bucket: 'batches', endpoint: 'http://minio:9000' }),
    createS3Files({ bucket: 'others' }),
    createRedisFiles(rig.store),
  ];
  expect(new Set(await Promise.all(all.map((files) => files.identity()))).size).toBe(4);
});

test('while a batch is kept, nobody may have its files elsewhere: from its first byte until its files are removed', async () => {
  const [own, other] = [shareFiles(rig.store, rig.files), shareFiles(rig.store, directory('two'))];
  expect(await own.claim()).toBe(true);
  const refused: boolean[] = [];
  let batch: Batch | undefined;
  const judge = async () => void refused.push(!(await other.claim()));
  const { deps } = rig;
  Object.assign(deps, { judge });
  batch = await rig.create({ body: requestsOf(2) });
  refused.push(!(await other.claim()));
  await rig.transitions.cancel(batch.record);
  await rig.sweep();
  refused.push(!(await other.claim()));
  await rig.transitions.remove(batch.record);
  refused.push(!(await other.claim()));
  expect(refused).toEqual([true, true, true, true]);
  expect(await own.areShared()).toBe(true);
  await rig.sweep();
  expect(await other.claim()).toBe(true);
});

test('a folder that cannot be used tells no identity, and is no reason to claim anything', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(shareFiles(rig.store, directory('file')).claim()).rejects.toThrow(BatchFilesError);
  expect(await shareFiles(rig.store, rig.files).claim()).toBe(true);
});
