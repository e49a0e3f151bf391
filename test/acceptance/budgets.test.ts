import { jsonAt } from '@ccg/testkit';
import type { BudgetRule, LimitRule } from '@ccg/kernel';
import { findRefusal } from '@ccg/usage';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startBudgetSuite } from './support/budget-suite.ts';
import type { BudgetSuite } from './support/budget-suite.ts';
import { expectError } from './support/expect-error.ts';
import { sendRaw } from './support/send-raw.ts';
import type { RawAnswer } from './support/send-raw.ts';

let suite: BudgetSuite;
beforeAll(async () => {
  suite = await startBudgetSuite('budgets');
});
afterAll(() => suite.close());

const budget = (name: string, change: Partial<BudgetRule> = {}): BudgetRule => ({
  name,
  level: 'api-key',
  kind: 'budget',
  amount: 10,
  per: 'day',
  ...change,
});

/** The headers of limits, without what all of them begin with. */
function told({ headers }: RawAnswer): Readonly<Record<string, string>> {
  const prefix = 'anthropic-ratelimit-';
  const limits = Object.entries(headers).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(limits.map(([name, value]) => [name.slice(prefix.length), value]));
}

async function usage(apiKey: string, header: 'x-api-key' | 'authorization' = 'x-api-key'): Promise<RawAnswer> {
  const credential = header === 'authorization' ? `Bearer ${apiKey}` : apiKey;
  return sendRaw(suite.gateway.url, { method: 'GET', path: '/api/oauth/usage', headers: [[header, credential]] });
}

const seconds = expect.stringMatching(/^\d{10}$/u);

describe.each([{ stream: false }, { stream: true }])('an answer, $stream', ({ stream }) => {
  test('tells how much of the budget is used, until it is used up and the request is refused', async () => {
    const name = `told-${stream}`;
    const { spend } = await suite.open(name, [budget(name)]);
    const allowed = {
      'unified-status': 'allowed',
      'unified-representative-claim': 'overage',
      'unified-overage-status': 'allowed',
      'unified-overage-utilization': '0.00',
      'unified-reset': seconds,
      'unified-overage-reset': seconds,
    };
    expect(told(await spend(8, stream))).toEqual(allowed);
    const warned = await spend(1.6, stream);
    expect(told(warned)).toEqual({
      ...allowed,
      'unified-status': 'allowed_warning',
      'unified-overage-status': 'allowed_warning',
      'unified-overage-utilization': '0.80',
      'unified-overage-surpassed-threshold': '0.75',
    });
    expect(told(await spend(0.4, stream))).toMatchObject({
      'unified-overage-utilization': '0.96',
      'unified-overage-surpassed-threshold': '0.95',
    });
    const refused = await spend(1, stream);
    expectError(refused, {
      status: 429,
      type: 'billing_error',
      message: new RegExp(
        `^The budget of \\$10 per day for API key ${name} is used up\\. It resets on \\d.+ at 00:00 \\(Europe/Berlin\\)\\. ` +
          'Ask #claude on Slack if you need more\\.$',
        'u',
      ),
      headers: { 'x-should-retry': 'false' },
    });
    const reset = told(warned)['unified-reset'];
    expect(told(refused)).toEqual({
      'unified-status': 'rejected',
      'unified-reset': reset,
      'unified-overage-reset': reset,
      'unified-overage-utilization': '1',
      'unified-overage-surpassed-threshold': '1',
      'unified-overage-period': 'daily',
      'unified-overage-disabled-reason': 'org_spend_cap_reached',
    });
    const requestId = String(refused.headers['request-id']);
    const why = async () => findRefusal(suite.tenancy, { tenant: suite.tenant, caller: undefined, requestId });
    await expect.poll(why, { timeout: 10_000 }).toMatchObject({ limit: name, kind: 'budget', mode: 'enforce' });
    const waitSeconds = Number(refused.headers['retry-after']);
    expect(Math.abs(Date.now() / 1000 + waitSeconds - Number(reset))).toBeLessThan(60);
  });
});

