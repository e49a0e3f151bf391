import { randomUUID } from 'node:crypto';
import { createAdmission, wholeTenant } from '@ccg/admission';
import type { Admission, AdmissionOptions, ConcurrencyLimit, Decision, Limit, RateLimit } from '@ccg/admission';
import { systemClock } from '@ccg/kernel';
import { connectStore, createScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { createManualClock, redisForSuite, startFaultProxy } from '@ccg/testkit';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const patienceMs = 10_000;
const suite = redisForSuite('admission');

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

/** With so much time for Redis that the local fallback does not decide on a busy machine. */
function openAdmission(options: Partial<AdmissionOptions> = {}): Admission {
  return createAdmission({ store, clock: systemClock, liveReplicas: () => 1, timeoutMs: 2000, ...options });
}

async function openStore(url: string): Promise<Store> {
  const one = connectStore({ url, keyPrefix: suite.keyPrefix, commandTimeoutMs: 2000 });
  opened.push(one);
  await one.whenReady(patienceMs);
  return one;
}

/** So slow that nothing flows in while a test runs, unless the test says otherwise. */
function rate(changes: Partial<RateLimit> = {}): RateLimit {
  const limit = { kind: 'rate', name: 'requests', subject: wholeTenant, capacity: 3, refillPerSecond: 0.0001, cost: 1 };
  return { ...limit, ...changes, kind: 'rate' };
}

function concurrency(maxRunning: number, subject: string = wholeTenant): ConcurrencyLimit {
  return { kind: 'concurrency', subject, maxRunning };
}

async function admit(limits: readonly Limit[], requestId: string = randomUUID(), by = admission): Promise<Decision> {
  return by.admit({ tenant, requestId, limits });
}

type Admitted = Extract<Decision, { kind: 'admitted' }>;

/** Fails the test unless the request is admitted. */
async function admitted(limits: readonly Limit[], requestId?: string, by?: Admission): Promise<Admitted> {
  const decision = await admit(limits, requestId, by);
  if (decision.kind === 'limited') throw new Error(`limited by ${JSON.stringify(decision.limit)}`);
  return decision;
}

/** What is left of rate limits, without taking anything. */
async function remaining(...limits: readonly RateLimit[]): Promise<readonly number[]> {
  const decision = await admit(limits.map((one) => ({ ...one, cost: 0 })));
  return decision.kind === 'admitted' ? decision.limits.map((state) => state.remaining) : [];
}

async function leases(subject: string = wholeTenant): Promise<unknown> {
  const all = createScript("return redis.call('ZRANGE', KEYS[1], 0, -1)");
  return store.run(all, [store.redisKeys.leases(tenant, subject)], []);
}

/** When a lease of the tenant lapses, in milliseconds since the epoch. */
async function lapsesAt(lease: string): Promise<number> {
  const score = createScript("return redis.call('ZSCORE', KEYS[1], ARGV[1])");
  return Number(await store.run(score, [store.redisKeys.leases(tenant, wholeTenant)], [lease]));
}

/** -2 where there is no such key. */
async function pttl(redisKey: string): Promise<number> {
  return Number(await store.run(createScript("return redis.call('PTTL', KEYS[1])"), [redisKey], []));
}

describe('rate limits', () => {
  test('a bucket lets in its capacity and not one more, and says when the next one fits', async () => {
    const slow = rate({ refillPerSecond: 0.1 });
    for (const left of [2, 1, 0]) {
      expect(await admit([slow])).toMatchObject({
        kind: 'admitted',
        by: 'store',
        limits: [{ limit: slow, remaining: left }],
      });
    }
    const decision = await admit([slow]);
    expect(decision).toMatchObject({ kind: 'limited', limit: slow });
    // One unit takes 10 s, less what flowed in since the first request.
    expect(decision.kind === 'limited' && decision.retryAfterMs).toBeGreaterThan(0);
    expect(decision.kind === 'limited' && decision.retryAfterMs).toBeLessThanOrEqual(10_000);
  });

  test('all three buckets must hold enough: a refusal debits none and names the one that needs the longest', async () => {
    const [requests, input, output] = [
      rate({ name: 'requests', capacity: 10 }),
      rate({ name: 'input', capacity: 100, cost: 60 }),
      rate({ name: 'output', capacity: 100, cost: 90, refillPerSecond: 0.001 }),
    ];
    expect(await admit([requests, input, output])).toMatchObject({ kind: 'admitted' });
    expect(await admit([requests, input, output])).toMatchObject({ kind: 'limited', limit: { name: 'input' } });
    expect(await remaining(requests, input, output)).toEqual([9, 40, 10]);
  });

  test('property: whatever three buckets are asked for, a refusal changes nothing and an admission takes exactly its cost', async () => {
    const cost = fc.integer({ min: 0, max: 12 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cost, cost, cost), { minLength: 1, maxLength: 12 }), async (requests) => {
        tenant = `t-${randomUUID()}`;
        const capacities = [10, 11, 20];
        const asLimits = (costs: readonly number[]) =>
          costs.map((one, at) => rate({ name: `b${at}`, capacity: capacities[at] ?? 0, cost: one }));
        let levels: readonly number[] = capacities;
        for (const costs of requests) {
          const fits = costs.every((one, at) => (levels[at] ?? 0) >= Math.min(one, capacities[at] ?? 0));
          if (fits) levels = levels.map((level, at) => level - (costs[at] ?? 0));
          expect((await admit(asLimits(costs))).kind).toBe(fits ? 'admitted' : 'limited');
        }
        if (levels.every((level) => level >= 0)) expect(await remaining(...asLimits([0, 0, 0]))).toEqual(levels);
      }),
      { numRuns: 25 },
    );
  });

  test('a cost above the capacity needs a full bucket and leaves a debt, which refuses also what costs nothing', async () => {
    const large = rate({ capacity: 10, cost: 25, refillPerSecond: 0.01 });
    expect(await admit([large])).toMatchObject({ kind: 'admitted', limits: [{ remaining: 0 }] });
    const decision = await admit([rate({ ...large, cost: 0 })]);
    expect(decision).toMatchObject({ kind: 'limited' });
    // 15 units of debt at 100 s each.
    expect(decision.kind === 'limited' && decision.retryAfterMs).toBeGreaterThan(1_400_000);
    expect(decision.kind === 'limited' && decision.retryAfterMs).toBeLessThanOrEqual(1_500_000);

    tenant = `t-${randomUUID()}`;
    await admit([rate({ ...large, cost: 1 })]);
    expect(await admit([large])).toMatchObject({ kind: 'limited' });
  });

  test('a bucket refills continuously up to its capacity', async () => {
    const fast = rate({ capacity: 5, refillPerSecond: 100, cost: 5 });
    expect(await admit([fast])).toMatchObject({ kind: 'admitted', limits: [{ remaining: 0 }] });
    await expect.poll(() => remaining(fast), { timeout: patienceMs }).toEqual([5]);
  });

  test('of many requests at once from two replicas no more come in than capacity and refill allow', async () => {
    const other = openAdmission({ store: await openStore(suite.url) });
    const limit = rate({ capacity: 50, refillPerSecond: 100 });
    const startedAt = performance.now();
    const decisions = await Promise.all(
      Array.from({ length: 400 }, (_, index) => admit([limit], randomUUID(), index % 2 === 0 ? admission : other)),
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
    await admit([half]);
    expect(await remaining(rate({ capacity, refillPerSecond: capacity / 1000 }))).toEqual([left]);
  });

  test('the bucket of another subject or another name is not touched', async () => {
    await admitted([rate({ subject: 'user:ada', cost: 3 }), rate({ name: 'tokens', cost: 3 })]);
    expect(await admit([rate({ subject: 'user:ada' })])).toMatchObject({ kind: 'limited' });
    expect(await remaining(rate(), rate({ subject: 'user:bob' }))).toEqual([3, 3]);
  });

  test('a bucket is gone from Redis as soon as it is full again, however busy the others are', async () => {
    const { redisKeys } = store;
    const [brief, long] = [rate({ name: 'brief', refillPerSecond: 20 }), rate({ name: 'long', capacity: 10, cost: 5 })];
    await admitted([brief, { ...long, refillPerSecond: 1 }]);
    await expect.poll(() => pttl(redisKeys.rateLimit(tenant, 'brief', wholeTenant)), { timeout: patienceMs }).toBe(-2);
    const ofLong = await pttl(redisKeys.rateLimit(tenant, 'long', wholeTenant));
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
  await expect(admit(limits)).rejects.toThrow(RangeError);
});

describe('concurrency limits', () => {
  test('no more requests run than the limit allows, and the end of one lets in the next', async () => {
    const first = await admitted([concurrency(2)]);
    expect(first.limits).toEqual([{ limit: concurrency(2), remaining: 1 }]);
    expect((await admitted([concurrency(2)])).limits).toEqual([{ limit: concurrency(2), remaining: 0 }]);
    expect(await admit([concurrency(2)])).toEqual({ kind: 'limited', limit: concurrency(2), retryAfterMs: 1000 });
    await first.settle([]);
    expect(await admit([concurrency(2)])).toMatchObject({ kind: 'admitted' });
  });

  test('of many requests at once from two replicas exactly the limit is let in', async () => {
    const other = openAdmission({ store: await openStore(suite.url) });
    const decisions = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        admit([concurrency(7)], randomUUID(), index % 2 === 0 ? admission : other),
      ),
    );
    expect(decisions.filter(({ kind }) => kind === 'admitted').length).toBe(7);
  });

  test('every subject counts its own requests, and the tenant all of them', async () => {
    const [ada, bob] = [concurrency(1, 'user:ada'), concurrency(1, 'user:bob')];
    await admitted([concurrency(3), ada], 'of ada');
    expect(await admit([concurrency(3), ada])).toMatchObject({ kind: 'limited', limit: ada });
    await admitted([concurrency(3), bob], 'of bob');
    await admitted([], 'of nobody');
    expect(await admit([concurrency(3)])).toMatchObject({ kind: 'limited', limit: { subject: wholeTenant } });
    expect([await leases(), await leases('user:ada')]).toEqual([['of ada', 'of bob', 'of nobody'], ['of ada']]);
  });

  test('a request refused by its concurrency debits no bucket, one refused by a bucket takes no lease', async () => {
    await admitted([concurrency(1), rate()], 'in');
    expect(await admit([concurrency(1), rate()])).toMatchObject({ kind: 'limited', limit: { kind: 'concurrency' } });
    expect(await remaining(rate())).toEqual([2]);
    const empty = rate({ cost: 5 });
    expect(await admit([concurrency(9, 'user:ada'), empty])).toMatchObject({ kind: 'limited', limit: empty });
    expect(await leases('user:ada')).toEqual([]);
  });

  test('a process that died frees its place when its lease lapses', async () => {
    const dying = openAdmission({ clock: createManualClock(), leaseTtlMs: 50 });
    await admitted([concurrency(1)], 'of the dead', dying);
    await expect
      .poll(async () => (await admit([concurrency(1)], 'next')).kind, { timeout: patienceMs })
      .toBe('admitted');
    expect(await leases()).toEqual(['next']);
  });
});

