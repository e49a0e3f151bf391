import { startSweeper, sweepReservations } from '@ccg/admission';
import { createManualClock, startTargetProxy } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { budget, concurrency, openAdmissionRig, patienceMs, rate, used } from './support/admission-rig.ts';
import type { AdmissionRig } from './support/admission-rig.ts';

let rig: AdmissionRig;

beforeEach(async () => {
  rig = await openAdmissionRig();
});

afterEach(async () => {
  await rig.close();
});

const tokens = rate({ name: 'tokens', capacity: 100, cost: 40 });
const options = { usageRecordsMax: 1000 };
const ttlMs = 300;

/** Of a process whose clock stands until the test moves it. */
function openMortal() {
  const clock = createManualClock();
  return { clock, admission: rig.openAdmission({ clock, leaseTtlMs: ttlMs }) };
}

async function admit(requestId: string, limits = [tokens, budget()] as const, by = openMortal().admission) {
  const decision = await rig.ask({ requestId, limits, record: `begun ${requestId}` }, by);
  if (decision.kind !== 'admitted') throw new Error('not admitted');
  return decision.reservation;
}

const spent = async () => {
  const decision = await rig.admit([budget({ costMicroDollars: 0 })], 'look');
  if (decision.kind === 'admitted') await decision.reservation.settle(used());
  const [state] = decision.kind === 'admitted' ? decision.states : [];
  return state !== undefined && 'usedMicroDollars' in state ? state.usedMicroDollars : Number.NaN;
};

/** Sweeps until so many reservations were settled. */
async function sweepUntil(count: number): Promise<void> {
  let swept = 0;
  await expect
    .poll(async () => (swept += await sweepReservations(rig.store, rig.tenant(), options)), { timeout: patienceMs })
    .toBe(count);
}

describe('the usage record', () => {
  test('is appended once, when the request is settled', async () => {
    const reservation = await admit('r1');
    expect([await rig.records(), await rig.running()]).toEqual([[], ['r1']]);
    await reservation.settle({ ...used(), record: 'ended r1' });
    await reservation.settle({ ...used(), record: 'again' });
    expect([await rig.records(), await rig.running()]).toEqual([[['r1', 'ended r1', '']], []]);
  });

  test('is appended for a request without limits too', async () => {
    const decision = await rig.ask({ requestId: 'free', record: 'begun' });
    if (decision.kind !== 'admitted') throw new Error('not admitted');
    expect(decision.by).toBe('no-limit');
    await expect.poll(() => rig.running(), { timeout: patienceMs }).toEqual(['free']);
    await decision.reservation.settle({ ...used(), record: 'ended' });
    expect([await rig.records(), await rig.running()]).toEqual([[['free', 'ended', '']], []]);
  });

  test('is kept for so many requests of a tenant at most', async () => {
    const few = rig.openAdmission({ usageRecordsMax: 100 });
    for (let at = 0; at < 400; at += 1) {
      const decision = await rig.ask({ requestId: `r${at}` }, few);
      if (decision.kind === 'admitted') await decision.reservation.settle({ ...used(), record: `ended ${at}` });
    }
    const records = await rig.records();
    expect(records.at(-1)?.[0]).toBe('r399');
    // Redis trims whole nodes of the stream, of 100 entries.
    expect(records.length).toBeLessThan(300);
  });
});

