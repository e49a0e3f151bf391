import { systemClock } from '@ccg/kernel';
import { decodeUsageRecord, encodeUsageRecord, measures, trimUsage, usageDimensions } from '@ccg/usage';
import type { UsageDimension, UsageRecord, UsageRow } from '@ccg/usage';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { failingAfter, keptUsage, openUsageRig, today, usageRecord } from './support/usage-rig.ts';
import type { UsageRig } from './support/usage-rig.ts';

let rig: UsageRig;

beforeEach(async () => {
  rig = await openUsageRig();
});

afterEach(async () => {
  await rig.close();
});

const dayMs = 24 * 60 * 60 * 1000;

function daysAgo(days: number): string {
  return new Date(Date.now() - days * dayMs).toISOString();
}

/** What tables should say of final records, worked out without any of their code. */
function expectedRows(records: readonly UsageRecord[], by: readonly UsageDimension[]): Map<string, readonly number[]> {
  const rows = new Map<string, readonly number[]>();
  for (const record of records) {
    const model = record.provider === undefined ? record.requestedModel : `${record.provider}:${record.model}`;
    const { user = '', apiKey = '', session = '' } = record;
    const dimensions = { day: record.at.slice(0, 10), user, apiKey, session, model };
    const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = record;
    const tokens = [inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens];
    const failed = ['ok', 'client_aborted'].includes(record.outcome) ? 0 : 1;
    const isCount = record.endpoint === 'count_tokens';
    const counted = [Number(!isCount), Number(isCount), failed, ...tokens, record.costMicroDollars, record.durationMs];
    const key = JSON.stringify(by.map((one) => dimensions[one]));
    const sum = rows.get(key);
    rows.set(key, sum === undefined ? counted : sum.map((number, at) => number + (counted[at] ?? 0)));
  }
  return rows;
}

function rowsOf(rows: readonly UsageRow[], by: readonly UsageDimension[]): Map<string, readonly number[]> {
  const found = rows.map(
    (row) => [JSON.stringify(by.map((one) => row.where[one])), measures.map((name) => row[name])] as const,
  );
  return new Map(found.filter(([, counted]) => counted.some((number) => number !== 0)));
}

const count = fc.nat({ max: 1_000_000 });
const anyRecord = fc
  .record({
    daysBack: fc.nat({ max: 2 }),
    user: fc.constantFrom('usr_ada', 'usr_grace', undefined),
    apiKey: fc.constantFrom('key_1', 'key_2', undefined),
    session: fc.constantFrom('s-1', 's-2', 'a "quoted" one', undefined),
    endpoint: fc.constantFrom('messages' as const, 'count_tokens' as const),
    provider: fc.constantFrom('anthropic', undefined),
    outcome: fc.constantFrom('ok', 'client_aborted', 'upstream_error', 'running'),
    inputTokens: count,
    outputTokens: count,
    cacheReadTokens: count,
    cacheWriteTokens: count,
    reasoningTokens: count,
    costMicroDollars: fc.nat({ max: 2 ** 40 }),
    durationMs: count,
  })
  .map(({ daysBack, ...record }) => usageRecord({ ...record, at: daysAgo(daysBack) }));

/** A record, and what it is replaced by later. */
const anyHistory = fc.array(fc.tuple(anyRecord, fc.option(anyRecord, { nil: undefined })), {
  minLength: 1,
  maxLength: 30,
});
const anyQuery = fc.subarray([...usageDimensions]);

test('the counters are those of the records, split by anything, whoever rolls up and however often', async () => {
  await fc.assert(
    fc.asyncProperty(anyHistory, fc.array(anyQuery, { minLength: 3, maxLength: 3 }), async (history, queries) => {
      rig.changeTenant();
      await rig.append(...history.map(([first]) => first));
      await Promise.all([rig.rollUp(), rig.rollUp(), rig.rollUp()]);
      const replacements = history.flatMap(([first, later]) =>
        later === undefined ? [] : [{ record: encodeUsageRecord(later), replaces: encodeUsageRecord(first) }],
      );
      await rig.append(...replacements);
      await Promise.all([rig.rollUp(), rig.rollUp(), rig.rollUp()]);
      await rig.rollUp();
      const records = history.map(([first, later]) => later ?? first);
      for (const by of queries) {
        const found = await rig.read({ from: daysAgo(2).slice(0, 10), by });
        expect(rowsOf(found, by)).toEqual(expectedRows(records, by));
      }
    }),
    { numRuns: 20 },
  );
});

