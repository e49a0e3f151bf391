import type { Limit } from '@ccg/admission';
import type { Target } from '@ccg/catalog';
import type { LimitRule } from '@ccg/kernel';
import { expect, test } from 'vitest';
import { ada, budget, messageWork, openDigest, pricedTarget } from '../test/limited-caller.ts';
import { budgetsOfCaller, limitsOfRequest, marksOf } from './request-limits.ts';
import type { LimitedWork } from './request-limits.ts';

const per = 'minute';
const requests = (level: LimitRule['level'], change: Partial<LimitRule> = {}): LimitRule =>
  ({ level, kind: 'requests', amount: 60, per, ...change }) as LimitRule;

interface Asked {
  readonly principal?: Parameters<typeof ada>[1];
  readonly session?: string;
  readonly work?: LimitedWork;
}

function limitsFor(rules: readonly LimitRule[], { principal, session, work = messageWork() }: Asked = {}): Limit[] {
  const caller = { principal: ada(rules, principal), session };
  return limitsOfRequest(caller, work, openDigest).map(({ limit }) => limit);
}

test.each<[string, LimitRule['level'], Asked, string | undefined]>([
  ['the whole tenant', 'tenant', {}, 'tenant'],
  ['a group by its name', 'group', {}, 'group:platform'],
  ['nobody who has no group', 'group', { principal: { group: undefined } }, undefined],
  ['a user on every API key', 'user', {}, 'user:usr_ada'],
  ['a service by its API key', 'user', { principal: { user: undefined } }, 'user:api-key:key_1'],
  ['an API key', 'api-key', {}, 'api-key:key_1'],
  ['a session of its user', 'session', { session: 'a' }, 'session:<user:usr_ada a>'],
  ['nobody without a session', 'session', {}, undefined],
  ['a model as it is served', 'model', {}, 'model:<anthropic:claude-sonnet-5-5>'],
])('a limit counts %s', (_what, level, asked, subject) => {
  expect(limitsFor([requests(level)], asked).map((limit) => limit.subject)).toEqual(
    subject === undefined ? [] : [subject],
  );
});

test('a limit has the name of its rule, its mode, and what it does without the store', () => {
  expect(
    limitsFor([requests('user', { name: 'mine', mode: 'shadow', onStoreError: 'open' }), budget(5)]),
  ).toMatchObject([
    { name: 'mine', mode: 'shadow', onStoreError: 'open' },
    { name: 'user-budget-day', mode: 'enforce', onStoreError: 'closed' },
  ]);
});

const batchWork = () => messageWork({ traffic: 'batches' });

test('items of batches are counted apart from everybody else, in buckets of the same size', () => {
  const [own] = limitsFor([requests('user')], { work: batchWork() });
  const [others] = limitsFor([requests('user')]);
  expect(own).toEqual({ ...others, name: 'user-requests.batches' });
});

test('a rate counts the traffic that it names', () => {
  const rules = [
    requests('tenant', { traffic: 'interactive' }),
    requests('tenant', { traffic: 'batches', amount: 5 }),
    requests('user', { name: 'both' }),
  ];
  expect(limitsFor(rules).map(({ name }) => name)).toEqual(['interactive-requests', 'both']);
  expect(limitsFor(rules, { work: batchWork() }).map(({ name }) => name)).toEqual([
    'batches-requests.batches',
    'both.batches',
  ]);
});

test.each([
  [1, 1],
  [2, 1],
  [4, 3],
  [5, 4],
  [10, 8],
  [99, 79],
])('of a cap of %i batches get %i places, in the set of leases that all share', (amount, maxRunning) => {
  const cap: LimitRule = { level: 'tenant', kind: 'concurrency', amount };
  const [own] = limitsFor([cap], { work: batchWork() });
  const [others] = limitsFor([cap]);
  expect(own).toEqual({ ...others, maxRunning });
  expect(others).toMatchObject({ maxRunning: amount });
});

test('money is that of batches and of everybody else', () => {
  expect(limitsFor([budget(5)], { work: batchWork() })).toEqual(limitsFor([budget(5)]));
});

const tokens = (kind: 'input_tokens' | 'output_tokens', reserve?: 'none' | 'estimate' | 'max_tokens'): LimitRule => ({
  level: 'user',
  kind,
  amount: 10_000,
  per,
  reserve,
});

test.each<[string, LimitRule, LimitedWork, number, 0 | 1]>([
  ['a request counts once', requests('user'), messageWork(), 1, 0],
  ['input is a quarter of the bytes', tokens('input_tokens'), messageWork(), 1000, 0],
  ['input is no more than the window', tokens('input_tokens'), messageWork({ bodyBytes: 1e9 }), 1_000_000, 0],
  ['input may be counted afterwards', tokens('input_tokens', 'none'), messageWork(), 0, 0],
  ['output is estimated by admission', tokens('output_tokens'), messageWork(), 0, 1],
  ['output may be all that is allowed', tokens('output_tokens', 'max_tokens'), messageWork(), 32_000, 0],
  ['output stays a number', tokens('output_tokens', 'max_tokens'), messageWork({ maxTokens: 1e300 }), 1e9, 0],
  ['output may be counted afterwards', tokens('output_tokens', 'none'), messageWork(), 0, 0],
])('%s', (_what, rule, work, cost, costPerOutputToken) => {
  expect(limitsFor([rule], { work })).toMatchObject([{ cost, costPerOutputToken }]);
});