describe('leases', () => {
  test('without any limit a request still holds a lease until it is settled', async () => {
    const decision = await admitted([], 'lease-1');
    expect(decision).toMatchObject({ by: 'store', limits: [] });
    expect(await leases()).toEqual(['lease-1']);
    await decision.settle([]);
    expect(await leases()).toEqual([]);
  });

  test('a refused request holds no lease', async () => {
    const full = rate({ capacity: 1 });
    await admitted([full], 'in');
    await admit([full], 'refused');
    expect(await leases()).toEqual(['in']);
  });

  test('the lease of a running request is renewed; one that has lapsed is not brought back', async () => {
    const clock = createManualClock();
    const keeping = openAdmission({ clock, leaseTtlMs: 60_000 });
    const leaseSet = store.redisKeys.leases(tenant, wholeTenant);
    await admitted([], 'running', keeping);
    await admitted([], 'lapsed', keeping);
    const before = await lapsesAt('running');
    const age = createScript("redis.call('ZREM', KEYS[1], 'lapsed') return redis.call('PEXPIRE', KEYS[1], 5000)");
    await store.run(age, [leaseSet], []);
    clock.advance(20_000);
    await expect.poll(() => lapsesAt('running'), { timeout: patienceMs }).toBeGreaterThan(before);
    expect(await pttl(leaseSet)).toBeGreaterThan(50_000);
    expect(await leases()).toEqual(['running']);
  });

  test('what nobody uses expires: leases with their TTL, buckets when they are full again', async () => {
    const { redisKeys } = store;
    const tenSeconds = rate({ capacity: 10, refillPerSecond: 1, cost: 10 });
    await admitted([tenSeconds], 'only', openAdmission({ leaseTtlMs: 30_000 }));
    await admitted([rate({ name: 'small' })], 'next', openAdmission({ leaseTtlMs: 5000 }));
    const ofLeases = await pttl(redisKeys.leases(tenant, wholeTenant));
    const ofBucket = await pttl(redisKeys.rateLimit(tenant, 'requests', wholeTenant));
    expect(ofLeases).toBeGreaterThan(20_000);
    expect(ofLeases).toBeLessThanOrEqual(30_000);
    expect(ofBucket).toBeGreaterThan(5000);
    expect(ofBucket).toBeLessThanOrEqual(10_000);
  });
});

