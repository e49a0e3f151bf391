import type { TenantPrincipal } from '@ccg/tenancy';
import { createManualClock } from '@ccg/testkit';
import type { UsageQuery, UsageRow } from '@ccg/usage';
import { expect, test } from 'vitest';
import { ada, openDigest } from '../test/limited-caller.ts';
import { createTellUsage } from './tell-usage.ts';

const nothing = {
  requests: 0,
  countRequests: 0,
  failed: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  durationMs: 0,
};
const row = (day: string, costMicroDollars: number, user = 'usr_ada'): UsageRow => ({
  ...nothing,
  costMicroDollars,
  where: { day, user, apiKey: 'key_1' },
  isOther: false,
});

/** Tells callers without a budget, at a time. */
function telling(time: string, rows: readonly UsageRow[]) {
  const clock = createManualClock(Date.parse(time));
  const asked: UsageQuery[] = [];
  const tellUsage = createTellUsage({
    readBudgets: () => Promise.resolve([]),
    readUsage(query) {
      asked.push(query);
      return Promise.resolve(rows);
    },
    digest: openDigest,
    clock,
  });
  return { clock, asked, tell: (principal: TenantPrincipal) => tellUsage(principal, []) };
}

test.each<[string, string, string, readonly [number, number, number]]>([
  ['a week that began last month', '2026-12-02T12:00:00Z', '2026-11-30', [1, 111, 11]],
  ['a Sunday', '2026-12-06T00:00:00Z', '2026-11-30', [0, 111, 11]],
  ['a Monday', '2026-12-07T00:00:00Z', '2026-12-01', [0, 0, 11]],
])('what was spent is added up in UTC, in %s', async (_what, time, from, [day, week, month]) => {
  const rows = [row('2026-11-30', 1_000_000), row('2026-12-01', 100_000), row('2026-12-02', 10_000)];
  const { asked, tell } = telling(time, rows);
  expect((await tell(ada([]))).extra_usage).toMatchObject({
    used_credits: month,
    daily: { used_credits: day },
    weekly: { used_credits: week },
  });
  const by = ['day', 'user', 'apiKey'];
  expect(asked).toEqual([{ tenant: 'acme', from, to: time.slice(0, 10), by, of: {} }]);
});

test('a user is told of all API keys, a service of its own, and the usage of a tenant is read once a minute', async () => {
  const day = '2026-12-02';
  const rows = [row(day, 10_000), { ...row(day, 20_000), where: { day, user: 'usr_ada', apiKey: 'key_2' } }];
  const { clock, asked, tell } = telling('2026-12-02T12:00:00Z', [
    ...rows,
    row(day, 70_000, ''),
    row(day, 1e6, 'usr_bob'),
  ]);
  const service = ada([], { user: undefined, userName: undefined });
  const told = await Promise.all([ada([]), service, ada([]), ada([], { user: 'usr_new' })].map(tell));
  expect(told.map(({ extra_usage: { used_credits: cents } }) => cents)).toEqual([3, 7, 3, 0]);
  expect(asked).toHaveLength(1);
  clock.advance(60_000);
  await tell(service);
  expect(asked).toHaveLength(2);
});
