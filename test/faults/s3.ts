import { randomBytes } from 'node:crypto';
import {
  BatchFilesError,
  createBatch,
  createItemReader,
  createS3Files,
  createTransitions,
  fileResults,
  readBatch,
  readResults,
  resultLine,
  sweepBatches,
} from '@ccg/batches';
import type { Batch } from '@ccg/batches';
import { systemClock } from '@ccg/kernel';
import { connectStore } from '@ccg/store';
import { jsonTextAt, requireRedisBinary, startRedisProcess, startS3Server } from '@ccg/testkit';
import { createSha256, principalOf } from '../integration/support/batch-rig.ts';

interface Figures {
  readonly items: number;
  readonly results: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Of the attempts to write results while the store was away. */
  readonly failedWrites: number;
  readonly objectsLeft: boolean;
  readonly faults: readonly string[];
}

const items = 3000;

/** A batch on a real S3 store, which is killed while results are written, and is back before the batch ends. */
export async function runOnS3(): Promise<Figures> {
  await using opened = new AsyncDisposableStack();
  const s3 = await startS3Server();
  opened.defer(() => s3.stop());
  Object.assign(process.env, s3.env);
  const redis = await startRedisProcess({ binary: requireRedisBinary() });
  opened.defer(() => redis.stop());
  const store = connectStore({ url: redis.url, keyPrefix: 'faults:', commandTimeoutMs: 10_000 });
  opened.defer(() => store.close());
  await store.whenReady(10_000);
  const files = createS3Files(s3);
  const transitions = createTransitions({ store, clock: systemClock });
  const deps = {
    store,
    files,
    transitions,
    randomBytes,
    clock: systemClock,
    retentionMs: 1e9,
    createHash: createSha256,
  };
  const { record } = await createBatch(deps, {
    principal: principalOf('acme'),
    prefix: undefined,
    idempotencyKey: undefined,
    body: body(),
  });

  const reader = createItemReader(files);
  let failedWrites = 0;
  for (let index = 0; index < items; index += 1) {
    if (index === items / 3) await s3.kill();
    if (index === (items / 3) * 2) await s3.start();
    const isAway = index >= items / 3 && index < (items / 3) * 2;
    const customId = isAway ? `item-${index}` : (await reader.read(record, index)).customId;
    const line = resultLine(customId, JSON.stringify({ type: 'succeeded', message: { text: 'x'.repeat(1000) } }));
    await transitions.complete({ ...record, index, token: 'only' }, { outcome: 'succeeded', line });
    if (index % 400 === 399) {
      failedWrites += await fileResults(deps, record, false).then(
        () => 0,
        (error: unknown) => {
          if (error instanceof BatchFilesError) return 1;
          throw error;
        },
      );
    }
  }
  const onFault = (error: unknown) => {
    throw error;
  };
  await sweepBatches({ ...deps, onFault });
  const ids = await idsOf(deps, await readBatch(store, record));
  await transitions.remove(record);
  await sweepBatches({ ...deps, onFault });
  const objectsLeft = await files.read(record, 'index-000000').then(
    () => true,
    () => false,
  );
  const lost = items - new Set(ids).size;
  const duplicated = ids.length - new Set(ids).size;
  const faults = [
    ...(lost > 0 ? [`${lost} results lost on S3`] : []),
    ...(duplicated > 0 ? [`${duplicated} results twice on S3`] : []),
    ...(failedWrites === 0 ? ['no write failed while S3 was away'] : []),
    ...(objectsLeft ? ['objects of a deleted batch left on S3'] : []),
  ];
  return { items, results: ids.length, lost, duplicated, failedWrites, objectsLeft, faults };
}

async function idsOf(deps: Parameters<typeof readResults>[0], batch: Batch | undefined): Promise<readonly string[]> {
  if (batch === undefined) return [];
  const pieces: Uint8Array[] = [];
  for await (const piece of readResults(deps, batch)) pieces.push(piece);
  const lines = Buffer.concat(pieces).toString().trim().split('\n');
  return lines.map((line) => jsonTextAt(JSON.parse(line), 'custom_id'));
}

async function* body(): AsyncGenerator<Uint8Array> {
  const text = 'word '.repeat(480);
  const params = JSON.stringify({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: text }] });
  yield Buffer.from('{"requests":[');
  for (let index = 0; index < items; index += 1) {
    yield Buffer.from(`${index === 0 ? '' : ','}{"custom_id":"item-${index}","params":${params}}`);
  }
  yield Buffer.from(']}');
}
