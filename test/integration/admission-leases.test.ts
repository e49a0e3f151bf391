import { randomUUID } from 'node:crypto';
import { wholeTenant } from '@ccg/admission';
import { createScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { createManualClock, startTargetProxy } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { concurrency, openAdmissionRig, patienceMs, rate, used } from './support/admission-rig.ts';
import type { AdmissionRig } from './support/admission-rig.ts';

let rig: AdmissionRig;

beforeEach(async () => {
  rig = await openAdmissionRig();
});

afterEach(async () => {
  await rig.close();
});

describe('concurrency limits', () => {
  test('no more requests run than the limit allows, and the end of one lets in the next', async () => {
    const first = await rig.admitted([concurrency(2)]);
    expect(first.states).toEqual([{ limit: concurrency(2), remaining: 1 }]);
    expect((await rig.admitted([concurrency(2)])).states).toEqual([{ limit: concurrency(2), remaining: 0 }]);
    expect(await rig.admit([concurrency(2)])).toMatchObject({
      kind: 'limited',
      refused: { limit: concurrency(2), retryAfterMs: 1000 },
    });
    await first.reservation.settle(used());
    expect(await rig.admit([concurrency(2)])).toMatchObject({ kind: 'admitted' });
  });

  test('of many requests at once from two replicas exactly the limit is let in', async () => {
    const other = rig.openAdmission({ store: await rig.openStore() });
    const decisions = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        rig.admit([concurrency(7)], randomUUID(), index % 2 === 0 ? undefined : other),
      ),
    );
    expect(decisions.filter(({ kind }) => kind === 'admitted').length).toBe(7);
  });

  test('every subject counts its own requests, and the tenant all of them', async () => {
    const [ada, bob] = [concurrency(1, 'user:ada'), concurrency(1, 'user:bob')];
    await rig.admitted([concurrency(3), ada], 'of ada');
    expect(await rig.admit([concurrency(3), ada])).toMatchObject({ kind: 'limited', refused: { limit: ada } });
    await rig.admitted([concurrency(3), bob], 'of bob');
    await rig.admitted([concurrency(3)], 'of nobody');
    expect(await rig.admit([concurrency(3)])).toMatchObject({
      kind: 'limited',
      refused: { limit: { subject: wholeTenant } },
    });
    expect([await rig.leases(), await rig.leases('user:ada')]).toEqual([['of ada', 'of bob', 'of nobody'], ['of ada']]);
  });

  test('a request refused by its concurrency debits no bucket, one refused by a bucket takes no lease', async () => {
    await rig.admitted([concurrency(1), rate()], 'in');
    expect(await rig.admit([concurrency(1), rate()])).toMatchObject({
      kind: 'limited',
      refused: { limit: { kind: 'concurrency' } },
    });
    expect(await rig.remaining(rate())).toEqual([2]);
    const empty = rate({ cost: 5 });
    expect(await rig.admit([concurrency(9, 'user:ada'), empty])).toMatchObject({
      kind: 'limited',
      refused: { limit: empty },
    });
    expect(await rig.leases('user:ada')).toEqual([]);
  });

  test('a process that died frees its place when its lease lapses', async () => {
    const dying = rig.openAdmission({ clock: createManualClock(), leaseTtlMs: 50 });
    await rig.admitted([concurrency(1)], 'of the dead', dying);
    await expect
      .poll(async () => (await rig.admit([concurrency(1)], 'next')).kind, { timeout: patienceMs })
      .toBe('admitted');
    expect(await rig.leases()).toEqual(['next']);
  });
});

