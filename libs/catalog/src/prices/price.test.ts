import { noUsage } from '@ccg/wire';
import type { Usage } from '@ccg/wire';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listPrices, priceLists } from './list-prices.ts';
import { costMicroDollars, expectedCost, highestPrice, modelPrice } from './price.ts';
import type { ExpectedCost, StatedPrice } from './price.ts';
import { createPriceTable, priceOf } from './price-table.ts';

const million = 1_000_000;

test.each<[string, StatedPrice, Partial<Usage>, number]>([
  ['each kind has its price', { input: 2.5, output: 10 }, { inputTokens: million, outputTokens: million }, 12_500_000],
  ['a part of a micro-dollar counts whole', { input: 0.01, output: 0 }, { inputTokens: 1 }, 1],
  ['parts are added before they are rounded', { input: 0.4, output: 0.6 }, { inputTokens: 1, outputTokens: 1 }, 1],
  ['nothing costs nothing', { input: 5, output: 5 }, {}, 0],
  [
    'a cache costs as input where nothing is said',
    { input: 3, output: 0 },
    { cacheReadTokens: 1, cacheWriteTokens: 1, cacheWrite1hTokens: 1 },
    6,
  ],
  [
    'an hour in a cache costs as five minutes where nothing is said',
    { input: 0, output: 0, cacheWrite5m: 4 },
    { cacheWriteTokens: 3, cacheWrite1hTokens: 2 },
    12,
  ],
  [
    'reasoning costs as output where nothing is said',
    { input: 0, output: 7 },
    { outputTokens: 3, reasoningTokens: 2 },
    21,
  ],
  [
    'reasoning is a part of the output',
    { input: 0, output: 7, reasoning: 1 },
    { outputTokens: 3, reasoningTokens: 2 },
    9,
  ],
  [
    'a part that is more than the whole counts as the whole',
    { input: 0, output: 7, reasoning: 1 },
    { outputTokens: 3, reasoningTokens: 5 },
    3,
  ],
])('%s', (_what, price, usage, cost) => {
  expect(costMicroDollars({ ...noUsage, ...usage }, modelPrice(price))).toBe(cost);
});

test('a long prompt, with what a cache has of it, raises the price of all tokens', () => {
  const price = modelPrice({ input: 1, output: 1, longPrompt: { aboveTokens: 10, input: 2, output: 3 } });
  const usage = { ...noUsage, inputTokens: 4, cacheReadTokens: 3, cacheWriteTokens: 3, outputTokens: 5 };
  expect(costMicroDollars(usage, price)).toBe(15);
  expect(costMicroDollars({ ...usage, inputTokens: 5 }, price)).toBe(11 * 2 + 5 * 3);
});

const tokens = fc.nat(2 ** 40);
const usages = fc.record({
  inputTokens: tokens,
  cacheReadTokens: tokens,
  cacheWriteTokens: tokens,
  cacheWrite1hTokens: tokens,
  outputTokens: tokens,
  reasoningTokens: tokens,
});

test('a cost is an integer whatever a server reports, and no listed price is above the highest', () => {
  const all = [...listPrices.values()];
  const highest = highestPrice(all);
  fc.assert(
    fc.property(usages, (usage) => {
      const most = costMicroDollars(usage, highest);
      for (const price of all) {
        const cost = costMicroDollars(usage, price);
        expect(Number.isSafeInteger(cost) && cost >= 0 && cost <= most).toBe(true);
      }
    }),
  );
});

const modes = ['none', '5m', '1h'] as const;

test('what a request is expected to cost is never less than it does, whatever a cache had of it, or keeps as it may', () => {
  const few = fc.nat(500_000);
  const split = fc.record({
    inputTokens: few,
    cacheReadTokens: few,
    cacheWriteTokens: few,
    cacheWrite1hTokens: few,
    outputTokens: few,
    reasoningTokens: few,
  });
  fc.assert(
    fc.property(split, fc.constantFrom(...modes), fc.constantFrom(...listPrices.values()), (told, writes, price) => {
      const cacheWriteTokens = writes === 'none' ? 0 : told.cacheWriteTokens;
      const cacheWrite1hTokens = writes === '1h' ? told.cacheWrite1hTokens : 0;
      const usage = { ...told, cacheWriteTokens, cacheWrite1hTokens };
      const promptTokens = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
      const { inputMicroDollars, microDollarsPerOutputToken } = expectedCost(promptTokens, price, writes);
      const expected = inputMicroDollars + Math.ceil(usage.outputTokens * microDollarsPerOutputToken);
      expect(expected).toBeGreaterThanOrEqual(costMicroDollars(usage, price));
      // Nor where it is known how much of the prompt a cache has.
      const share = promptTokens === 0 ? 0 : usage.cacheReadTokens / promptTokens;
      const known = expectedCost(promptTokens, price, writes, share).inputMicroDollars;
      expect(known).toBeLessThanOrEqual(inputMicroDollars);
      // Sums of fractions differ in their last digits.
      expect(known + 1).toBeGreaterThanOrEqual(costMicroDollars({ ...usage, outputTokens: 0 }, price));
    }),
  );
});

