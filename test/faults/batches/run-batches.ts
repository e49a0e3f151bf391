import { setTimeout as delay } from 'node:timers/promises';
import { jsonAt, jsonListAt } from '@ccg/testkit';
import { createBatchClient } from './batch-client.ts';
import type { BatchClient } from './batch-client.ts';
import { chargeFaults, readCharges } from './charges.ts';
import { redisSettings, slots, startFleet } from './fleet.ts';
import { isRefused, startItemUpstream } from './item-upstream.ts';
import type { ItemUpstream } from './item-upstream.ts';
import { judge } from './judge.ts';
import { createUnderKills, readUnderKill, runUnderKills } from './kills.ts';
import { findTraces } from './find-traces.ts';
import { tell } from './tell.ts';

const items = 10_000;
const workers = 3;
/** Each item has this many bytes, so that a worker cannot keep all inputs in memory while their store is away. */
const paddingBytes = 4000;
const endsWithinMs = 20 * 60_000;

/**
 * One batch on a gateway and three workers, all of them real processes on a real Redis and a real S3 store. Each is killed
 * again and again, from the upload to the download of the results.
 */
export async function runBatches() {
  await using opened = new AsyncDisposableStack();
  const upstream = await startItemUpstream();
  opened.defer(upstream.close);
  const fleet = await startFleet(upstream, workers);
  opened.defer(fleet.close);
  const client = createBatchClient(fleet.gatewayUrl, fleet.apiKey);
  const startedMs = Date.now();
  tell('the gateway is killed twice during the upload');
  const id = await createUnderKills(client, fleet, requestPieces());
  tell(`${id} is accepted`);
  const untilMs = startedMs + endsWithinMs;
  await runUnderKills({ fleet, upstream, items, untilMs });
  const batch = await ended(client, id, { upstream, untilMs });
  const { text: results, wasCut } = await readUnderKill(client, fleet, id);
  const runSeconds = Math.round((Date.now() - startedMs) / 1000);
  tell('the batch has ended and its results are read');
  const verdict = judge({
    items,
    isRefused,
    calls: upstream.calls,
    killedWorkers: fleet.killedWorkers,
    results,
    batch,
  });
  const charges = await readCharges(fleet.store, fleet.tenant);
  const listed = jsonListAt(await client.list()).length;
  await client.remove(id);
  const { ofCutUploads, left } = await findTraces(fleet, id);
  const { ofKilledWorkers, others } = verdict.upstreamDuplicates;
  const { kills } = fleet;
  const bounds = {
    ofKilledWorkers: kills.worker * slots,
    ofOneKilledWorker: slots,
    others: kills.redis * workers * slots,
  };
  const faults = [
    ...verdict.faults,
    ...chargeFaults(charges, verdict.used),
    ...(listed === 1 ? [] : [`${listed} batches were made by one Idempotency-Key`]),
    ...(verdict.duplicatesOfOneKill > bounds.ofOneKilledWorker
      ? [`${verdict.duplicatesOfOneKill} items ran again after one worker was killed`]
      : []),
    ...(others > bounds.others ? [`${others} items ran twice though no worker that had them was killed`] : []),
    ...(ofCutUploads === 0 ? ['no upload was cut'] : []),
    ...(left.length > 0 ? [`left of deleted batches and of uploads that were cut: ${left.join(', ')}`] : []),
  ];
  return {
    items,
    kills,
    redis: redisSettings,
    runSeconds,
    ...verdict,
    upstreamCalls: upstream.calls.length,
    upstreamDuplicates: { ofKilledWorkers, others, bounds },
    charges,
    requestsThatFailed: client.failures(),
    downloadWasCut: wasCut,
    batches: listed,
    objectsOfCutUploads: ofCutUploads,
    left,
    faults,
  };
}

async function ended(
  client: BatchClient,
  id: string,
  { upstream, untilMs }: { readonly upstream: ItemUpstream; readonly untilMs: number },
): Promise<unknown> {
  for (let polls = 0; ; polls += 1) {
    const batch = await client.get(id);
    if (jsonAt(batch, 'processing_status') === 'ended') return batch;
    if (Date.now() > untilMs) throw new Error(`The batch did not end in time: ${JSON.stringify(batch)}`);
    if (polls % 20 === 0) tell(`${upstream.done()} of ${items} items done`);
    await delay(500);
  }
}

function requestPieces(): readonly Buffer[] {
  const padding = 'word '.repeat(paddingBytes / 5);
  const piecesOf = (item: number) => {
    const messages = [{ role: 'user', content: `item-${item} ${padding}` }];
    const params = { model: 'gpt-4.1', max_tokens: 64, messages };
    return JSON.stringify({ custom_id: `item-${item}`, params });
  };
  const pieces: Buffer[] = [];
  const perPiece = 20;
  for (let first = 0; first < items; first += perPiece) {
    const some = Array.from({ length: perPiece }, (_, at) => piecesOf(first + at));
    pieces.push(Buffer.from(`${first === 0 ? '{"requests":[' : ','}${some.join(',')}`));
  }
  return [...pieces, Buffer.from(']}')];
}
