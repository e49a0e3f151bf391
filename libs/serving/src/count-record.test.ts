import { playModel, say } from '@ccg/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRecordingSink } from '../test/recording-sink.ts';
import { requestOf, startServingRig } from '../test/serving-rig.ts';
import type { ServingRig } from '../test/serving-rig.ts';

let rig: ServingRig;
beforeEach(async () => {
  rig = await startServingRig();
  rig.upstream.play(playModel([{ content: [say('hi')] }]));
});
afterEach(() => rig.close());

test.each([
  [undefined, 'messages'],
  ['msgbatch_1', 'item_of_batch'],
])('the settlement of a request of the batch %s is told under the endpoint %s', async (batch, endpoint) => {
  await rig.serving.serve({ ...requestOf(rig), batch }, createRecordingSink());
  const settled = async () => {
    const { text } = await rig.metrics.expose();
    return text.split('\n').filter((line) => line.startsWith('ccg_stage_duration_seconds_count{stage="settle"'));
  };
  await expect.poll(settled).toEqual([expect.stringContaining(`endpoint="${endpoint}"`)]);
});