describe('a roll-up that breaks off', () => {
  test.each(['before', 'after'] as const)('%s any of its calls is completed by the next one', async (when) => {
    const records: UsageRecord[] = [];
    for (let calls = 0; ; calls += 1) {
      // More than one batch, so that it can break off between two.
      const fresh = Array.from({ length: 600 }, () => usageRecord({ session: `s-${calls % 3}` }));
      records.push(...fresh);
      await rig.append(...fresh);
      const cut = rig.rollUp({}, { store: failingAfter(rig.store, calls, when) });
      const isWhole = await cut.then(
        () => true,
        () => false,
      );
      await rig.rollUp();
      expect(rowsOf(await rig.read({ by: ['session'] }), ['session'])).toEqual(expectedRows(records, ['session']));
      if (isWhole) break;
    }
    expect(records.length).toBeGreaterThan(600 * 4);
  });
});

test('a call that is cut off from its reply, and made again, counts nothing twice', async () => {
  await rig.append(usageRecord(), usageRecord());
  const { store } = rig;
  const doubled = {
    ...store,
    run: async (...args: Parameters<typeof store.run>) => {
      await store.run(...args);
      return await store.run(...args);
    },
  };
  await rig.rollUp({}, { store: doubled });
  await rig.rollUp();
  expect(await rig.read({})).toMatchObject([{ requests: 2, inputTokens: 20 }]);
});

describe('a table of a day', () => {
  test('has so many rows at most: what is beyond is added up in one, and nothing is lost', async () => {
    const sessions = Array.from({ length: 25 }, (_, at) => usageRecord({ session: `s-${at}` }));
    const rowsMax = { models: 10, sessions: 10 };
    await rig.append(...sessions);
    await rig.rollUp({ rowsMax });
    await rig.append(...sessions);
    await rig.rollUp({ rowsMax });
    const found = await rig.read({ by: ['session'] });
    expect(found.filter(({ isOther }) => !isOther).map(({ requests }) => requests)).toEqual(Array(10).fill(2));
    expect(found.at(-1)).toMatchObject({ isOther: true, requests: 30, where: { session: '' } });
    expect(await rig.read({ by: ['user'] })).toMatchObject([{ requests: 50, isOther: false }]);
  });

  test('keeps a replaced record in the row that took it', async () => {
    const rowsMax = { models: 1, sessions: 1 };
    const [first, second] = [usageRecord({ session: 'a' }), usageRecord({ session: 'b', outputTokens: 7 })];
    await rig.append(first, second);
    await rig.rollUp({ rowsMax });
    const final = { ...second, outputTokens: 9 };
    await rig.append({ record: encodeUsageRecord(final), replaces: encodeUsageRecord(second) });
    await rig.rollUp({ rowsMax });
    const [own, other] = await rig.read({ by: ['session'] });
    expect(own).toMatchObject({ where: { session: 'a' }, outputTokens: 20, requests: 1 });
    expect(other).toMatchObject({ isOther: true, outputTokens: 9, requests: 1 });
  });

  test('expires with the days that are kept, and a record of an older day is counted nowhere', async () => {
    await rig.append(usageRecord({ at: daysAgo(3) }), usageRecord({ at: daysAgo(12) }));
    expect(await rig.rollUp({ rollUpDays: 10 })).toMatchObject({ applied: 2, lagMs: 0 });
    const tableOf = (days: number) =>
      rig.store.redisKeys.usageTable(rig.tenant(), 'models', daysAgo(days).slice(0, 10));
    const expiry = Number(await rig.redis('PTTL', tableOf(3)));
    expect(expiry).toBeGreaterThan(7 * dayMs);
    expect(expiry).toBeLessThanOrEqual(8 * dayMs);
    expect(await rig.redis('EXISTS', tableOf(12))).toBe(0);
  });

  test('keeps the numbers that only a newer version counts', async () => {
    await rig.append(usageRecord());
    await rig.rollUp();
    const table = rig.store.redisKeys.usageTable(rig.tenant(), 'models', today());
    const [name, value] = (await rig.redis('HGETALL', table)) as [string, string];
    await rig.redis('HSET', table, name, `${value} 77`);
    await rig.append(usageRecord());
    await rig.rollUp();
    expect(await rig.redis('HGET', table, name)).toMatch(/^2 0 0 20 .* 77$/u);
  });
});

