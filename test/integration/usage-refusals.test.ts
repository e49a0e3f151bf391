import { randomUUID } from 'node:crypto';
import { systemClock } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import { createManualClock } from '@ccg/testkit';
import {
  createRefusalLog,
  findRefusal,
  readRecentRefusals,
  readRefusalsByCaller,
  readRefusalsByMinute,
} from '@ccg/usage';
import type { LimitRefusal, RefusalLog } from '@ccg/usage';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { failingAfter, limitRefusal, openUsageRig, today } from './support/usage-rig.ts';
import type { UsageRig } from './support/usage-rig.ts';

let rig: UsageRig;

beforeEach(async () => {
  rig = await openUsageRig();
});

afterEach(async () => {
  await rig.close();
});

const reader = () => ({ store: rig.store, clock: systemClock });
const days = () => ({ tenant: rig.tenant(), from: today(), to: today() });

function openLog(store: Store = rig.store, onDropped?: () => void): RefusalLog {
  return createRefusalLog({ store, clock: systemClock, writer: randomUUID(), onDropped });
}

function refusal(changes: Partial<LimitRefusal> = {}): LimitRefusal & { readonly tenant: string } {
  return { ...limitRefusal(changes), tenant: rig.tenant() };
}

async function sizes() {
  const { redisKeys } = rig.store;
  const tenant = rig.tenant();
  return {
    ring: await rig.redis('LLEN', redisKeys.recentRefusals(tenant)),
    ofAda: await rig.redis('LLEN', redisKeys.recentRefusalsOf(tenant, 'usr_ada')),
    callers: await rig.redis('ZCARD', redisKeys.refusedCallers(tenant)),
    minuteRows: Number(await rig.redis('HLEN', redisKeys.refusalCounts(tenant, 'minutes', today()))),
    callerRows: Number(await rig.redis('HLEN', redisKeys.refusalCounts(tenant, 'callers', today()))),
  };
}

test('a refusal is counted by its minute and its caller, and found by its request id', async () => {
  const log = openLog();
  const [first, second] = [refusal(), refusal()];
  for (const one of [first, second]) log.note(one);
  await log.flush();
  const { tenant, ...expected } = first;
  const found = await findRefusal(reader(), { tenant, caller: undefined, requestId: first.requestId });
  expect(found).toEqual(expected);
  const who = { mode: 'enforce', limit: 'user-input_tokens', level: 'user', kind: 'input_tokens' };
  expect(await readRefusalsByCaller(rig.store, days())).toEqual([
    { ...who, user: 'usr_ada', userName: 'ada', apiKey: 'key_1', count: 2 },
  ]);
  const at = new Date(Math.floor(first.atMs / 60_000) * 60_000).toISOString();
  const minutes = await readRefusalsByMinute(rig.store, days());
  expect(minutes[0]).toMatchObject({ at, mode: 'enforce', limit: 'user-input_tokens' });
  expect(minutes.reduce((sum, { count }) => sum + count, 0)).toBe(2);
  const { requestId } = second;
  expect(await findRefusal(reader(), { tenant, caller: 'usr_ada', requestId })).toMatchObject({ requestId });
  expect(await findRefusal(reader(), { tenant, caller: 'usr_grace', requestId })).toBeUndefined();
  expect(await findRefusal(reader(), { tenant, caller: undefined, requestId: 'req_other' })).toBeUndefined();
});

test('what a shadow limit finds is counted, and pushes out nothing that people ask about', async () => {
  const log = openLog();
  const enforced = refusal();
  log.note(enforced);
  for (let count = 0; count < 60; count += 1) log.note(refusal({ mode: 'shadow', limit: 'tried-out' }));
  await log.flush();
  const recent = await readRecentRefusals(reader(), { tenant: rig.tenant(), caller: 'usr_ada' });
  expect(recent.map(({ requestId }) => requestId)).toEqual([enforced.requestId]);
  expect(await readRefusalsByCaller(rig.store, { ...days(), mode: 'shadow' })).toMatchObject([
    { mode: 'shadow', limit: 'tried-out', user: 'usr_ada', count: 60 },
  ]);
});

test('a storm of one caller pushes the refusals of others out of the tenant’s ring, not out of their own', async () => {
  const log = openLog();
  const ofGrace = refusal({ user: 'usr_grace' });
  log.note(ofGrace);
  await log.flush();
  for (let count = 0; count < 1500; count += 1) log.note(refusal());
  await log.flush();
  expect(await sizes()).toMatchObject({ ring: 1000, ofAda: 50, callers: 2 });
  const { requestId } = ofGrace;
  expect(await findRefusal(reader(), { tenant: rig.tenant(), caller: undefined, requestId })).toMatchObject({
    user: 'usr_grace',
  });
});

