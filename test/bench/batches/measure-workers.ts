import { createBatch, slots, waitUntilEnded } from './rig.ts';
import type { BatchRig } from './rig.ts';

const answerMs = 1000;
/** Each worker has so many rounds of items to run. */
const rounds = 15;

/** Items per second of so many workers: from the first answer of the provider to the last. */
export async function measureWorkers(rig: BatchRig, apiKey: string, workers: number): Promise<number> {
  const { gateway, upstream } = rig;
  upstream.setAnswerMs(answerMs);
  const stop = await rig.startWorkers(workers);
  await waitUntilEnded(await createBatch(gateway, apiKey, slots * workers), apiKey);
  upstream.takeAnswers();
  const batch = await createBatch(gateway, apiKey, slots * workers * rounds);
  await waitUntilEnded(batch, apiKey);
  const times = upstream.takeAnswers();
  await stop();
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  // What ran until the first answer counts, too.
  return times.length / ((last - first + answerMs) / 1000);
}
