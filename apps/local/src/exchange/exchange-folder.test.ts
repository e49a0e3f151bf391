import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { exchangeName, openExchangeFolder } from './exchange-folder.ts';
import { prepareExchangeFolder } from './prepare-folder.ts';

let parent: string;
let path: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'ccg-exchanges-'));
  path = join(parent, 'a', 'exchanges');
});

afterEach(() => rm(parent, { recursive: true }));

async function modeOf(file: string): Promise<number> {
  return (await stat(file)).mode & 0o777;
}

function nameAt(second: number): string {
  return exchangeName(`2026-11-28T07:41:0${second}.000Z`, `req_${second}`);
}

test('the folder and its files are for their user alone', async () => {
  await prepareExchangeFolder(path);
  await (await openExchangeFolder(path, 100)).write(nameAt(1), 'text');
  expect(await modeOf(path)).toBe(0o700);
  expect(await readdir(path)).toEqual(['2026-11-28T07-41-01-000Z-req_1.exchange.json']);
  expect(await modeOf(join(path, nameAt(1)))).toBe(0o600);
});

test('an empty folder that others can read is closed to them', async () => {
  await mkdir(path, { recursive: true });
  await chmod(path, 0o755);
  await prepareExchangeFolder(path);
  expect(await modeOf(path)).toBe(0o700);
});

test('a folder that others can read and that holds other files is refused and left as it is', async () => {
  await mkdir(path, { recursive: true });
  await chmod(path, 0o755);
  await writeFile(join(path, 'notes.txt'), '');
  await expect(prepareExchangeFolder(path)).rejects.toThrow(/Set LOG_EXCHANGE to a folder of its own\.$/u);
  expect(await modeOf(path)).toBe(0o755);
});

test('a path that cannot be a folder is refused with what to do', async () => {
  await writeFile(join(parent, 'a'), '');
  await expect(prepareExchangeFolder(path)).rejects.toThrow(/^LOG_EXCHANGE .* cannot be written \(.*\)\. Set it to/u);
});

test('the oldest recordings give way to new ones, those of earlier starts included, and no other file does', async () => {
  await prepareExchangeFolder(path);
  await writeFile(join(path, 'notes.txt'), 'x'.repeat(100));
  const before = await openExchangeFolder(path, 100);
  await before.write(nameAt(1), 'x'.repeat(40));
  await before.write(nameAt(2), 'x'.repeat(40));
  const files = await openExchangeFolder(path, 100);
  await files.write(nameAt(3), 'x'.repeat(40));
  expect((await readdir(path)).toSorted()).toEqual([nameAt(2), nameAt(3), 'notes.txt']);
  await files.write(nameAt(4), 'x'.repeat(90));
  expect((await readdir(path)).toSorted()).toEqual([nameAt(4), 'notes.txt']);
});

test('a folder that was removed meanwhile is made again', async () => {
  await prepareExchangeFolder(path);
  const files = await openExchangeFolder(path, 100);
  await rm(path, { recursive: true });
  await files.write(nameAt(1), 'text');
  expect(await modeOf(path)).toBe(0o700);
});
