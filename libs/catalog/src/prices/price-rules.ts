import { z } from 'zod';
import { freePrice, inMicroDollars, modelPrice } from './price.ts';
import type { ModelPrice } from './price.ts';

const dollarsError = 'must be dollars per million tokens, from 0 to 100000, with six decimals at most';

function dollars() {
  return z
    .number({ error: dollarsError })
    .min(0, { error: dollarsError })
    .max(100_000, { error: dollarsError })
    .refine((value) => Math.abs(inMicroDollars(value) / 1_000_000 - value) < 1e-9, { error: dollarsError });
}

const cacheKinds = {
  cacheRead: dollars().optional().describe('For tokens that were read from a cache. Left out: as input'),
  cacheWrite5m: dollars().optional().describe('For tokens that a cache keeps for 5 minutes. Left out: as input'),
  cacheWrite1h: dollars().optional().describe('For tokens that a cache keeps for an hour. Left out: as cacheWrite5m'),
  reasoning: dollars().optional().describe('For the reasoning in the output. Left out: as output'),
};

const aboveError = 'must be a whole number of tokens, from 1';

/** What an operator states of a model's price, in dollars per million tokens. */
export const statedPriceRule = z
  .strictObject({
    free: z.literal(true).optional().describe('It costs nothing'),
    input: dollars().optional().describe('Dollars per million tokens of the prompt, as all prices here'),
    output: dollars().optional().describe('For tokens of the answer'),
    ...cacheKinds,
    longPrompt: z
      .strictObject({
        aboveTokens: z.int({ error: aboveError }).min(1, { error: aboveError }),
        input: dollars(),
        output: dollars(),
        ...cacheKinds,
      })
      .optional()
      .describe('The prices of all tokens of a request whose prompt has more tokens than this'),
  })
  .superRefine(({ free, input, output, ...others }, context) => {
    const add = (path: readonly string[], message: string) => {
      context.addIssue({ code: 'custom', path: [...path], message });
    };
    if (free === true) {
      const isAlone = [input, output, ...Object.values(others)].every((value) => value === undefined);
      if (!isAlone) add(['free'], 'must stand alone: a model that is free has no prices');
      return;
    }
    if (input === undefined) add(['input'], 'is missing. State it in dollars per million tokens, or write free: true');
    if (output === undefined) add(['output'], 'is missing. State it in dollars per million tokens');
  });

export type StatedPriceEntry = z.output<typeof statedPriceRule>;

/** The name of an entry: which targets it is the price of. */
export function pricedName() {
  return z.string().regex(/^[^\s:]+:\S+$/u, { error: 'must be {provider}:{model}, in which * stands for any text' });
}

export function priceOfEntry({ free, input, output, ...others }: StatedPriceEntry): ModelPrice {
  if (free === true || input === undefined || output === undefined) return freePrice;
  return modelPrice({ input, output, ...others });
}
