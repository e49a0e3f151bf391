import type { Usage } from '@ccg/wire';

/**
 * What each kind of token costs, in micro-dollars per million tokens: $2.50 per million tokens is 2,500,000. List prices
 * have at most six decimals of a dollar, so all of them are integers in this unit.
 */
interface TokenPrices {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  /** For what a cache keeps for five minutes, and for writes of which no time is known. */
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  /** Tokens of reasoning, which are a part of the output. */
  readonly reasoning: number;
}

/** Prices in dollars per million tokens, as lists and operators state them. */
interface StatedPrices {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite5m?: number | undefined;
  readonly cacheWrite1h?: number | undefined;
  readonly reasoning?: number | undefined;
}

export interface StatedPrice extends StatedPrices {
  /** For all tokens of a request whose prompt is longer. */
  readonly longPrompt?: (StatedPrices & { readonly aboveTokens: number }) | undefined;
}

/** The price of one model. */
export interface ModelPrice {
  readonly prices: TokenPrices;
  readonly longPrompt: { readonly aboveTokens: number; readonly prices: TokenPrices } | undefined;
}

const microUnits = 1_000_000;

/** Kinds that are left out cost what they cost without a cache, or as other output. */
export function modelPrice({ longPrompt, ...stated }: StatedPrice): ModelPrice {
  return {
    prices: tokenPrices(stated),
    longPrompt:
      longPrompt === undefined ? undefined : { aboveTokens: longPrompt.aboveTokens, prices: tokenPrices(longPrompt) },
  };
}

function tokenPrices({ input, output, ...stated }: StatedPrices): TokenPrices {
  const { cacheRead = input, cacheWrite5m = input, cacheWrite1h = cacheWrite5m, reasoning = output } = stated;
  return mapPrices({ input, output, cacheRead, cacheWrite5m, cacheWrite1h, reasoning }, inMicroDollars);
}

export function inMicroDollars(dollars: number): number {
  return Math.round(dollars * 1_000_000);
}

export const freePrice: ModelPrice = modelPrice({ input: 0, output: 0 });

/** The highest price of each kind, so that no model of the list would cost more. */
export function highestPrice(prices: readonly ModelPrice[]): ModelPrice {
  const all = prices.flatMap((price) => [
    price.prices,
    ...(price.longPrompt === undefined ? [] : [price.longPrompt.prices]),
  ]);
  const highest = mapPrices(freePrice.prices, (_price, kind) => Math.max(0, ...all.map((one) => one[kind])));
  return { prices: highest, longPrompt: undefined };
}

/** The cost of a request in whole micro-dollars, rounded up once. */
export function costMicroDollars(usage: Usage, price: ModelPrice): number {
  const { inputTokens, cacheReadTokens, cacheWriteTokens, cacheWrite1hTokens, outputTokens, reasoningTokens } = usage;
  const at = pricesAt(inputTokens + cacheReadTokens + cacheWriteTokens, price);
  const write1h = Math.min(cacheWrite1hTokens, cacheWriteTokens);
  const reasoning = Math.min(reasoningTokens, outputTokens);
  // In millionths of a micro-dollar. The sum is exact up to $9,000 for one request, and beyond that to a few micro-dollars.
  const total =
    inputTokens * at.input +
    cacheReadTokens * at.cacheRead +
    (cacheWriteTokens - write1h) * at.cacheWrite5m +
    write1h * at.cacheWrite1h +
    (outputTokens - reasoning) * at.output +
    reasoning * at.reasoning;
  // A server that reports an absurd number of tokens must not turn the sum into something that is no integer.
  return Math.min(Math.ceil(total / microUnits), Number.MAX_SAFE_INTEGER);
}

/** What a request costs, as far as that is known before its answer, in micro-dollars. */
export interface ExpectedCost {
  /** Of the prompt; a whole number. */
  readonly inputMicroDollars: number;
  /** Of each token of the answer; it may be a fraction. */
  readonly microDollarsPerOutputToken: number;
}

/** The longest time for which a cache may keep a part of a prompt that it does not have yet. */
export type CacheWrites = 'none' | '5m' | '1h';

/**
 * The most that a prompt of so many tokens, and each token of its answer, can cost at a price: nobody knows yet how much of
 * the prompt a cache keeps, and what of the answer is reasoning. `cachedShare` is how much of it a cache has, from 0 to 1.
 */
export function expectedCost(
  promptTokens: number,
  price: ModelPrice,
  writes: CacheWrites,
  cachedShare = 0,
): ExpectedCost {
  const { input, cacheRead, cacheWrite5m, cacheWrite1h, output, reasoning } = pricesAt(promptTokens, price);
  const writePrices = { none: [], '5m': [cacheWrite5m], '1h': [cacheWrite5m, cacheWrite1h] };
  const dearest = Math.max(input, cacheRead, ...writePrices[writes]);
  const perToken = cachedShare * cacheRead + (1 - cachedShare) * dearest;
  return {
    inputMicroDollars: Math.ceil((promptTokens * perToken) / microUnits),
    microDollarsPerOutputToken: Math.max(output, reasoning) / microUnits,
  };
}

function pricesAt(promptTokens: number, { prices, longPrompt }: ModelPrice): TokenPrices {
  return longPrompt !== undefined && promptTokens > longPrompt.aboveTokens ? longPrompt.prices : prices;
}

function mapPrices(prices: TokenPrices, map: (price: number, kind: keyof TokenPrices) => number): TokenPrices {
  return {
    input: map(prices.input, 'input'),
    output: map(prices.output, 'output'),
    cacheRead: map(prices.cacheRead, 'cacheRead'),
    cacheWrite5m: map(prices.cacheWrite5m, 'cacheWrite5m'),
    cacheWrite1h: map(prices.cacheWrite1h, 'cacheWrite1h'),
    reasoning: map(prices.reasoning, 'reasoning'),
  };
}
