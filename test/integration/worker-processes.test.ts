import { createGate, hang, redisForSuite, startWorker, waitFor } from '@ccg/testkit';
import type { AppProcess, Script } from '@ccg/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { answerWith, openRunBatchesRig, outcomeOf, patienceMs, promptOf } from './support/run-batches-rig.ts';
import type { RunBatchesRig } from './support/run-batches-rig.ts';

let rig: RunBatchesRig;
const workers: AppProcess[] = [];

beforeEach(async () => {
  const { url, target, keyPrefix } = redisForSuite('worker-processes');
  rig = await openRunBatchesRig({ target, keyPrefix, env: { REDIS_URL: url } });
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  await rig.close();
});

async function start(env: Readonly<Record<string, string>>): Promise<AppProcess> {
  const worker = await startWorker({ ...rig.env, ...env });
  workers.push(worker);
  return worker;
}

const asked = () => rig.upstream.requests.map(promptOf).toSorted();

/** A provider that answers each prompt by its own script where there is one left, else at once. */
function playFirst(first: Readonly<Record<string, Script>>): void {
  const left = new Map(Object.entries(first));
  rig.upstream.play((request) => {
    const prompt = promptOf(request);
    const script = left.get(prompt) ?? answerWith(`re: ${prompt}`);
    left.delete(prompt);
    return script;
  });
}

test('at SIGTERM a worker takes nothing more, lets items end, hands back what takes too long, and exits 0', async () => {
  const gate = createGate();
  playFirst({ quick: [waitFor(gate.opened), ...answerWith('re: quick')], slow: [hang] });
  const first = await start({ WORKER_SLOTS: '2', DRAIN_TIMEOUT_MS: '3000' });
  const place = await rig.create(await rig.owner(), ['quick', 'slow', 'third', 'fourth']);
  const slow = await rig.upstream.request(1);
  expect(asked()).toEqual(['quick', 'slow']);
  first.signal('SIGTERM');
  await expect.poll(() => first.output(), { timeout: patienceMs }).toContain('the worker drains');
  gate.open();
  expect(await first.exited).toEqual({ code: 0, signal: null });
  expect(asked()).toEqual(['quick', 'slow']);
  expect((await rig.read(place)).counts.succeeded).toBe(1);
  expect(promptOf(slow)).toMatch(/^(?:quick|slow)$/u);
  await start({});
  expect((await rig.results(place)).map(outcomeOf)).toEqual(['re: quick', 're: slow', 're: third', 're: fourth']);
  expect(asked()).toEqual(['fourth', 'quick', 'slow', 'slow', 'third']);
}, 120_000);

test('what a killed worker had runs at another one, and each item has one result', async () => {
  const prompts = ['a', 'b', 'c', 'd', 'e', 'f'];
  playFirst({ a: [hang], b: [hang] });
  const killed = await start({ WORKER_SLOTS: '2' });
  const place = await rig.create(await rig.owner(), prompts);
  await rig.upstream.request(1);
  killed.signal('SIGKILL');
  await killed.exited;
  await start({ WORKER_SLOTS: '2' });
  // Its claims and BullMQ's locks last half a minute.
  await expect.poll(async () => (await rig.read(place)).status, { timeout: 2 * patienceMs }).toBe('ended');
  expect((await rig.results(place)).map(outcomeOf)).toEqual(prompts.map((prompt) => `re: ${prompt}`));
  expect(asked()).toEqual(['a', 'a', 'b', 'b', 'c', 'd', 'e', 'f']);
}, 240_000);

test('three workers run a batch together, each as many items as it has places', async () => {
  const gate = createGate();
  rig.upstream.play((request) => [waitFor(gate.opened), ...answerWith(`re: ${promptOf(request)}`)]);
  const three = await Promise.all([1, 2, 3].map(() => start({ WORKER_SLOTS: '2' })));
  const prompts = Array.from({ length: 12 }, (_, index) => `n${index}`);
  const place = await rig.create(await rig.owner(), prompts);
  await rig.upstream.request(5);
  gate.open();
  expect((await rig.results(place)).map(outcomeOf)).toEqual(prompts.map((prompt) => `re: ${prompt}`));
  expect(rig.upstream.requests.length).toBe(12);
  const counts = await Promise.all(three.map(countItems));
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(2);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(12);
}, 120_000);

/** How many items have ended at a worker. */
async function countItems({ opsUrl }: AppProcess): Promise<number> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith('ccg_batch_items_total{'));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