describe('settlement', () => {
  const tokens = rate({ name: 'tokens', capacity: 100, cost: 80 });

  test('what was reserved and not used comes back, once', async () => {
    const { settle } = await admitted([tokens]);
    await settle([{ limit: tokens, amount: 30 }]);
    await settle([{ limit: tokens, amount: 30 }]);
    expect(await remaining(tokens)).toEqual([50]);
  });

  test('what was used beyond the reservation is charged, into debt where need be', async () => {
    const first = await admitted([tokens]);
    await first.settle([{ limit: tokens, amount: -15 }]);
    expect(await remaining(tokens)).toEqual([5]);
    const next = await admitted([{ ...tokens, cost: 0 }]);
    await next.settle([{ limit: tokens, amount: -20 }]);
    expect(await admit([{ ...tokens, cost: 0 }])).toMatchObject({ kind: 'limited', limit: { name: 'tokens' } });
  });

  test('what was used is charged also when the lease has lapsed', async () => {
    const { settle } = await admitted([tokens], 'lapses', openAdmission({ clock: createManualClock(), leaseTtlMs: 1 }));
    await expect.poll(async () => (await admitted([]), leases()), { timeout: patienceMs }).not.toContain('lapses');
    await settle([{ limit: tokens, amount: -15 }]);
    expect(await remaining(tokens)).toEqual([5]);
  });

  test('a refund never fills a bucket beyond its capacity, and a full bucket is gone from Redis', async () => {
    const { settle } = await admitted([tokens]);
    await settle([{ limit: tokens, amount: 500 }]);
    expect(await remaining(tokens)).toEqual([100]);
    expect(await pttl(store.redisKeys.rateLimit(tenant, 'tokens', wholeTenant))).toBe(-2);
  });

  test('a fault of ours in renewing and settling is reported and does not reject', async () => {
    const faults: unknown[] = [];
    const clock = createManualClock();
    const watched = openAdmission({ clock, leaseTtlMs: 3000, onFault: (error) => faults.push(error) });
    const { settle } = await admitted([], 'lease', watched);
    await store.command('set', [store.redisKeys.leases(tenant, wholeTenant), 'not a sorted set']);
    clock.advance(1000);
    await expect.poll(() => faults.length).toBe(1);
    await settle([]);
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
    const ask = () => admit([rate({ capacity: 4 })], randomUUID(), fallible);
    expect(await ask()).toMatchObject({ kind: 'admitted', by: 'store' });
    proxy.cut();
    expect(await ask()).toMatchObject({ kind: 'admitted', by: 'local-fallback' });
    const second = await admitted([rate({ capacity: 4 })], randomUUID(), fallible);
    expect(second.by).toBe('local-fallback');
    expect(await ask()).toMatchObject({ kind: 'limited', limit: { name: 'requests' } });
    await second.settle([]);
    expect(inFallback).toEqual([true]);
    proxy.restore();
    await through.whenReady(patienceMs);
    expect(await ask()).toMatchObject({ kind: 'admitted', by: 'store', limits: [{ remaining: 2 }] });
    expect(inFallback).toEqual([true, false]);
    await proxy.close();
  });

  test('a Redis that hangs costs a request no more than the time of admission', async () => {
    const proxy = await startFaultProxy(suite.url);
    const through = await openStore(proxy.url);
    const fallible = createAdmission({ store: through, clock: systemClock, liveReplicas: () => 1 });
    proxy.hang();
    const startedAt = performance.now();
    expect(await admit([rate()], randomUUID(), fallible)).toMatchObject({ kind: 'admitted', by: 'local-fallback' });
    expect(performance.now() - startedAt).toBeLessThan(5 * 100);
    await proxy.close();
  });
});
