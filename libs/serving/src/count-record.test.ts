import { createGate, playModel, say, waitFor } from '@ccg/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ada } from '../test/limited-caller.ts';
import { createRecordingSink } from '../test/recording-sink.ts';
import { ask, requestOf, run, startServingRig } from '../test/serving-rig.ts';
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

test('what admission estimated of the output is told beside what the answer had', async () => {
  const reservation = { watch() {}, settle: () => Promise.resolve() };
  const estimated = {
    kind: 'admitted',
    by: 'store',
    states: [],
    shadowed: [],
    estimatedOutput: 4096,
    reservation,
  } as const;
  rig.admission.decide(() => Promise.resolve(estimated));
  const { authorization } = ada([{ level: 'user', kind: 'output_tokens', amount: 90_000, per: 'minute' }]);
  const { usage } = (await run(rig, { authorization })).record;
  expect(usage.outputTokens).toBeGreaterThan(0);
  const { text } = await rig.metrics.expose();
  expect(text).toContain('ccg_limit_reserved_total{kind="output_tokens",reserve="estimate"} 4096\n');
  expect(text).toContain(`ccg_limit_used_total{kind="output_tokens",reserve="estimate"} ${usage.outputTokens}\n`);
});