test('of the items of a batch that a limit refuses one an hour is kept, by all workers together, and each is counted', async () => {
  const [one, other] = [openLog(), openLog()];
  const [developers, session] = [refusal(), refusal({ limit: 'session-killed', kind: 'killed' })];
  for (const each of [developers, session]) one.note(each);
  await one.flush();
  const ofBatch = { batch: 'msgbatch_1', limit: 'budget-day', kind: 'budget' };
  const first = refusal({ ...ofBatch, batchIndex: 0 });
  one.note(first);
  await one.flush();
  for (let index = 0; index < 600; index += 1) {
    for (const log of [one, other]) log.note(refusal({ ...ofBatch, batchIndex: index }));
    if (index % 200 === 0) await Promise.all([one.flush(), other.flush()]);
  }
  const further = [
    { ...ofBatch, batch: 'msgbatch_2' },
    { ...ofBatch, limit: 'requests' },
  ].map((more) => refusal(more));
  for (const each of further) other.note(each);
  await Promise.all([one.flush(), other.flush()]);
  const kept = [developers, session, first, ...further].map(({ requestId }) => requestId).toReversed();
  for (const caller of [undefined, 'usr_ada']) {
    const recent = await readRecentRefusals(reader(), { tenant: rig.tenant(), caller });
    expect(recent.map(({ requestId }) => requestId)).toEqual(kept);
  }
  const counted = await readRefusalsByCaller(rig.store, days());
  expect(counted.find(({ limit }) => limit === 'budget-day')).toMatchObject({ count: 1202 });
  const mark = rig.store.redisKeys.refusalOfBatch(rig.tenant(), 'msgbatch_1:budget-day');
  const leftMs = Number(await rig.redis('PTTL', mark));
  expect(leftMs).toBeGreaterThan(0);
  expect(leftMs).toBeLessThanOrEqual(60 * 60 * 1000);
  await rig.redis('DEL', mark);
  const later = refusal({ ...ofBatch, batchIndex: 7 });
  other.note(later);
  await other.flush();
  const [newest] = await readRecentRefusals(reader(), { tenant: rig.tenant(), caller: undefined });
  expect(newest).toMatchObject({ requestId: later.requestId, batch: 'msgbatch_1', batchIndex: 7 });
});

describe('whatever is refused, and however often', () => {
  const anyName = fc.oneof(
    fc.constantFrom('usr_ada', 'usr_grace', undefined),
    fc.integer({ min: 0, max: 5000 }).map((number) => `usr_${number}`),
  );
  /** So many refusals with one set of names. */
  const anyBurst = fc.record({
    count: fc.integer({ min: 1, max: 2000 }),
    user: anyName,
    apiKey: anyName,
    limits: fc.integer({ min: 1, max: 3000 }),
    mode: fc.constantFrom('enforce' as const, 'shadow' as const),
    longName: fc.boolean(),
  });

  test('the store keeps so much at most, and every count is whole', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyBurst, { minLength: 1, maxLength: 8 }), async (bursts) => {
        rig.changeTenant();
        const logs = [openLog(), openLog()];
        let [enforced, shadow] = [0, 0];
        for (const { count, user, apiKey, limits, mode, longName } of bursts) {
          for (let at = 0; at < count; at += 1) {
            const names = { user, apiKey, limit: `limit-${at % limits}`, model: longName ? 'm'.repeat(10_000) : 'm' };
            logs[at % 2]?.note(refusal({ ...names, mode }));
          }
          if (mode === 'enforce') enforced += count;
          else shadow += count;
          await Promise.all(logs.map((log) => log.flush()));
        }
        const found = await sizes();
        expect(found.ring).toBe(Math.min(1000, enforced));
        expect(found.ofAda).toBeLessThanOrEqual(50);
        expect(found.callers).toBeLessThanOrEqual(1000);
        // Two more: what has no row of its own, of each mode.
        expect(found.callerRows).toBeLessThanOrEqual(2002);
        expect(found.minuteRows).toBeLessThanOrEqual(20_002);
        const [byCaller, byMinute] = [
          await readRefusalsByCaller(rig.store, days()),
          await readRefusalsByMinute(rig.store, days()),
        ];
        for (const rows of [byCaller, byMinute]) {
          const sum = (mode: string) =>
            rows.filter((row) => row.mode === mode).reduce((total, { count }) => total + count, 0);
          expect([sum('enforce'), sum('shadow')]).toEqual([enforced, shadow]);
        }
      }),
      { numRuns: 5 },
    );
  });

  test('a process keeps so much at most while Redis is away, and drops what it has no place for', async () => {
    let [dropped, bytes, isAway] = [0, 0, true];
    const store: Store = {
      ...rig.store,
      run: (_script, _keys, args) => {
        if (isAway) return Promise.reject(new StoreUnavailableError('down', 'cut by the test'));
        for (const arg of args) bytes += String(arg).length;
        return Promise.resolve(1);
      },
    };
    const log = openLog(store, () => {
      dropped += 1;
    });
    const long = 'x'.repeat(10_000);
    for (let at = 0; at < 40_000; at += 1) {
      log.note({ ...refusal({ user: `usr_${at}`, model: long, limit: `limit-${at}` }), tenant: `t-${at % 1200}` });
      if (at % 20_000 === 0) await log.flush();
    }
    isAway = false;
    await log.flush();
    await log.flush();
    expect(dropped).toBeGreaterThan(0);
    // 20,000 rows and refusals of at most a kilobyte each, and a row of each table for what had none.
    expect(bytes).toBeGreaterThan(1024 * 1024);
    expect(bytes).toBeLessThan(24 * 1024 * 1024);
  });
});

