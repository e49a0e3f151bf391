import { setTimeout as delay } from 'node:timers/promises';
import { ask, createBatch, statusOf, waitUntilEnded } from './rig.ts';
import type { BatchRig } from './rig.ts';

const manyItems = 5000;
const fewItems = 100;
const answerMs = 200;

export interface Shares {
  readonly aloneMs: number;
  readonly besideMs: number;
  readonly ratio: number;
  /** Whether the others still waited when the few were done. */
  readonly othersWaited: boolean;
}

/** How long a batch of 100 takes alone, and beside one of 5,000 of another tenant, which was first. */
export async function measureShares(rig: BatchRig, many: string, few: string): Promise<Shares> {
  const { gateway, upstream } = rig;
  upstream.setAnswerMs(answerMs);
  const stop = await rig.startWorkers(1);
  await timeOf(gateway, few);
  const aloneMs = await timeOf(gateway, few);
  const crowd = await createBatch(gateway, many, manyItems);
  await delay(3000);
  const besideMs = await timeOf(gateway, few);
  const othersWaited = (await statusOf(crowd, many)) === 'in_progress';
  await ask(`${crowd}/cancel`, many, 'POST');
  await waitUntilEnded(crowd, many);
  await stop();
  return { aloneMs, besideMs, ratio: besideMs / aloneMs, othersWaited };
}

async function timeOf(gateway: BatchRig['gateway'], apiKey: string): Promise<number> {
  const startedMs = performance.now();
  const batch = await createBatch(gateway, apiKey, fewItems);
  await waitUntilEnded(batch, apiKey);
  return performance.now() - startedMs;
}