const local = { ...pricedTarget(), price: { ...pricedTarget().price, prices: free() } };

function free() {
  const { prices } = pricedTarget().price;
  return { ...prices, input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, reasoning: 0 };
}

test('a budget is asked for what the dearest target may cost, in its period and the time zone of its tenant', () => {
  const expected = {
    kind: 'budget',
    per: 'week',
    timeZone: 'Europe/Berlin',
    amountMicroDollars: 2_500_000,
    costMicroDollars: 2000,
    microDollarsPerOutputToken: 10,
  };
  const rule = budget(2.5, { per: 'week' });
  expect(limitsFor([rule])).toMatchObject([expected]);
  expect(limitsFor([rule], { work: messageWork({ targets: [local, pricedTarget()] }) })).toMatchObject([expected]);
});

test.each([
  ['is input', 'anthropic', '"cache": 1, "ttl": "1h"', 2000],
  ['may be kept for five minutes', 'anthropic', '"cache_control": {"type": "ephemeral"}', 2500],
  ['may be kept for an hour', 'anthropic', '"cache_control": {"type": "ephemeral", "ttl": "1h"}', 4000],
  ['may be kept for an unknown time', 'openai', '', 2500],
  ['is never kept for an hour', 'openai', '"cache_control": {"type": "ephemeral", "ttl": "1h"}', 2500],
  ['is never kept', 'gemini', '"cache_control": {"type": "ephemeral", "ttl": "1h"}', 2000],
])('a budget is asked for a prompt that %s: %s, %s', (_what, provider, members, costMicroDollars) => {
  const marks = marksOf(ada([budget(5)]), Buffer.from(`{${members}}`));
  const targets = [pricedTarget('claude-sonnet-5-5', provider)] as const;
  expect(limitsFor([budget(5)], { work: messageWork({ targets, marks }) })).toMatchObject([{ costMicroDollars }]);
});

test.each([
  ['a cache has half of what is marked', 'anthropic', '"cache_control": {"type": "ephemeral"}', 1350],
  ['a cache has nothing of a prompt without marks', 'anthropic', '', 2000],
  ['a server chooses itself what it keeps', 'openai', '', 1350],
])(
  'a budget is asked for less where a session had half of its prompts in a cache: %s',
  (_what, provider, members, cost) => {
    const marks = marksOf(ada([budget(5)]), Buffer.from(`{${members}}`));
    const target = pricedTarget('claude-sonnet-5-5', provider);
    const { prices } = pricedTarget().price;
    const targets = [{ ...target, price: { ...target.price, prices: { ...prices, cacheRead: 200_000 } } }] as const;
    const work = messageWork({ targets, marks, cachedShareOf: () => 0.5 });
    expect(limitsFor([budget(5)], { work })).toMatchObject([{ costMicroDollars: cost }]);
  },
);

test('a budget is asked for all of a prompt where another target of the route has nothing of it', () => {
  const cold = pricedTarget('claude-sonnet-5');
  const cachedShareOf = (target: Target) => (target === cold ? 0 : 0.9);
  const targets = [pricedTarget(), cold] as const;
  const work = messageWork({ targets, marks: '5m', cachedShareOf });
  expect(limitsFor([budget(5)], { work })).toMatchObject([{ costMicroDollars: 2500 }]);
});

test('what is free can be used when the money is spent', () => {
  expect(limitsFor([budget(5)], { work: messageWork({ targets: [local] }) })).toEqual([]);
});

test('a count of tokens counts for limits on counts, and for no other', () => {
  const rules = [requests('user'), budget(5), { level: 'user', kind: 'count_requests', amount: 5, per } as const];
  const work = { kind: 'count', targets: [pricedTarget()], requestedModel: 'opus' } as const;
  expect(limitsFor(rules, { work }).map(({ name }) => name)).toEqual(['user-count_requests']);
  expect(limitsFor(rules).map(({ name }) => name)).toEqual(['user-requests', 'user-budget-day']);
});

test('a caller reads of the budgets that hold whatever the model, and of none that is a shadow', () => {
  const rules = [
    requests('tenant'),
    budget(5, { level: 'tenant' }),
    budget(5, { level: 'model' }),
    budget(5, { level: 'session' }),
    budget(5, { mode: 'shadow' }),
  ];
  const named = budgetsOfCaller({ principal: ada(rules), session: undefined }, openDigest).map(({ limit }) => limit);
  expect(named).toMatchObject([{ name: 'budget-day', subject: 'tenant', costMicroDollars: 0 }]);
});
