import { setTimeout as delay } from 'node:timers/promises';
import { ask, createBatch, statusOf } from './rig.ts';
import type { BatchRig } from './rig.ts';

const rounds = 100;
const itemsOfBatch = 50;

/** How long it takes until another gateway says of a batch with running items that it is being canceled. */
export async function measureCancel(
  { gateway, other, upstream }: BatchRig,
  apiKey: string,
): Promise<readonly number[]> {
  upstream.setAnswerMs(1000);
  const timesMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const batch = await createBatch(gateway, apiKey, itemsOfBatch);
    await delay(50);
    const elsewhere = batch.replace(gateway.url, other.url);
    const startedMs = performance.now();
    await ask(`${batch}/cancel`, apiKey, 'POST');
    while ((await statusOf(elsewhere, apiKey)) === 'in_progress');
    timesMs.push(performance.now() - startedMs);
  }
  return timesMs;
}
