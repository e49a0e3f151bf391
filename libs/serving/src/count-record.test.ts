import { createGate, playModel, say, waitFor } from '@ccg/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRecordingSink } from '../test/recording-sink.ts';
import { ask, requestOf, startServingRig } from '../test/serving-rig.ts';
import type { ServingRig } from '../test/serving-rig.ts';

let rig: ServingRig;
beforeEach(async () => {
  rig = await startServingRig();
  rig.upstream.play(playModel([{ content: [say('hi')] }]));
});
afterEach(() => rig.close());

test.each([
  [undefined, 'messages'],
  [{ id: 'msgbatch_1', index: 0 }, 'item_of_batch'],
])('the settlement of a request of the batch %o is told under the endpoint %s', async (batch, endpoint) => {
  await rig.serving.serve({ ...requestOf(rig), batch }, createRecordingSink());
  const settled = async () => {
    const { text } = await rig.metrics.expose();
    return text.split('\n').filter((line) => line.startsWith('ccg_stage_duration_seconds_count{stage="settle"'));
  };
  await expect.poll(settled).toEqual([expect.stringContaining(`endpoint="${endpoint}"`)]);
});

test('a reservation is outstanding from the admission of its request to its settlement', async () => {
  const outstanding = async () =>
    /^ccg_reservations_outstanding (?<count>\d+)$/mu.exec((await rig.metrics.expose()).text)?.groups?.['count'];
  const answer = createGate();
  const play = playModel([{ content: [say('hi')] }]);
  rig.upstream.play((request) => [waitFor(answer.opened), ...play(request)]);
  const running = [ask(rig), ask(rig)];
  await rig.upstream.request(1);
  expect(await outstanding()).toBe('2');
  answer.open();
  await Promise.all(running.map(({ record }) => record));
  await expect.poll(outstanding).toBe('0');
});
