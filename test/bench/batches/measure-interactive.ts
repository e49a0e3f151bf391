import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from '../credentials/percentiles.ts';
import { ask, createBatch, waitUntilEnded } from './rig.ts';
import type { BatchRig } from './rig.ts';

const answerMs = 200;
const requestsOfRound = 60;
const rounds = 3;
const queued = 5000;
const body = JSON.stringify({ model: 'gpt-4.1', max_tokens: 8, messages: [{ role: 'user', content: 'hi' }] });

export interface Interactive {
  readonly withoutP50Ms: number;
  readonly withP50Ms: number;
  readonly ratio: number;
}

/** What a request notices of a full queue of another tenant, which a worker is busy with: in turns, with and without. */
export async function measureInteractive(rig: BatchRig, many: string, few: string): Promise<Interactive> {
  const { gateway, upstream } = rig;
  upstream.setAnswerMs(answerMs);
  const stop = await rig.startWorkers(1);
  await timesOf(gateway.url, few);
  const without: number[] = [];
  const withQueue: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    without.push(...(await timesOf(gateway.url, few)));
    const batch = await createBatch(gateway, many, queued);
    await delay(1000);
    withQueue.push(...(await timesOf(gateway.url, few)));
    await ask(`${batch}/cancel`, many, 'POST');
    await waitUntilEnded(batch, many);
  }
  await stop();
  const [withoutP50Ms, withP50Ms] = [percentile(without, 0.5), percentile(withQueue, 0.5)];
  return { withoutP50Ms, withP50Ms, ratio: withP50Ms / withoutP50Ms };
}

async function timesOf(url: string, apiKey: string): Promise<readonly number[]> {
  const timesMs: number[] = [];
  for (let at = 0; at < requestsOfRound; at += 1) {
    const startedMs = performance.now();
    await ask(`${url}/v1/messages`, apiKey, 'POST', body);
    timesMs.push(performance.now() - startedMs);
  }
  return timesMs;
}
