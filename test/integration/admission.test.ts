import { randomUUID } from 'node:crypto';
import { createAdmission } from '@ccg/admission';
import type { Limit } from '@ccg/admission';
import { systemClock } from '@ccg/kernel';
import { startTargetProxy } from '@ccg/testkit';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { concurrency, openAdmissionRig, patienceMs, rate } from './support/admission-rig.ts';
import type { AdmissionRig } from './support/admission-rig.ts';

let rig: AdmissionRig;

beforeEach(async () => {
  rig = await openAdmissionRig();
});

afterEach(async () => {
  await rig.close();
});

describe('rate limits', () => {
  test('a bucket lets in its capacity and not one more, and says when the next one fits', async () => {
    const slow = rate({ refillPerSecond: 0.1 });
    for (const left of [2, 1, 0]) {
      expect(await rig.admit([slow])).toMatchObject({
        kind: 'admitted',
        by: 'store',
        states: [{ limit: slow, remaining: left }],
      });
    }
    const decision = await rig.admit([slow]);
    expect(decision).toMatchObject({ kind: 'limited', refused: { limit: slow } });
    // One unit takes 10 s, less what flowed in since the first request.
    expect(decision.kind === 'limited' && decision.refused.retryAfterMs).toBeGreaterThan(0);
    expect(decision.kind === 'limited' && decision.refused.retryAfterMs).toBeLessThanOrEqual(10_000);
  });

  test('all three buckets must hold enough: a refusal debits none and names the one that needs the longest', async () => {
    const [requests, input, output] = [
      rate({ name: 'requests', capacity: 10 }),
      rate({ name: 'input', capacity: 100, cost: 60 }),
      rate({ name: 'output', capacity: 100, cost: 90, refillPerSecond: 0.001 }),
    ];
    expect(await rig.admit([requests, input, output])).toMatchObject({ kind: 'admitted' });
    expect(await rig.admit([requests, input, output])).toMatchObject({
      kind: 'limited',
      refused: { limit: { name: 'input' } },
    });
    expect(await rig.remaining(requests, input, output)).toEqual([9, 40, 10]);
  });

  test('property: whatever three buckets are asked for, a refusal changes nothing and an admission takes exactly its cost', async () => {
    const cost = fc.integer({ min: 0, max: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cost, cost, cost), { minLength: 1, maxLength: 12 }), async (requests) => {
        rig.changeTenant();
        const capacities = [10, 11, 20];
        const asLimits = (costs: readonly number[]) =>
          costs.map((one, at) => rate({ name: `b${at}`, capacity: capacities[at] ?? 0, cost: one }));
        let levels: readonly number[] = capacities;
        for (const costs of requests) {
          const fits = costs.every((one, at) => (levels[at] ?? 0) >= Math.min(one, capacities[at] ?? 0));
          if (fits) levels = levels.map((level, at) => level - (costs[at] ?? 0));
          expect((await rig.admit(asLimits(costs))).kind).toBe(fits ? 'admitted' : 'limited');
        }
        if (levels.every((level) => level >= 0)) expect(await rig.remaining(...asLimits([0, 0, 0]))).toEqual(levels);
      }),
      { numRuns: 25 },
    );
  });

  test('a cost above the capacity needs a full bucket and leaves a debt, which refuses also what costs nothing', async () => {
    const large = rate({ capacity: 10, cost: 25, refillPerSecond: 0.01 });
    expect(await rig.admit([large])).toMatchObject({ kind: 'admitted', states: [{ remaining: 0 }] });
    const decision = await rig.admit([rate({ ...large, cost: 0 })]);
    expect(decision).toMatchObject({ kind: 'limited' });
    // 15 units of debt at 100 s each.
    expect(decision.kind === 'limited' && decision.refused.retryAfterMs).toBeGreaterThan(1_400_000);
    expect(decision.kind === 'limited' && decision.refused.retryAfterMs).toBeLessThanOrEqual(1_500_000);

    rig.changeTenant();
    await rig.admit([rate({ ...large, cost: 1 })]);
    expect(await rig.admit([large])).toMatchObject({ kind: 'limited' });
  });

  test('a bucket refills continuously up to its capacity', async () => {
    const fast = rate({ capacity: 5, refillPerSecond: 100, cost: 5 });
    expect(await rig.admit([fast])).toMatchObject({ kind: 'admitted', states: [{ remaining: 0 }] });
    await expect.poll(() => rig.remaining(fast), { timeout: patienceMs }).toEqual([5]);
  });

  test('of many requests at once from two replicas no more come in than capacity and refill allow', async () => {
    const other = rig.openAdmission({ store: await rig.openStore() });
    const limit = rate({ capacity: 50, refillPerSecond: 100 });
    const startedAt = performance.now();
    const decisions = await Promise.all(
      Array.from({ length: 400 }, (_, index) => rig.admit([limit], randomUUID(), index % 2 === 0 ? undefined : other)),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    const inside = decisions.filter((decision) => decision.kind === 'admitted');
    expect(inside.every(({ by }) => by === 'store')).toBe(true);
    expect(inside.length).toBeGreaterThanOrEqual(50);
    expect(inside.length).toBeLessThanOrEqual(50 + 100 * seconds + 1);
  });

  test.each([
    ['grown', 40, 20],
    ['shrunk', 4, 2],
  ])('a bucket whose capacity and refill have %s keeps its share', async (_change, capacity, left) => {
    const half = rate({ capacity: 20, refillPerSecond: 0.02, cost: 10 });
    await rig.admit([half]);
    expect(await rig.remaining(rate({ capacity, refillPerSecond: capacity / 1000 }))).toEqual([left]);
  });

  test('the bucket of another subject or another name is not touched', async () => {
    await rig.admitted([rate({ subject: 'user:ada', cost: 3 }), rate({ name: 'tokens', cost: 3 })]);
    expect(await rig.admit([rate({ subject: 'user:ada' })])).toMatchObject({ kind: 'limited' });
    expect(await rig.remaining(rate(), rate({ subject: 'user:bob' }))).toEqual([3, 3]);
  });

  test('a bucket is gone from Redis as soon as it is full again, however busy the others are', async () => {
    const [brief, long] = [rate({ name: 'brief', refillPerSecond: 20 }), rate({ name: 'long', capacity: 10, cost: 5 })];
    await rig.admitted([brief, { ...long, refillPerSecond: 1 }]);
    await expect.poll(() => rig.expiry(brief), { timeout: patienceMs }).toBe(-2);
    const ofLong = await rig.expiry(long);
    expect(ofLong).toBeGreaterThan(0);
    expect(ofLong).toBeLessThanOrEqual(5000);
  });
});

