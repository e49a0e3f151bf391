import type { Decision, LimitState } from '@ccg/admission';
import { createMetrics } from '@ccg/telemetry';
import { describe, expect, test } from 'vitest';
import { budget, limitsOf } from '../test/limited-caller.ts';
import { countDecision, countUse } from './count-limits.ts';
import { nothingUsed } from './settle-request.ts';

const reservation = { watch() {}, settle: () => Promise.resolve() };

/** A metrics registry whose time a test owns. */
function setUp() {
  let now = 0;
  const metrics = createMetrics({ bounds: { maxTenants: 5, maxModels: 5 }, nowMs: () => now });
  return {
    metrics,
    advance(ms: number) {
      now += ms;
    },
    series: async () => {
      const { text } = await metrics.expose();
      return text.split('\n').filter((line) => /^ccg_(?:limit|budget)_\w+\{/u.test(line));
    },
  };
}

const limits = limitsOf(
  { level: 'user', kind: 'requests', amount: 10, per: 'minute' },
  { level: 'tenant', kind: 'concurrency', amount: 4, mode: 'shadow' },
  budget(20),
);
const [rate, places, money] = limits.map(({ limit }) => limit);
const state = (rest: object, limit = rate) => ({ limit, ...rest }) as LimitState;

function admitted(states: readonly LimitState[]): Decision {
  return { kind: 'admitted', by: 'store', states, shadowed: [], reservation };
}

test('what is left is that of whoever has least, for some minutes', async () => {
  const { metrics, advance, series } = setUp();
  const note = (remaining: number) => {
    countDecision(metrics, 'acme', limits, admitted([state({ remaining, fullInMs: 1 })]), 'interactive');
  };
  const left = (share: number) => [`ccg_limit_remaining_ratio{tenant="acme",level="user",kind="requests"} ${share}`];
  note(2);
  note(9);
  expect(await series()).toEqual(left(0.2));
  advance(150_000);
  note(7);
  expect(await series()).toEqual(left(0.2));
  advance(150_000);
  note(8);
  expect(await series()).toEqual(left(0.7));
  advance(300_000);
  expect(await series()).toEqual([]);
});

test('what batches leave is not what others have left, but money is that of both', async () => {
  const { metrics, series } = setUp();
  const spent = state({ usedMicroDollars: 5_000_000, startsAtMs: 0, resetsAtMs: 1 }, money);
  const states = [state({ remaining: 0, fullInMs: 1 }), state({ remaining: 0 }, places), spent];
  countDecision(metrics, 'acme', limits, admitted(states), 'batches');
  expect(await series()).toEqual([expect.stringMatching(/^ccg_budget_used_ratio.* 0.25$/u)]);
});

test('refusals are counted by the level and kind of their limit, those of a shadow apart', async () => {
  const { metrics, series } = setUp();
  const full = state({ remaining: 0 }, places);
  const spent = state({ usedMicroDollars: 19_000_000, startsAtMs: 0, resetsAtMs: 1 }, money);
  if (money === undefined || places === undefined) throw new Error('There are three limits.');
  const decision: Decision = {
    kind: 'limited',
    refused: { limit: money, retryAfterMs: 1, state: spent },
    states: [full, spent],
    shadowed: [{ limit: places, retryAfterMs: 1, state: full }],
  };
  countDecision(metrics, 'acme', limits, decision, 'interactive');
  expect(await series()).toEqual([
    'ccg_limit_refusals_total{tenant="acme",level="user",kind="budget",mode="enforce"} 1',
    'ccg_limit_refusals_total{tenant="acme",level="tenant",kind="concurrency",mode="shadow"} 1',
    'ccg_limit_remaining_ratio{tenant="acme",level="tenant",kind="concurrency"} 0',
    'ccg_budget_used_ratio{tenant="acme",level="user",per="day",mode="enforce"} 0.95',
  ]);
});

test('what is spent of a budget in shadow mode is told apart, since it refuses nobody', async () => {
  const { metrics, series } = setUp();
  const both = limitsOf(budget(20), budget(2, { name: 'tried', mode: 'shadow' }));
  const states = both.map(({ limit }) => state({ usedMicroDollars: 6_000_000, startsAtMs: 0, resetsAtMs: 1 }, limit));
  countDecision(metrics, 'acme', both, admitted(states), 'interactive');
  expect(await series()).toEqual([
    'ccg_budget_used_ratio{tenant="acme",level="user",per="day",mode="enforce"} 0.3',
    'ccg_budget_used_ratio{tenant="acme",level="user",per="day",mode="shadow"} 3',
  ]);
});

describe('what was reserved stands beside what was used', () => {
  const usage = { ...nothingUsed.usage, inputTokens: 700, outputTokens: 40 };

  test('of input, of output by its estimate and by max_tokens, each for itself', async () => {
    const { metrics, series } = setUp();
    const tokens = limitsOf(
      { level: 'user', kind: 'input_tokens', amount: 10_000, per: 'minute' },
      { level: 'user', kind: 'output_tokens', amount: 10_000, per: 'minute' },
      { level: 'tenant', kind: 'output_tokens', amount: 90_000, per: 'minute', reserve: 'max_tokens' },
      { level: 'tenant', kind: 'input_tokens', amount: 90_000, per: 'minute', reserve: 'none' },
    );
    countUse(metrics, 'acme', tokens, { use: { ...nothingUsed, usage }, estimatedOutput: 60 });
    expect(await series()).toEqual([
      'ccg_limit_reserved_total{kind="input_tokens",reserve="estimate"} 1000',
      'ccg_limit_reserved_total{kind="output_tokens",reserve="estimate"} 60',
      'ccg_limit_reserved_total{kind="output_tokens",reserve="max_tokens"} 32000',
      'ccg_limit_used_total{kind="input_tokens",reserve="estimate"} 700',
      'ccg_limit_used_total{kind="output_tokens",reserve="estimate"} 40',
      'ccg_limit_used_total{kind="output_tokens",reserve="max_tokens"} 40',
    ]);
  });

  test('of a budget in dollars, with the estimates of both', async () => {
    const { metrics, series } = setUp();
    const [spent] = limitsOf(budget(20));
    if (spent?.limit.kind !== 'budget') throw new Error('There is one budget.');
    const limit = { ...spent.limit, costMicroDollars: 500_000, microDollarsPerOutputToken: 10_000 };
    const use = { ...nothingUsed, usage, costMicroDollars: 750_000 };
    countUse(metrics, 'acme', [{ ...spent, limit }], { use, estimatedOutput: 100 });
    expect(await series()).toEqual([
      'ccg_limit_reserved_total{kind="budget",reserve="estimate"} 1.5',
      'ccg_limit_used_total{kind="budget",reserve="estimate"} 0.75',
    ]);
  });

  test('not where no limit was asked, or nothing is reserved', async () => {
    const { metrics, series } = setUp();
    const use = { ...nothingUsed, usage };
    countUse(metrics, 'acme', [], { use, estimatedOutput: undefined });
    countUse(metrics, 'acme', limits.slice(0, 2), { use, estimatedOutput: 60 });
    expect(await series()).toEqual([]);
  });
});