describe('a process that died', () => {
  test('has its requests settled at what they reserved if they were never renewed', async () => {
    await admit('r1');
    expect(await sweepReservations(rig.store, rig.tenant(), options)).toBe(0);
    await sweepUntil(1);
    expect(await rig.remaining(tokens)).toEqual([60]);
    expect([await spent(), await rig.records(), await rig.running()]).toEqual([10_000, [['r1', 'begun r1', '']], []]);
  });

  test('has its requests settled at their last renewal', async () => {
    const { clock, admission } = openMortal();
    const limits = [tokens, budget()] as const;
    const reservation = await admit('r1', limits, admission);
    const [tokenLimit, budgetLimit] = limits;
    let seen = 0;
    reservation.watch(() => {
      seen += 1;
      return { ...used([tokenLimit, 15 * seen], [budgetLimit, 1000 * seen]), record: `seen ${seen}` };
    });
    for (const _ of [1, 2]) {
      clock.advance(ttlMs / 3);
      await expect
        .poll(() => rig.reservationOf('r1'), { timeout: patienceMs })
        .toMatchObject({ record: `seen ${seen}` });
    }
    expect(seen).toBe(2);
    await sweepUntil(1);
    expect([await rig.remaining(tokens), await spent()]).toEqual([[70], 2000]);
    expect(await rig.records()).toEqual([['r1', 'seen 2', '']]);
    // Another sweep finds nothing.
    expect(await sweepReservations(rig.store, rig.tenant(), options)).toBe(0);
  });

  test('but only seemed to, adds the difference in the end, and its record names the one that it replaces', async () => {
    const limits = [tokens, budget()] as const;
    const reservation = await admit('r1', limits);
    await sweepUntil(1);
    await reservation.settle({ ...used([limits[0], 55], [limits[1], 12_000]), record: 'ended r1' });
    expect([await rig.remaining(tokens), await spent()]).toEqual([[45], 12_000]);
    expect(await rig.records()).toEqual([
      ['r1', 'begun r1', ''],
      ['r1', 'ended r1', 'begun r1'],
    ]);
    expect(await rig.running()).toEqual([]);
  });

  test('frees its places, and is swept by the other gateways of its tenant', async () => {
    const { admission } = openMortal();
    await rig.ask({ requestId: 'r1', limits: [concurrency(1)], record: 'begun r1' }, admission);
    const survivor = rig.openAdmission({ leaseTtlMs: ttlMs });
    expect(await rig.admit([concurrency(1)], 'r2', survivor)).toMatchObject({ kind: 'limited' });
    await expect
      .poll(async () => (await rig.admit([concurrency(1)], 'r3', survivor)).kind, { timeout: patienceMs })
      .toBe('admitted');
    await expect.poll(() => rig.records(), { timeout: patienceMs }).toEqual([['r1', 'begun r1', '']]);
  });
});

test('a tenant whose data has a fault does not hold up the sweep of the others', async () => {
  const { redisKeys } = rig.store;
  const faulty = rig.tenant();
  await rig.store.command('set', [redisKeys.reservations(faulty), 'not a sorted set', 'PX', 60_000]);
  rig.changeTenant();
  await admit('r1');
  const [clock, faults, outcomes] = [createManualClock(), [] as unknown[], [] as string[]];
  const stop = startSweeper({
    store: rig.store,
    clock,
    ...options,
    intervalMs: 1000,
    tenants: () => [faulty, rig.tenant()],
    onSettlement: (outcome) => outcomes.push(outcome),
    onFault: (error) => faults.push(error),
  });
  const sweepAgain = () => {
    clock.advance(1000);
    return outcomes;
  };
  await expect.poll(sweepAgain, { timeout: patienceMs }).toEqual(['swept']);
  expect(faults[0]).toMatchObject({ name: 'StoreReplyError' });
  await stop();
});

test('a reservation that Redis has lost is charged and recorded all the same, once', async () => {
  const limits = [tokens, budget()] as const;
  const reservation = await admit('r1', limits);
  const { redisKeys } = rig.store;
  const keys = [redisKeys.reservation(rig.tenant(), 'r1'), redisKeys.reservations(rig.tenant())];
  const today = new Date().toISOString().slice(0, 8);
  for (const key of [...keys, redisKeys.budget(rig.tenant(), `${today}01`, 'budget', 'tenant')]) {
    await rig.store.command('del', [key]);
  }
  await rig.store.command('del', [redisKeys.rateLimit(rig.tenant(), 'tokens', 'tenant')]);
  await reservation.settle({ ...used([limits[0], 55], [limits[1], 12_000]), record: 'ended r1' });
  expect([await rig.remaining(tokens), await spent()]).toEqual([[45], 12_000]);
  expect(await rig.records()).toEqual([['r1', 'ended r1', '']]);
});

describe('what began without Redis', () => {
  test('is taken back where Redis let it in after all and this process did not', async () => {
    const proxy = await startTargetProxy(rig.redis);
    const through = await rig.openStore(proxy.target);
    const fallible = rig.openAdmission({ store: through, timeoutMs: 50, budgetGraceMs: 0 });
    proxy.hang();
    const limits = [budget(), tokens, concurrency(3)] as const;
    expect(await rig.ask({ requestId: 'r1', limits, record: 'begun' }, fallible)).toMatchObject({ kind: 'unreadable' });
    proxy.restore();
    await through.whenReady(patienceMs);
    await expect.poll(() => rig.running(), { timeout: patienceMs }).toEqual([]);
    await fallible.flush();
    expect([await spent(), await rig.remaining(tokens), await rig.leases()]).toEqual([0, [100], []]);
    expect(await rig.records()).toEqual([]);
    await proxy.close();
  });
});