describe('records', () => {
  const trim = (recordDays: number, aheadMs = 0) =>
    trimUsage(
      {
        store: rig.store,
        clock: { ...systemClock, now: () => Date.now() + aheadMs },
        options: { ...keptUsage, recordDays },
      },
      rig.tenant(),
    );
  const length = () => rig.redis('XLEN', rig.store.redisKeys.usageRecords(rig.tenant()));

  test('are removed when they are too old, and not before they are rolled up', async () => {
    await rig.append(usageRecord(), usageRecord());
    await trim(30, 31 * dayMs);
    expect(await length()).toBe(2);
    await rig.rollUp();
    await rig.append(usageRecord());
    await trim(30, 29 * dayMs);
    expect(await length()).toBe(3);
    await trim(30, 31 * dayMs);
    // What is to come, and before it the last one that was rolled up: without it nobody would see a gap.
    expect(await length()).toBe(2);
    expect(await rig.rollUp()).toMatchObject({ applied: 1, hasGap: false });
    await trim(30, 31 * dayMs);
    expect(await length()).toBe(0);
    await rig.append(usageRecord());
    expect(await rig.rollUp()).toMatchObject({ applied: 1, hasGap: false });
    expect(await rig.read({})).toMatchObject([{ requests: 4 }]);
  });

  test('that the cap of the stream removed before they were rolled up are told of, once', async () => {
    await rig.append(usageRecord());
    await rig.rollUp();
    await rig.append(...Array.from({ length: 5 }, () => usageRecord()));
    await rig.redis('XTRIM', rig.store.redisKeys.usageRecords(rig.tenant()), 'MAXLEN', 3);
    expect(await rig.rollUp()).toMatchObject({ applied: 3, hasGap: true });
    await rig.append(usageRecord());
    expect(await rig.rollUp()).toMatchObject({ applied: 1, hasGap: false });
  });

  test('that cannot be read are counted and passed over', async () => {
    const foreign = { record: '{"v":2}', replaces: '' };
    await rig.append(usageRecord(), foreign, usageRecord());
    expect(await rig.rollUp()).toMatchObject({ applied: 3, unreadable: 1 });
    expect(await rig.read({})).toMatchObject([{ requests: 2 }]);
  });

  test('tell how far the roll-up is behind while some are left', async () => {
    const many = Array.from({ length: 500 }, () => usageRecord());
    for (let batch = 0; batch < 21; batch += 1) await rig.append(...many);
    const clock = { ...systemClock, now: () => Date.now() + 60_000 };
    const first = await rig.rollUp({}, { clock });
    expect(first.applied).toBe(10_000);
    expect(first.lagMs).toBeGreaterThanOrEqual(60_000);
    expect(await rig.rollUp({}, { clock })).toMatchObject({ applied: 500, lagMs: 0 });
  });
});

describe('reading', () => {
  test('gives only what is asked for by name, and never what has no row of its own', async () => {
    const ada = usageRecord();
    const grace = usageRecord({ user: 'usr_grace', apiKey: 'key_2' });
    await rig.append(ada, ada, grace, usageRecord({ user: 'usr_late', session: 's-late' }));
    await rig.rollUp({ rowsMax: { models: 2, sessions: 2 } });
    expect(await rig.read({ of: { user: 'usr_ada' }, by: ['apiKey'] })).toMatchObject([
      { where: { apiKey: 'key_1' }, requests: 2 },
    ]);
    expect(await rig.read({ of: { user: 'usr_late' } })).toEqual([]);
    expect(await rig.read({ of: { apiKey: 'key_2' }, by: ['session'] })).toMatchObject([
      { where: { session: 'session-1' }, requests: 1 },
    ]);
  });

  test('of days without usage gives nothing', async () => {
    await rig.append(usageRecord());
    await rig.rollUp();
    expect(await rig.read({ from: daysAgo(9).slice(0, 10), to: daysAgo(1).slice(0, 10) })).toEqual([]);
    expect(await rig.read({ from: daysAgo(1).slice(0, 10), to: daysAgo(9).slice(0, 10) })).toEqual([]);
  });
});

test('a record says the same after it was stored and read', () => {
  const record = usageRecord();
  expect(decodeUsageRecord(encodeUsageRecord(record))).toEqual(record);
});
