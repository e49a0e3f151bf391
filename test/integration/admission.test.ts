import { randomUUID } from 'node:crypto';
import { createAdmission } from '@ccg/admission';
import type { Admission, AdmissionOptions, Bucket, Decision, Lease } from '@ccg/admission';
import { connectStore, createScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { redisForSuite, startFaultProxy } from '@ccg/testkit';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const patienceMs = 10_000;
const suite = redisForSuite('admission');
const longLeaseMs = 600_000;

let store: Store;
let admission: Admission;
let tenant: string;
const opened: Store[] = [];

beforeEach(async () => {
  store = await openStore(suite.url);
  admission = openAdmission();
  tenant = `t-${randomUUID()}`;
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

/** Patient, so that a busy machine does not turn a test into one of the insurance. */
function openAdmission(options: Partial<AdmissionOptions> = {}): Admission {
  return createAdmission({ store, liveReplicas: () => 1, timeoutMs: 2000, ...options });
}

async function openStore(url: string): Promise<Store> {
  const one = connectStore({ url, keyPrefix: suite.keyPrefix, commandTimeoutMs: 2000 });
  opened.push(one);
  await one.whenReady(patienceMs);
  return one;
}

/** So slow that nothing flows in while a test runs, unless the test says otherwise. */
function bucket(changes: Partial<Bucket> = {}): Bucket {
  return { name: 'requests', capacity: 3, refillPerSecond: 0.0001, cost: 1, ...changes };
}

async function admit(
  buckets: readonly Bucket[],
  lease: Lease = { id: randomUUID(), ttlMs: longLeaseMs },
): Promise<Decision> {
  return admission.admit({ tenant, buckets, lease });
}

/** What is left in buckets, without taking anything. */
async function remaining(...buckets: readonly Bucket[]): Promise<readonly number[]> {
  const decision = await admit(buckets.map((one) => ({ ...one, cost: 0 })));
  return decision.kind === 'admitted' ? decision.buckets.map((state) => state.remaining) : [];
}

async function leases(): Promise<unknown> {
  return store.run(createScript("return redis.call('ZRANGE', KEYS[1], 0, -1)"), [store.redisKeys.leases(tenant)], []);
}

async function pttl(redisKey: string): Promise<number> {
  return Number(await store.run(createScript("return redis.call('PTTL', KEYS[1])"), [redisKey], []));
}

describe('buckets', () => {
  test('a bucket lets in its capacity and not one more, and says when the next one fits', async () => {
    const slow = bucket({ refillPerSecond: 0.1 });
    for (const left of [2, 1, 0]) {
      expect(await admit([slow])).toMatchObject({
        kind: 'admitted',
        by: 'store',
        buckets: [{ name: 'requests', remaining: left }],
      });
    }
    const decision = await admit([slow]);
    expect(decision).toMatchObject({ kind: 'limited', bucket: 'requests' });
    // One unit takes 10 s, less what flowed in since the first request.
    expect(decision.kind === 'limited' && decision.retryAfterMs).toBeGreaterThan(0);
    expect(decision.kind === 'limited' && decision.retryAfterMs).toBeLessThanOrEqual(10_000);
  });

  test('all three buckets must hold enough: a refusal debits none and names the one that is late the longest', async () => {
    const [requests, input, output] = [
      bucket({ name: 'requests', capacity: 10 }),
      bucket({ name: 'input', capacity: 100, cost: 60 }),
      bucket({ name: 'output', capacity: 100, cost: 90, refillPerSecond: 0.001 }),
    ];
    expect(await admit([requests, input, output])).toMatchObject({ kind: 'admitted' });
    expect(await admit([requests, input, output])).toMatchObject({ kind: 'limited', bucket: 'input' });
    expect(await remaining(requests, input, output)).toEqual([9, 40, 10]);
  });

  test('property: whatever three buckets are asked for, a refusal changes nothing and an admission takes exactly its cost', async () => {
    const cost = fc.integer({ min: 0, max: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cost, cost, cost), { minLength: 1, maxLength: 12 }), async (requests) => {
        tenant = `t-${randomUUID()}`;
        const capacities = [10, 11, 20];
        const asBuckets = (costs: readonly number[]) =>
          costs.map((one, at) => bucket({ name: `b${at}`, capacity: capacities[at] ?? 0, cost: one }));
        let levels: readonly number[] = capacities;
        for (const costs of requests) {
          const fits = costs.every((one, at) => (levels[at] ?? 0) >= Math.min(one, capacities[at] ?? 0));
          if (fits) levels = levels.map((level, at) => level - (costs[at] ?? 0));
          expect((await admit(asBuckets(costs))).kind).toBe(fits ? 'admitted' : 'limited');
        }
        if (levels.every((level) => level >= 0)) expect(await remaining(...asBuckets([0, 0, 0]))).toEqual(levels);
      }),
      { numRuns: 25 },
    );
  });

  test('a cost above the capacity needs a full bucket and leaves a debt, which refuses also what costs nothing', async () => {
    const large = bucket({ capacity: 10, cost: 25, refillPerSecond: 0.01 });
    expect(await admit([large])).toMatchObject({ kind: 'admitted', buckets: [{ remaining: 0 }] });
    const decision = await admit([bucket({ ...large, cost: 0 })]);
    expect(decision).toMatchObject({ kind: 'limited' });
    // 15 units of debt at 100 s each.
    expect(decision.kind === 'limited' && decision.retryAfterMs).toBeGreaterThan(1_400_000);
    expect(decision.kind === 'limited' && decision.retryAfterMs).toBeLessThanOrEqual(1_500_000);

    tenant = `t-${randomUUID()}`;
    await admit([bucket({ ...large, cost: 1 })]);
    expect(await admit([large])).toMatchObject({ kind: 'limited' });
  });

  test('a bucket refills continuously up to its capacity', async () => {
    const fast = bucket({ capacity: 5, refillPerSecond: 100, cost: 5 });
    expect(await admit([fast])).toMatchObject({ kind: 'admitted', buckets: [{ remaining: 0 }] });
    await expect.poll(() => remaining(fast), { timeout: patienceMs }).toEqual([5]);
  });

  test('of many requests at once from two replicas no more come in than capacity and refill allow', async () => {
    const other = openAdmission({ store: await openStore(suite.url) });
    const limit = bucket({ capacity: 50, refillPerSecond: 100 });
    const startedAt = performance.now();
    const decisions = await Promise.all(
      Array.from({ length: 400 }, (_, index) =>
        (index % 2 === 0 ? admission : other).admit({
          tenant,
          buckets: [limit],
          lease: { id: randomUUID(), ttlMs: longLeaseMs },
        }),
      ),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    const admitted = decisions.filter((decision) => decision.kind === 'admitted');
    expect(admitted.every((decision) => decision.kind === 'admitted' && decision.by === 'store')).toBe(true);
    expect(admitted.length).toBeGreaterThanOrEqual(50);
    expect(admitted.length).toBeLessThanOrEqual(50 + 100 * seconds + 1);
  });

  test.each([
    ['grown', 40, 20],
    ['shrunk', 4, 2],
  ])('a bucket whose capacity and refill have %s keeps its share', async (_change, capacity, left) => {
    const half = bucket({ capacity: 20, refillPerSecond: 0.02, cost: 10 });
    await admit([half]);
    expect(await remaining(bucket({ capacity, refillPerSecond: capacity / 1000 }))).toEqual([left]);
  });

  test.each([{ capacity: 0 }, { refillPerSecond: 0 }, { capacity: Number.NaN }])(
    'an impossible bucket is refused: %j',
    async (change) => {
      await expect(admit([bucket(change)])).rejects.toThrow(RangeError);
    },
  );
});

describe('leases', () => {
  test('without any bucket a request still holds a lease until it is settled', async () => {
    expect(await admit([], { id: 'lease-1', ttlMs: longLeaseMs })).toEqual({
      kind: 'admitted',
      by: 'store',
      buckets: [],
    });
    expect(await leases()).toEqual(['lease-1']);
    await admission.settle({ tenant, leaseId: 'lease-1', credits: [] });
    expect(await leases()).toEqual([]);
  });

  test('a refused request holds no lease', async () => {
    const full = bucket({ capacity: 1 });
    await admit([full], { id: 'in', ttlMs: longLeaseMs });
    await admit([full], { id: 'refused', ttlMs: longLeaseMs });
    expect(await leases()).toEqual(['in']);
  });

  test('a crash leaves no lease beyond its TTL, though others keep the tenant busy', async () => {
    await admit([], { id: 'crashed', ttlMs: 50 });
    await admit([], { id: 'alive', ttlMs: longLeaseMs });
    await expect
      .poll(
        async () => {
          // Any next admission clears up.
          await admit([bucket({ capacity: 1000, cost: 0 })], { id: 'alive', ttlMs: longLeaseMs });
          return leases();
        },
        { timeout: patienceMs },
      )
      .toEqual(['alive']);
  });

  test('a renewed lease outlives its first TTL; one that was settled is not brought back', async () => {
    await admit([], { id: 'renewed', ttlMs: 2000 });
    await admit([], { id: 'settled', ttlMs: 2000 });
    await admission.settle({ tenant, leaseId: 'settled', credits: [] });
    await admission.renew(tenant, 'renewed', longLeaseMs);
    await admission.renew(tenant, 'settled', longLeaseMs);
    expect(await leases()).toEqual(['renewed']);
    expect(await pttl(store.redisKeys.leases(tenant))).toBeGreaterThan(longLeaseMs / 2);
  });

  test('what nobody uses expires: leases with their TTL, buckets when they are full again', async () => {
    await admit([bucket({ capacity: 10, refillPerSecond: 1, cost: 10 })], { id: 'only', ttlMs: 30_000 });
    await admit([bucket({ name: 'small', capacity: 10, refillPerSecond: 1, cost: 1 })], { id: 'next', ttlMs: 5000 });
    const [ofLeases, ofBuckets] = [
      await pttl(store.redisKeys.leases(tenant)),
      await pttl(store.redisKeys.rateLimits(tenant)),
    ];
    expect(ofLeases).toBeGreaterThan(20_000);
    expect(ofLeases).toBeLessThanOrEqual(30_000);
    expect(ofBuckets).toBeGreaterThan(5000);
    expect(ofBuckets).toBeLessThanOrEqual(10_000);
  });
});

describe('settlement', () => {
  const tokens = bucket({ name: 'tokens', capacity: 100, cost: 80 });

  function credit(amount: number) {
    return { name: tokens.name, capacity: tokens.capacity, refillPerSecond: tokens.refillPerSecond, amount };
  }

  test('what was reserved and not used comes back, once', async () => {
    await admit([tokens], { id: 'lease', ttlMs: longLeaseMs });
    const settlement = { tenant, leaseId: 'lease', credits: [credit(30)] };
    await admission.settle(settlement);
    await admission.settle(settlement);
    expect(await remaining(tokens)).toEqual([50]);
  });

  test('what was used beyond the reservation is taken, into debt where need be', async () => {
    await admit([tokens], { id: 'lease', ttlMs: longLeaseMs });
    await admission.settle({ tenant, leaseId: 'lease', credits: [credit(-15)] });
    expect(await remaining(tokens)).toEqual([5]);
    await admit([{ ...tokens, cost: 0 }], { id: 'next', ttlMs: longLeaseMs });
    await admission.settle({ tenant, leaseId: 'next', credits: [credit(-20)] });
    expect(await admit([{ ...tokens, cost: 0 }])).toMatchObject({ kind: 'limited', bucket: 'tokens' });
  });

  test('a credit never fills a bucket beyond its capacity', async () => {
    await admit([tokens], { id: 'lease', ttlMs: longLeaseMs });
    await admission.settle({ tenant, leaseId: 'lease', credits: [credit(500)] });
    expect(await remaining(tokens)).toEqual([100]);
  });

  test('a lease that was never taken credits nothing', async () => {
    await admit([tokens]);
    await admission.settle({ tenant, leaseId: 'another', credits: [credit(30)] });
    expect(await remaining(tokens)).toEqual([20]);
  });

  test('a fault of ours in settling is reported and does not reject', async () => {
    const faults: unknown[] = [];
    const watched = openAdmission({ onFault: (error) => faults.push(error) });
    await store.command('set', [store.redisKeys.leases(tenant), 'not a sorted set']);
    await watched.settle({ tenant, leaseId: 'lease', credits: [] });
    await watched.renew(tenant, 'lease', 1000);
    expect(faults).toEqual([
      expect.objectContaining({ name: 'StoreReplyError' }),
      expect.objectContaining({ name: 'StoreReplyError' }),
    ]);
  });
});

describe('without Redis', () => {
  test('the share of this replica is let in, leases are left alone, and Redis decides again when it is back', async () => {
    const proxy = await startFaultProxy(suite.url);
    const through = await openStore(proxy.url);
    const inFallback: boolean[] = [];
    const fallible = openAdmission({
      store: through,
      liveReplicas: () => 2,
      onLocalFallback: (now) => inFallback.push(now),
    });
    const ask = () =>
      fallible.admit({ tenant, buckets: [bucket({ capacity: 4 })], lease: { id: randomUUID(), ttlMs: longLeaseMs } });
    expect(await ask()).toMatchObject({ kind: 'admitted', by: 'store' });
    proxy.cut();
    expect(await ask()).toMatchObject({ kind: 'admitted', by: 'local-fallback' });
    expect(await ask()).toMatchObject({ kind: 'admitted', by: 'local-fallback' });
    expect(await ask()).toMatchObject({ kind: 'limited', bucket: 'requests' });
    await fallible.renew(tenant, 'inFallback', longLeaseMs);
    await fallible.settle({ tenant, leaseId: 'inFallback', credits: [] });
    expect(inFallback).toEqual([true]);
    proxy.restore();
    await through.whenReady(patienceMs);
    expect(await ask()).toMatchObject({ kind: 'admitted', by: 'store', buckets: [{ remaining: 2 }] });
    expect(inFallback).toEqual([true, false]);
    await proxy.close();
  });

  test('a Redis that hangs costs a request no more than the time of admission', async () => {
    const proxy = await startFaultProxy(suite.url);
    const fallible = createAdmission({ store: await openStore(proxy.url), liveReplicas: () => 1 });
    proxy.hang();
    const startedAt = performance.now();
    const decision = await fallible.admit({
      tenant,
      buckets: [bucket()],
      lease: { id: randomUUID(), ttlMs: longLeaseMs },
    });
    expect(decision).toMatchObject({ kind: 'admitted', by: 'local-fallback' });
    expect(performance.now() - startedAt).toBeLessThan(5 * 100);
    await proxy.close();
  });
});