describe('a write', () => {
  test('whose reply was lost counts once', async () => {
    const log = openLog(failingAfter(rig.store, 0, 'after'));
    log.note(refusal());
    await log.flush();
    await log.flush();
    await log.flush();
    expect(await readRefusalsByCaller(rig.store, days())).toMatchObject([{ count: 1 }]);
    expect(await sizes()).toMatchObject({ ring: 1, ofAda: 1 });
  });

  test('that Redis did not take is made when it is back, with what came meanwhile', async () => {
    let isAway = true;
    const store: Store = {
      ...rig.store,
      run: async (...args) => {
        if (isAway) throw new StoreUnavailableError('down', 'cut by the test');
        return await rig.store.run(...args);
      },
    };
    const clock = createManualClock(Date.now());
    const log = createRefusalLog({ store, clock, writer: 'one' });
    for (let count = 0; count < 3; count += 1) {
      log.note(refusal());
      await log.flush();
    }
    isAway = false;
    clock.advance(1000);
    await expect
      .poll(async () => await readRefusalsByCaller(rig.store, days()), { timeout: 5000 })
      .toMatchObject([{ count: 1 }]);
    clock.advance(1000);
    await expect
      .poll(async () => await readRefusalsByCaller(rig.store, days()), { timeout: 5000 })
      .toMatchObject([{ count: 3 }]);
  });

  test('follows a second after the first refusal by itself', async () => {
    const clock = createManualClock(Date.now());
    const log = createRefusalLog({ store: rig.store, clock, writer: 'one' });
    log.note(refusal());
    clock.advance(999);
    expect(await readRefusalsByCaller(rig.store, days())).toEqual([]);
    clock.advance(1);
    await expect
      .poll(async () => await readRefusalsByCaller(rig.store, days()), { timeout: 5000 })
      .toMatchObject([{ count: 1 }]);
  });
});

test('refusals are kept whole for a day, and counted for a month', async () => {
  const log = openLog();
  log.note(refusal());
  await log.flush();
  const { redisKeys } = rig.store;
  const dayMs = 24 * 60 * 60 * 1000;
  for (const ring of [redisKeys.recentRefusals(rig.tenant()), redisKeys.recentRefusalsOf(rig.tenant(), 'usr_ada')]) {
    expect(Number(await rig.redis('PTTL', ring))).toBeLessThanOrEqual(dayMs);
    expect(Number(await rig.redis('PTTL', ring))).toBeGreaterThan(dayMs - 60_000);
  }
  const expiry = Number(await rig.redis('PTTL', redisKeys.refusalCounts(rig.tenant(), 'callers', today())));
  expect(expiry).toBeGreaterThan(30 * dayMs);
  const tomorrow = { ...systemClock, now: () => Date.now() + dayMs + 1000 };
  const late = { store: rig.store, clock: tomorrow };
  expect(await readRecentRefusals(late, { tenant: rig.tenant(), caller: undefined })).toEqual([]);
});
