import { randomUUID } from 'node:crypto';
import { joinLiveReplicas } from '@ccg/admission';
import type { LiveReplicas, LiveReplicasOptions } from '@ccg/admission';
import { systemClock } from '@ccg/kernel';
import { startTargetProxy } from '@ccg/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAdmissionRig, patienceMs, rate } from './support/admission-rig.ts';
import type { AdmissionRig } from './support/admission-rig.ts';

/** All replicas of a test beat so fast; one that is killed is gone after three times that. */
const intervalMs = 200;

let rig: AdmissionRig;
const joined: LiveReplicas[] = [];

beforeEach(async () => {
  rig = await openAdmissionRig();
});
afterEach(async () => {
  await Promise.all(joined.splice(0).map((replica) => replica.leave()));
  await rig.close();
});

async function join(options: Partial<LiveReplicasOptions> = {}): Promise<LiveReplicas> {
  const replica = await joinLiveReplicas({
    store: rig.store,
    clock: systemClock,
    id: randomUUID(),
    intervalMs,
    ...options,
  });
  joined.push(replica);
  return replica;
}

async function expectCount(replica: LiveReplicas, count: number): Promise<void> {
  await expect.poll(() => replica.count(), { timeout: patienceMs }).toBe(count);
}

test('a replica counts itself from its start, the others as they come, and those that left no more at once', async () => {
  const counts: number[] = [];
  const first = await join({ onCount: (count) => counts.push(count) });
  expect(first.count()).toBe(1);
  const [second] = await Promise.all([join(), join()]);
  await expectCount(first, 3);
  await second?.leave();
  await expectCount(first, 2);
  expect([counts[0], counts.at(-1)]).toEqual([1, 2]);
});

test('a replica that was killed counts as gone after three beats, by the clock of Redis', async () => {
  const survivor = await join();
  // It never beats again: its clock stands still.
  await joinLiveReplicas({
    store: rig.store,
    clock: { ...systemClock, now: () => 0, schedule: () => () => {} },
    id: 'killed',
    intervalMs,
  });
  await expectCount(survivor, 2);
  await expectCount(survivor, 1);
});

test('without Redis the last count holds, the share of the limits with it, and it is counted anew when Redis is back', async () => {
  const proxy = await startTargetProxy(rig.redis);
  const through = await rig.openStore(proxy.target);
  const cutOff = await join({ store: through });
  const others = [await join(), await join(), await join()];
  await expectCount(cutOff, 4);
  proxy.cut();
  const admission = rig.openAdmission({ store: through, liveReplicas: cutOff.count });
  const decisions = await Promise.all(
    Array.from({ length: 40 }, () => rig.admit([rate({ capacity: 40, refillPerSecond: 4 })], randomUUID(), admission)),
  );
  expect(decisions.filter(({ kind }) => kind === 'admitted').length).toBe(10);
  await expectCount(others[0] ?? cutOff, 3);
  expect(cutOff.count()).toBe(4);
  proxy.restore();
  await expectCount(others[0] ?? cutOff, 4);
  await proxy.close();
});

test('a Redis that is away at the first beat leaves a replica alone with itself, and it beats on', async () => {
  const proxy = await startTargetProxy(rig.redis);
  const through = await rig.openStore(proxy.target);
  await join();
  proxy.cut();
  const late = await join({ store: through });
  expect(late.count()).toBe(1);
  proxy.restore();
  await expectCount(late, 2);
  await proxy.close();
});
