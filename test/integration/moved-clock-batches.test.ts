import { setTimeout } from 'node:timers/promises';
import type { LimitRule } from '@ccg/kernel';
import { createScript } from '@ccg/store';
import { updateTenant } from '@ccg/tenancy';
import { doneValue, jsonScript, redisForSuite } from '@ccg/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  answerWith,
  openRunBatchesRig,
  outcomeOf,
  patienceMs,
  promptOf,
  rootActor,
} from './support/run-batches-rig.ts';
import type { RunBatchesRig } from './support/run-batches-rig.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

let opened: AsyncDisposableStack;
let rig: RunBatchesRig;
let aheadMs: number;

/** The time of batches and of BullMQ is that of this process. */
beforeEach(async () => {
  opened = new AsyncDisposableStack();
  aheadMs = 0;
  const realNow = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => realNow() + aheadMs);
  opened.defer(() => void vi.restoreAllMocks());
  const { url, target, keyPrefix } = redisForSuite('moved-clock');
  rig = await openRunBatchesRig({
    target,
    keyPrefix,
    env: { REDIS_URL: url, WORKER_SLOTS: '4', BUDGET_GRACE_SECONDS: '0' },
  });
  opened.defer(() => rig.close());
  await rig.startWorker();
}, 60_000);
afterEach(() => opened.disposeAsync());

function move(ms: number): void {
  aheadMs += ms;
}

/** The items that are to be tried again later, and when. */
async function readLater(): Promise<readonly unknown[]> {
  const read = createScript("return redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')");
  const reply = await rig.store.run(read, [`${rig.store.redisKeys.batches.queue()}:items:delayed`], []);
  return Array.isArray(reply) ? reply : [];
}
const countLater = async () => (await readLater()).length / 2;

/** Lets minutes pass until all that is left of the batches was tried and refused. Tells how often the provider was asked by then. */
async function untilRefused(): Promise<number> {
  for (;;) {
    await expect.poll(countLater, { timeout: patienceMs }).toBe(1);
    const [asked, tried] = [rig.upstream.requests.length, await readLater()];
    move(10 * minuteMs);
    await expect.poll(readLater, { timeout: patienceMs }).not.toEqual(tried);
    await setTimeout(1000);
    if (rig.upstream.requests.length === asked && (await countLater()) === 1) return asked;
  }
}

const prompts = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);
const answers = (count: number) => prompts(count).map((prompt) => `re: ${prompt}`);
const perDay = (amount: number): LimitRule => ({ level: 'user', kind: 'budget', amount, per: 'day' });

test('a batch whose budget is used up waits with one item that is tried now and then, and goes on when the budget begins anew', async () => {
  const owner = await rig.owner([perDay(0.005)]);
  // 26 hours behind the other one.
  doneValue(await updateTenant(rig.tenancy, rootActor, { tenant: owner.tenant, timeZone: 'Etc/GMT+12' }));
  const place = await rig.create(owner, prompts(100));
  const asked = await untilRefused();
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThan(60);
  const { status, counts } = await rig.read(place);
  expect([status, counts.succeeded, counts.errored]).toEqual(['in_progress', asked, 0]);
  // Another tenant does not wait.
  expect((await rig.results(await rig.create(await rig.owner(), ['other']))).map(outcomeOf)).toEqual(['re: other']);
  expect(await untilRefused()).toBe(asked + 1);
  // Redis counts budgets by a time of its own, so the tenant's day ends by a change of its time zone.
  doneValue(await updateTenant(rig.tenancy, rootActor, { tenant: owner.tenant, timeZone: 'Pacific/Kiritimati' }));
  move(10 * minuteMs);
  await expect.poll(() => rig.upstream.requests.length, { timeout: patienceMs }).toBeGreaterThan(asked + 1);
  await rig.limit(owner.tenant, [perDay(5)]);
  // A budget that was raised is noticed after some minutes.
  move(10 * minuteMs);
  expect((await rig.results(place)).map(outcomeOf)).toEqual(answers(100));
  expect(rig.upstream.requests.length).toBe(101);
}, 240_000);

test('an item waits for as long as its provider asks, be it an hour', async () => {
  const body = { type: 'error', error: { type: 'rate_limit_error', message: 'Wait.' } };
  rig.upstream.answer(jsonScript(429, body, { 'retry-after': '3600' }));
  const place = await rig.create(await rig.owner(), ['a']);
  await expect.poll(countLater, { timeout: patienceMs }).toBe(1);
  move(59 * minuteMs);
  await setTimeout(4000);
  expect(rig.upstream.requests.length).toBe(1);
  move(40 * minuteMs);
  expect((await rig.results(place)).map(outcomeOf)).toEqual(['re: a']);
}, 240_000);

test('what has no result after a day is expired, and is asked no more', async () => {
  rig.upstream.play((request) =>
    promptOf(request) === 'n1'
      ? jsonScript(529, { type: 'error', error: { type: 'overloaded_error', message: 'Later.' } })
      : answerWith(`re: ${promptOf(request)}`),
  );
  const place = await rig.create(await rig.owner(), prompts(3));
  await expect.poll(async () => (await rig.read(place)).counts.succeeded, { timeout: patienceMs }).toBe(2);
  move(dayMs - 2 * minuteMs);
  expect((await rig.read(place)).status).toBe('in_progress');
  move(3 * minuteMs);
  const results = await rig.results(place);
  expect(results.map(outcomeOf)).toEqual(['re: n0', 'expired', 're: n2']);
  expect((await rig.read(place)).counts).toEqual({ succeeded: 2, errored: 0, canceled: 0, expired: 1 });
  const asked = rig.upstream.requests.length;
  move(60 * minuteMs);
  await expect.poll(countLater, { timeout: patienceMs }).toBe(0);
  expect(rig.upstream.requests.length).toBe(asked);
}, 240_000);

test('the results of a batch are removed 29 days after its creation, and it says since when', async () => {
  const place = await rig.create(await rig.owner(), prompts(2));
  await rig.results(place);
  move(28 * dayMs);
  // So long a sweep takes at the most to come.
  await setTimeout(4000);
  expect((await rig.read(place)).archivedAtMs).toBeUndefined();
  expect(await rig.results(place)).toHaveLength(2);
  move(dayMs);
  await expect.poll(async () => (await rig.read(place)).archivedAtMs, { timeout: patienceMs }).toBeGreaterThan(0);
  const files = createScript("return redis.call('HLEN', KEYS[1])");
  const left = () => rig.store.run(files, [rig.store.redisKeys.batches.files(place.tenant, place.id)], []);
  await expect.poll(left, { timeout: patienceMs }).toBe(0);
}, 240_000);