describe('leases', () => {
  test('a request under a concurrency limit holds a lease until it is settled', async () => {
    const { reservation } = await rig.admitted([concurrency(2)], 'lease-1');
    expect(await rig.leases()).toEqual(['lease-1']);
    await reservation.settle(used());
    expect(await rig.leases()).toEqual([]);
  });

  test('a request is one call when it begins and one when it ends; without limits the first one is not waited for', async () => {
    let asked = 0;
    let hold: PromiseWithResolvers<undefined> | undefined;
    const counting: Store = {
      ...rig.store,
      run: async (...call) => {
        asked += 1;
        await hold?.promise;
        return rig.store.run(...call);
      },
    };
    const counted = rig.openAdmission({ store: counting });
    const limited = await rig.admitted([rate()], randomUUID(), counted);
    await limited.reservation.settle(used());
    expect([limited.by, asked]).toEqual(['store', 2]);
    hold = Promise.withResolvers<undefined>();
    const unlimited = await rig.admitted([], randomUUID(), counted);
    hold.resolve(undefined);
    await unlimited.reservation.settle(used());
    expect([unlimited.by, asked]).toEqual(['no-limit', 4]);
  });

  test('the lease of a running request is renewed; one that has lapsed is not brought back', async () => {
    const clock = createManualClock();
    const keeping = rig.openAdmission({ clock, leaseTtlMs: 60_000 });
    const leaseSet = rig.store.redisKeys.leases(rig.tenant(), wholeTenant);
    await rig.admitted([concurrency(5)], 'running', keeping);
    await rig.admitted([concurrency(5)], 'lapsed', keeping);
    const before = await rig.lapsesAt('running');
    const age = createScript("redis.call('ZREM', KEYS[1], 'lapsed') return redis.call('PEXPIRE', KEYS[1], 5000)");
    await rig.store.run(age, [leaseSet], []);
    clock.advance(20_000);
    await expect.poll(() => rig.lapsesAt('running'), { timeout: patienceMs }).toBeGreaterThan(before);
    expect(await rig.expiry('leases')).toBeGreaterThan(50_000);
    expect(await rig.leases()).toEqual(['running']);
  });

  test('what nobody uses expires: leases with their TTL, buckets when they are full again', async () => {
    const tenSeconds = rate({ capacity: 10, refillPerSecond: 1, cost: 10 });
    await rig.admitted([tenSeconds, concurrency(5)], 'only', rig.openAdmission({ leaseTtlMs: 30_000 }));
    await rig.admitted([concurrency(5)], 'next', rig.openAdmission({ leaseTtlMs: 5000 }));
    const ofLeases = await rig.expiry('leases');
    const ofBucket = await rig.expiry(tenSeconds);
    expect(ofLeases).toBeGreaterThan(20_000);
    expect(ofLeases).toBeLessThanOrEqual(30_000);
    expect(ofBucket).toBeGreaterThan(5000);
    expect(ofBucket).toBeLessThanOrEqual(10_000);
  });
});

describe('settlement', () => {
  const tokens = rate({ name: 'tokens', capacity: 100, cost: 80 });

  test('what was reserved and not used comes back, once', async () => {
    const { reservation } = await rig.admitted([tokens]);
    await reservation.settle(used([tokens, 50]));
    await reservation.settle(used([tokens, 50]));
    expect(await rig.remaining(tokens)).toEqual([50]);
  });

  test('what was used beyond the reservation is charged, into debt where need be', async () => {
    const first = await rig.admitted([tokens]);
    await first.reservation.settle(used([tokens, 95]));
    expect(await rig.remaining(tokens)).toEqual([5]);
    const free = { ...tokens, cost: 0 };
    const next = await rig.admitted([free]);
    await next.reservation.settle(used([free, 20]));
    expect(await rig.admit([{ ...tokens, cost: 0 }])).toMatchObject({
      kind: 'limited',
      refused: { limit: { name: 'tokens' } },
    });
  });

  test('what was used is charged also when the lease has lapsed', async () => {
    const brief = rig.openAdmission({ clock: createManualClock(), leaseTtlMs: 1 });
    const { reservation } = await rig.admitted([tokens, concurrency(1)], 'lapses', brief);
    await expect.poll(() => rig.expiry('leases'), { timeout: patienceMs }).toBe(-2);
    await reservation.settle(used([tokens, 95]));
    expect(await rig.remaining(tokens)).toEqual([5]);
  });

  test('a refund never fills a bucket beyond its capacity, and a full bucket is gone from Redis', async () => {
    const { reservation } = await rig.admitted([tokens]);
    await reservation.settle(used([tokens, 0]));
    expect(await rig.remaining(tokens)).toEqual([100]);
    expect(await rig.expiry(tokens)).toBe(-2);
  });

  test('a fault of ours in renewing and settling is reported and does not reject', async () => {
    const faults: unknown[] = [];
    const clock = createManualClock();
    const watched = rig.openAdmission({ clock, leaseTtlMs: 3000, onFault: (error) => faults.push(error) });
    const { reservation } = await rig.admitted([concurrency(5)], 'lease', watched);
    await rig.store.command('set', [rig.store.redisKeys.leases(rig.tenant(), wholeTenant), 'not a sorted set']);
    clock.advance(1000);
    await expect.poll(() => faults.length).toBe(1);
    await reservation.settle(used());
    expect(faults).toEqual([
      expect.objectContaining({ name: 'StoreReplyError' }),
      expect.objectContaining({ name: 'StoreReplyError' }),
    ]);
  });
});