test.each([
  [0, 3750],
  [0.5, 2025],
  [0.9, 645],
  [1, 300],
])('a prompt of which a cache has %d costs that much less', (cachedShare, cost) => {
  const price = modelPrice({ input: 3, output: 15, cacheRead: 0.3, cacheWrite5m: 3.75, cacheWrite1h: 6 });
  expect(expectedCost(1000, price, '5m', cachedShare).inputMicroDollars).toBe(cost);
});

test.each<[(typeof modes)[number], number]>([
  ['none', 3000],
  ['5m', 3750],
  ['1h', 6000],
])('the expected cost of a prompt is as if a cache kept all of it for as long as it may: %s', (writes, cost) => {
  const price = modelPrice({ input: 3, output: 15, cacheRead: 0.3, cacheWrite5m: 3.75, cacheWrite1h: 6 });
  expect(expectedCost(1000, price, writes).inputMicroDollars).toBe(cost);
});

test.each<[string, StatedPrice, number, ExpectedCost]>([
  [
    'of a prompt as if a cache had all of it, where that is dearer',
    { input: 1, output: 15, cacheRead: 2 },
    1000,
    { inputMicroDollars: 2000, microDollarsPerOutputToken: 15 },
  ],
  [
    'of an answer as if it were the dearer of reasoning and text',
    { input: 0.1, output: 0.5, reasoning: 0.7 },
    3,
    { inputMicroDollars: 1, microDollarsPerOutputToken: 0.7 },
  ],
  [
    'of a long prompt at its price',
    { input: 1, output: 1, longPrompt: { aboveTokens: 10, input: 2, output: 3 } },
    11,
    { inputMicroDollars: 22, microDollarsPerOutputToken: 3 },
  ],
  ['of what is free nothing', { input: 0, output: 0 }, 1000, { inputMicroDollars: 0, microDollarsPerOutputToken: 0 }],
])('the expected cost is that %s', (_what, price, promptTokens, cost) => {
  expect(expectedCost(promptTokens, modelPrice(price), 'none')).toEqual(cost);
});

test('every list says where its prices are from and of which day they are', () => {
  for (const { source, asOf } of priceLists) {
    expect(source).toMatch(/^https:\/\//u);
    expect(asOf).toMatch(/^20\d\d-\d\d-\d\d$/u);
  }
  const named = priceLists.flatMap(({ models }) => Object.keys(models));
  expect(new Set(named).size).toBe(named.length);
});

const table = createPriceTable([
  { name: 'local:*', price: modelPrice({ input: 0, output: 0 }) },
  { name: 'local:big*', price: modelPrice({ input: 1, output: 1 }) },
  { name: 'openai:gpt-4.1', price: modelPrice({ input: 3, output: 3 }) },
  { name: '*:dear', price: modelPrice({ input: 70, output: 1 }) },
]);

test.each<[string, string, number, string]>([
  ['local', 'small', 0, 'operator'],
  ['local', 'big-1', 1, 'operator'],
  ['openai', 'GPT-4.1', 3, 'operator'],
  ['anywhere', 'dear', 70, 'operator'],
  ['openrouter', 'openai/gpt-4.1', 2, 'list'],
  ['openai', 'gpt-4.1-2025-04-14', 2, 'list'],
  ['openai', 'gpt-4.1-nano', 70, 'highest'],
  ['anthropic', 'claude-haiku-4-5-20251001', 1, 'list'],
  ['vertex', 'claude-haiku-4-5@20251001', 1, 'list'],
  ['openrouter', 'anthropic/claude-haiku-4.5', 1, 'list'],
  ['openrouter', 'anthropic/claude-haiku-4.5:free', 70, 'highest'],
])('%s:%s costs %i dollars per million tokens of its prompt: %s', (provider, model, dollars, basis) => {
  const price = priceOf(table, provider, model);
  expect([price.prices.input, price.basis]).toEqual([dollars * million, basis]);
});
