import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createBatch,
  createRedisFiles,
  createTransitions,
  fileResults,
  readBatch,
  readResults,
  resultLine,
} from '@ccg/batches';
import { systemClock } from '@ccg/kernel';
import { startEmbeddedServer } from '@ccg/local';
import { connectStore } from '@ccg/store';
import { jsonTextAt } from '@ccg/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSha256, principalOf, requestsOf, retentionMs } from './support/batch-rig.ts';

let opened: AsyncDisposableStack;
let folder: string;

beforeEach(async () => {
  opened = new AsyncDisposableStack();
  folder = await mkdtemp(join(tmpdir(), 'ccg-journal-'));
  opened.defer(() => rm(folder, { recursive: true }));
});
afterEach(() => opened.disposeAsync());

async function open(journal: string) {
  const password = randomBytes(16).toString('hex');
  const listen = { host: '127.0.0.1', port: 0 };
  const server = await startEmbeddedServer({ listen, password, journalPath: join(folder, journal) });
  opened.defer(() => server.close());
  const url = `redis://:${password}@127.0.0.1:${server.port ?? 0}`;
  const store = connectStore({ url, keyPrefix: 'ccg:', commandTimeoutMs: 5000 });
  opened.defer(() => store.close());
  await store.whenReady(10_000);
  return {
    store,
    files: createRedisFiles(store),
    transitions: createTransitions({ store, clock: systemClock }),
    randomBytes,
  };
}

test('what was answered of a batch is in the journal of the embedded store, so that a killed process loses none of it', async () => {
  const total = 30;
  const before = await open('journal');
  const deps = { ...before, clock: systemClock, createHash: createSha256, retentionMs };
  async function* body() {
    yield Buffer.from(JSON.stringify(requestsOf(total)));
  }
  const { record } = await createBatch(deps, {
    principal: principalOf('acme'),
    prefix: undefined,
    idempotencyKey: undefined,
    body: body(),
  });
  const complete = (on: typeof before, index: number, token = 'first') =>
    on.transitions.complete(
      { ...record, index, token },
      { outcome: 'succeeded', line: resultLine(`item-${index}`, '{}') },
    );
  for (let index = 0; index < 12; index += 1) await complete(before, index);
  await fileResults(before, record, false);
  for (let index = 12; index < 20; index += 1) await complete(before, index);
  await before.transitions.claim({ ...record, index: 25, token: 'one' });
  const known = await readBatch(before.store, record);
  // What a process has that is killed now.
  await copyFile(join(folder, 'journal'), join(folder, 'copy'));

  const after = await open('copy');
  expect(await readBatch(after.store, record)).toEqual(known);
  expect(await after.transitions.claim({ ...record, index: 25, token: 'two' })).toMatchObject({ kind: 'busy' });
  expect(await complete(after, 12, 'second')).toEqual({ kind: 'lost' });
  const left = await after.transitions.undone(record, 0, 100, false);
  expect(left.indexes).toEqual(Array.from({ length: 10 }, (_, at) => at + 20));
  for (const index of left.indexes) await complete(after, index);
  const ended = await readBatch(after.store, record);
  if (ended === undefined) throw new Error('no batch');
  let text = '';
  for await (const piece of readResults(after, ended)) text += Buffer.from(piece).toString();
  const ids = text
    .trim()
    .split('\n')
    .map((line) => jsonTextAt(JSON.parse(line), 'custom_id'));
  expect(ids).toEqual(Array.from({ length: total }, (_, at) => `item-${at}`));
});