describe('GET /api/oauth/usage', () => {
  test('pairs the money with what the headers tell, for each way to send the API key', async () => {
    const { apiKey, spend } = await suite.open('paired', [
      budget('paired'),
      budget('weekly', { per: 'week', amount: 100 }),
      budget('hidden', { per: 'month', mode: 'shadow', amount: 1 }),
    ]);
    await spend(9.6);
    const answer = await spend(0.1);
    const atReset = new Date(Number(told(answer)['unified-overage-reset']) * 1000).toISOString();
    for (const header of ['x-api-key', 'authorization'] as const) {
      const { status, headers, text } = await usage(apiKey, header);
      expect([status, headers['cache-control'], headers['content-type']]).toEqual([
        200,
        'no-store',
        'application/json; charset=utf-8',
      ]);
      expect(JSON.parse(text)).toEqual({
        extra_usage: { is_enabled: true, monthly_limit: 1000, used_credits: 970, utilization: 97, currency: 'USD' },
        limits: [
          {
            kind: 'spend',
            group: 'daily',
            percent: 97,
            resets_at: atReset,
            severity: 'critical',
            is_active: true,
          },
          {
            kind: 'spend',
            group: 'weekly',
            percent: 10,
            resets_at: expect.stringMatching(/^20\d\d-\d\d-\d\dT2[23]:00:00\.000Z$/u),
            severity: 'normal',
            is_active: false,
          },
        ],
      });
    }
  });

  test('tells who has no budget what was spent', async () => {
    const { apiKey } = await suite.open('free', []);
    expect(JSON.parse((await usage(apiKey)).text)).toEqual({
      extra_usage: {
        is_enabled: true,
        monthly_limit: null,
        used_credits: 0,
        utilization: null,
        currency: 'USD',
        daily: { limit: null, used_credits: 0, utilization: null },
        weekly: { limit: null, used_credits: 0, utilization: null },
      },
      limits: [],
    });
  });
});

test('a budget holds in all ways that lead to it: 20 requests at once on what is left for 3 let in 3', async () => {
  const { spend } = await suite.open('crowd', [budget('crowd', { amount: 0.0003 })]);
  const answers = await Promise.all(Array.from({ length: 20 }, () => spend(0.0001)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
});

test('what is left for 3 requests at list price lets in 3, since a cache keeps nothing that is not marked', async () => {
  const { spendAtListPrice } = await suite.open('unmarked', [budget('unmarked', { amount: 3.4 * 0.0201 })]);
  const answers = await spendAtListPrice(20);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(17);
});

test.each<[string, LimitRule, Parameters<typeof expectError>[1], object]>([
  [
    'a budget',
    budget('unread'),
    {
      status: 429,
      type: 'billing_error',
      message: /cannot be checked now.* or ask #claude on Slack\.$/u,
      headers: { 'x-should-retry': 'false' },
    },
    { 'unified-overage-disabled-reason': 'fetch_error' },
  ],
  [
    'another limit that is closed',
    { name: 'shut', level: 'api-key', kind: 'requests', amount: 60, per: 'minute', onStoreError: 'closed' },
    {
      status: 503,
      type: 'api_error',
      message: /^The limit "shut" .* cannot be checked now/u,
      headers: { 'retry-after': '5' },
    },
    {},
  ],
])('while Redis is away %s refuses, and says why', async (what, rule, error, limits) => {
  const { apiKey, spend } = await suite.open(`away, ${what}`, [rule]);
  expect((await spend(0.0001)).status).toBe(200);
  suite.proxy.cut();
  try {
    const answer = await spend(0.0001);
    expectError(answer, error);
    expect(told(answer)).toEqual(limits);
    if (error.status !== 429) return;
    expect(answer.headers).not.toHaveProperty('retry-after');
    expectError(await usage(apiKey), { status: 503, type: 'api_error', message: /cannot read your usage/u });
  } finally {
    suite.proxy.restore();
    await expect
      .poll(async () => jsonAt(JSON.parse((await usage(apiKey)).text), 'limits'), { timeout: 30_000 })
      .toBeDefined();
  }
});