test.each<[string, readonly Limit[]]>([
  ['without capacity', [rate({ capacity: 0 })]],
  ['without refill', [rate({ refillPerSecond: 0 })]],
  ['that is no number', [rate({ capacity: Number.NaN })]],
  ['whose name has a colon', [rate({ name: 'a:b' })]],
  ['of no running request', [concurrency(0)]],
  ['of half a request', [concurrency(1.5)]],
  ['that shares its bucket', [rate(), rate({ capacity: 5 })]],
  ['that shares its leases', [concurrency(1), concurrency(2)]],
])('an impossible limit is refused: one %s', async (_what, limits) => {
  await expect(rig.admit(limits)).rejects.toThrow(RangeError);
});

describe('without Redis', () => {
  test('the share of this replica is let in, leases are left alone, and Redis decides again when it is back', async () => {
    const proxy = await startTargetProxy(rig.redis);
    const through = await rig.openStore(proxy.target);
    const modes: string[] = [];
    const fallible = rig.openAdmission({
      store: through,
      liveReplicas: () => 2,
      onStoreMode: (mode) => modes.push(mode),
    });
    const ask = () => rig.admit([rate({ capacity: 4 })], randomUUID(), fallible);
    expect(await ask()).toMatchObject({ kind: 'admitted', by: 'store' });
    proxy.cut();
    expect(await ask()).toMatchObject({ kind: 'admitted', by: 'local' });
    expect(await ask()).toMatchObject({ kind: 'limited', refused: { limit: { name: 'requests' } } });
    expect(modes).toEqual(['local']);
    proxy.restore();
    await through.whenReady(patienceMs);
    expect(await ask()).toMatchObject({ kind: 'admitted', by: 'store', states: [{ remaining: 2 }] });
    expect(modes).toEqual(['local', 'shared']);
    await proxy.close();
  });

  test('a Redis that hangs costs a request no more than the time of admission', async () => {
    const proxy = await startTargetProxy(rig.redis);
    const through = await rig.openStore(proxy.target);
    const fallible = createAdmission({
      store: through,
      clock: systemClock,
      replica: randomUUID(),
      liveReplicas: () => 1,
    });
    proxy.hang();
    const startedAt = performance.now();
    expect(await rig.admit([rate()], randomUUID(), fallible)).toMatchObject({ kind: 'admitted', by: 'local' });
    expect(performance.now() - startedAt).toBeLessThan(5 * 100);
    await proxy.close();
  });
});
