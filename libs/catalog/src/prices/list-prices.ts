import { modelPrice } from './price.ts';
import type { ModelPrice, StatedPrice } from './price.ts';

/** Prices that somebody published, and when they were known to be true. */
interface PriceList {
  readonly source: string;
  /** The day of the last check, as YYYY-MM-DD. */
  readonly asOf: string;
  /** By the name of the model without its date. In dollars per million tokens. */
  readonly models: Readonly<Record<string, StatedPrice>>;
}

const opus = { input: 5, output: 25, cacheRead: 0.5, cacheWrite5m: 6.25, cacheWrite1h: 10 };
const sonnet = { input: 3, output: 15, cacheRead: 0.3, cacheWrite5m: 3.75, cacheWrite1h: 6 };

/**
 * The prices that come with the gateway: the models that are asked where nothing else is configured, and Claude. They are
 * those of the vendor at the standard speed; what a reseller, a region, a batch or a faster tier costs is not in them.
 * @internal
 */
export const priceLists: readonly PriceList[] = [
  {
    source: 'https://platform.claude.com/docs/en/about-claude/pricing',
    asOf: '2026-10-24',
    models: {
      'claude-fable-5-1': { input: 10, output: 50, cacheRead: 0.25, cacheWrite5m: 12.5, cacheWrite1h: 20 },
      'claude-fable-5': { input: 10, output: 50, cacheRead: 1, cacheWrite5m: 12.5, cacheWrite1h: 20 },
      'claude-opus-5-5': { input: 4, output: 20, cacheRead: 0.2, cacheWrite5m: 5, cacheWrite1h: 8 },
      'claude-opus-5': opus,
      'claude-opus-4-8': opus,
      'claude-opus-4-7': opus,
      'claude-opus-4-6': opus,
      'claude-opus-4-5': opus,
      'claude-sonnet-5': { input: 2, output: 10, cacheRead: 0.2, cacheWrite5m: 2.5, cacheWrite1h: 4 },
      'claude-sonnet-4-6': sonnet,
      'claude-haiku-4-5': { input: 1, output: 5, cacheRead: 0.1, cacheWrite5m: 1.25, cacheWrite1h: 2 },
    },
  },
  {
    // Both changed on 2026-10-07; this is a reading of the page above after that.
    source: 'https://github.com/kurofune/claudit/releases/tag/v1.9.2',
    asOf: '2026-10-24',
    models: {
      'claude-sonnet-5-5': { input: 2, output: 10, cacheRead: 0.1, cacheWrite5m: 2.5, cacheWrite1h: 4 },
      'claude-haiku-5-5': {
        input: 0.1,
        output: 0.5,
        cacheRead: 0.01,
        cacheWrite5m: 0.125,
        cacheWrite1h: 0.2,
        longPrompt: {
          input: 0.5,
          output: 2.5,
          cacheRead: 0.05,
          cacheWrite5m: 0.625,
          cacheWrite1h: 1,
          aboveTokens: 100_000,
        },
      },
    },
  },
  {
    source: 'https://github.com/github/docs/blob/main/data/tables/copilot/models-and-pricing.yml',
    asOf: '2026-05-07',
    models: { 'gpt-4.1': { input: 2, output: 8, cacheRead: 0.5 } },
  },
  {
    source: 'https://vercel.com/ai-gateway/models/gpt-4.1-mini/api',
    asOf: '2026-05-07',
    models: { 'gpt-4.1-mini': { input: 0.4, output: 1.6, cacheRead: 0.1 } },
  },
];

export const listPrices: ReadonlyMap<string, ModelPrice> = new Map(
  priceLists.flatMap(({ models }) => Object.entries(models).map(([name, price]) => [name, modelPrice(price)] as const)),
);
