import { bareName } from '../capabilities/known-models.ts';
import { createNameTable, matchingPattern } from '../name-table.ts';
import type { NameTable } from '../name-table.ts';
import { listPrices } from './list-prices.ts';
import { highestPrice } from './price.ts';
import type { ModelPrice } from './price.ts';

/** A price, and where it is from. Nobody stated one for a model that costs the highest of the table. */
export interface TargetPrice extends ModelPrice {
  readonly basis: 'operator' | 'list' | 'highest';
}

/** A price of the operator. */
export interface PriceEntry {
  /** `{provider}:{model}`, in which `*` stands for any text. */
  readonly name: string;
  readonly price: ModelPrice;
}

/** What every model costs. */
export interface PriceTable {
  readonly operator: NameTable<PriceEntry>;
  /** For models of which no price is known. */
  readonly highest: TargetPrice;
}

export function createPriceTable(entries: readonly PriceEntry[]): PriceTable {
  const highest = highestPrice([...listPrices.values(), ...entries.map(({ price }) => price)]);
  return { operator: createNameTable(entries), highest: { ...highest, basis: 'highest' } };
}

/**
 * The price of a model: the operator's for exactly this target, then that of the best matching pattern, then the list
 * price of the model wherever it is served, then the highest of all.
 */
export function priceOf({ operator, highest }: PriceTable, provider: string, model: string): TargetPrice {
  const key = `${provider}:${model}`;
  const stated = operator.exact.get(key.toLowerCase()) ?? matchingPattern(operator, key);
  if (stated !== undefined) return { ...stated.price, basis: 'operator' };
  const listed = listPrices.get(listedName(model));
  return listed === undefined ? highest : { ...listed, basis: 'list' };
}

/** `anthropic/claude-haiku-4.5` and `claude-haiku-4-5-20251001` are one model. */
function listedName(model: string): string {
  const name = bareName(model).replace(/[-@](?:20\d{6}|20\d\d-\d\d-\d\d)$/u, '');
  return name.startsWith('claude-') ? name.replaceAll('.', '-') : name;
}