describe('a settlement that Redis does not take at once', () => {
  const tokens = rate({ name: 'tokens', capacity: 100, cost: 40 });

  test('is made when Redis is back', async () => {
    const proxy = await startTargetProxy(rig.redis);
    const through = await rig.openStore(proxy.target);
    const outcomes: string[] = [];
    const fallible = rig.openAdmission({ store: through, onSettlement: (outcome) => outcomes.push(outcome) });
    const { reservation } = await rig.admitted([tokens], 'cut', fallible);
    proxy.cut();
    await reservation.settle(used([tokens, 10]));
    expect(await rig.remaining(tokens)).toEqual([60]);
    proxy.restore();
    await expect.poll(() => rig.remaining(tokens), { timeout: patienceMs }).toEqual([90]);
    await expect.poll(() => outcomes, { timeout: patienceMs }).toEqual(['late']);
    await proxy.close();
  });

  test('is made once, although the first try arrives after all', async () => {
    const proxy = await startTargetProxy(rig.redis);
    const through = await rig.openStore(proxy.target);
    const outcomes: string[] = [];
    const fallible = rig.openAdmission({ store: through, onSettlement: (outcome) => outcomes.push(outcome) });
    const { reservation } = await rig.admitted([tokens], 'hung', fallible);
    proxy.hang();
    await reservation.settle(used([tokens, 25]));
    proxy.restore();
    await expect.poll(() => outcomes, { timeout: patienceMs }).toEqual(['late']);
    expect(await rig.remaining(tokens)).toEqual([75]);
    await proxy.close();
  });

  test('is made at the end of the process, without waiting for the next try', async () => {
    const clock = createManualClock();
    const proxy = await startTargetProxy(rig.redis);
    const through = await rig.openStore(proxy.target);
    const fallible = rig.openAdmission({ store: through, clock });
    const { reservation } = await rig.admitted([tokens], 'drained', fallible);
    proxy.cut();
    await reservation.settle(used([tokens, 10]));
    proxy.restore();
    await through.whenReady(patienceMs);
    await fallible.flush();
    expect(await rig.remaining(tokens)).toEqual([90]);
    await proxy.close();
  });

  test('is given up after an hour, and counted', async () => {
    const clock = createManualClock();
    const proxy = await startTargetProxy(rig.redis);
    const through = await rig.openStore(proxy.target);
    const outcomes: string[] = [];
    const onSettlement = (outcome: string) => outcomes.push(outcome);
    const fallible = rig.openAdmission({ store: through, clock, onSettlement });
    const { reservation } = await rig.admitted([tokens], 'lost', fallible);
    proxy.cut();
    await reservation.settle(used([tokens, 10]));
    clock.advance(59 * 60_000);
    await fallible.flush();
    expect(outcomes).toEqual([]);
    clock.advance(60_000);
    // A try that had begun before may still run.
    await expect.poll(() => fallible.flush().then(() => outcomes), { timeout: patienceMs }).toEqual(['lost']);
    await proxy.close();
  });
});
