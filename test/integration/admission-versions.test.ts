import { randomUUID } from 'node:crypto';
import { readWaiting, wholeTenant } from '@ccg/admission';
import { createScript, loadScript } from '@ccg/store';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { concurrency, openAdmissionRig, rate, used } from './support/admission-rig.ts';
import type { AdmissionRig } from './support/admission-rig.ts';

let rig: AdmissionRig;

beforeEach(async () => {
  rig = await openAdmissionRig();
});

afterEach(async () => {
  await rig.close();
});

const previous = (name: string) => loadScript(new URL(`../fixtures/admission-scripts/${name}.lua`, import.meta.url));
const [previousAdmit, previousSettle, previousRenew] = [previous('admit'), previous('settle'), previous('renew')];
const [maxRunning, capacity, refillPerSecond] = [5, 20, 0.001];
const limits = [concurrency(maxRunning), rate({ capacity, refillPerSecond })] as const;
const msOf = (units: number) => (units / refillPerSecond) * 1000;

/** A replica of the previous version, with a cap and a bucket of the tenant. */
function previousVersion() {
  const leases = rig.store.redisKeys.leases(rig.tenant(), wholeTenant);
  const bucket = rig.store.redisKeys.rateLimit(rig.tenant(), 'requests', wholeTenant);
  return {
    async admit(id: string): Promise<boolean> {
      const args = [id, 60_000, 1, maxRunning, msOf(capacity), msOf(1), msOf(1)];
      const [admitted] = (await rig.store.run(previousAdmit, [leases, bucket], args)) as number[];
      return admitted === 1;
    },
    settle: (id: string, units: number) =>
      rig.store.run(previousSettle, [`${leases}:settled`, leases, bucket], [id, 1, 600_000, msOf(units)]),
    renew: (id: string) => rig.store.run(previousRenew, [leases], [120_000, id]),
  };
}

test('two versions of the scripts on one Redis never let in more than one alone', async () => {
  const old = previousVersion();
  let [admitted, running] = [0, 0];
  const rounds = 8;
  for (let round = 0; round < rounds; round += 1) {
    const ends = await Promise.all(
      Array.from({ length: 30 }, async (_, at) => {
        const id = randomUUID();
        if (at % 2 === 0) return (await old.admit(id)) ? () => old.settle(id, 0) : undefined;
        const decision = await rig.admit(limits, id);
        return decision.kind === 'admitted' ? () => decision.reservation.settle(used()) : undefined;
      }),
    );
    const inside = ends.filter((end) => end !== undefined);
    running = inside.length;
    admitted += running;
    expect(running).toBe(Math.min(maxRunning, capacity - (admitted - running)));
    await Promise.all(inside.map((end) => end()));
  }
  expect(admitted).toBe(capacity);
});

test('each version renews, ends and gives back what is its own, and leaves the rest of the other alone', async () => {
  const old = previousVersion();
  const { reservation } = await rig.admitted(limits, 'new');
  expect(await old.admit('old')).toBe(true);
  const before = await rig.lapsesAt('new');
  await old.renew('old');
  expect([await rig.lapsesAt('new'), (await rig.lapsesAt('old')) > before]).toEqual([before, true]);
  await reservation.settle(used([limits[1], 6]));
  expect(await rig.leases()).toEqual(['old']);
  await old.settle('old', 1);
  expect([await rig.leases(), await rig.remaining(limits[1])]).toEqual([[], [capacity - 6]]);
});

test('two versions of the waiting room share one queue: each grants the tickets of the other, and ends its own', async () => {
  const wait = previous('wait');
  const { redisKeys } = rig.store;
  const tenant = rig.tenant();
  const leases = redisKeys.leases(tenant, wholeTenant);
  const parts = (['tickets', 'turns', 'later', 'replicas'] as const).map((part) => redisKeys.waiting(tenant, part));
  const keys = [redisKeys.waitingRoom(tenant), ...parts, redisKeys.waitedFor(tenant), leases];
  const step = async (kind: 'enter' | 'look', id = '') => {
    const who = kind === 'enter' ? [id, 'bob', 1, '', 10, 1] : ['', '', 1, '', 0];
    const args = [kind, 'old', 4000, 5000, 60_000, ...who];
    const [, , , granted] = (await rig.store.run(wait, keys, args)) as [string, string, string, string[]];
    return granted;
  };
  const cap = { ...concurrency(1), maxWaitMs: 60_000, maxWaiting: 10 };
  const first = await rig.admitted([cap], 'first');
  await step('enter', 'of the old');
  const waiting = { caller: 'ada', weight: 1, bytes: 1, signal: new AbortController().signal };
  const ask = (requestId: string) => rig.ask({ requestId, limits: [cap], waiting, record: `record of ${requestId}` });
  const mine = ask('mine');
  await expect.poll(() => readWaiting(rig.store, tenant)).toEqual(['record of mine']);
  await first.reservation.settle(used());
  const decision = await mine;
  expect([decision.kind, await readWaiting(rig.store, tenant)]).toEqual(['admitted', []]);
  if (decision.kind === 'admitted') await decision.reservation.settle(used());
  await expect.poll(() => step('look')).toEqual(['of the old']);
  expect(await rig.leases()).toEqual(['of the old']);
  const next = ask('next');
  await expect.poll(() => readWaiting(rig.store, tenant)).toEqual(['record of next']);
  // The granted place would lapse in any case.
  await rig.store.run(createScript("return redis.call('ZREM', KEYS[1], ARGV[1])"), [leases], ['of the old']);
  await step('look');
  expect(await next).toMatchObject({ kind: 'admitted' });
  expect([await readWaiting(rig.store, tenant), await rig.leases()]).toEqual([[], ['next']]);
});
