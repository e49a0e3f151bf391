import { GatewayError } from '@ccg/kernel';

/** A part of a list in Anthropic's shape. */
export interface Page<Item> {
  readonly data: readonly Item[];
  readonly has_more: boolean;
  readonly first_id: string | null;
  readonly last_id: string | null;
}

const limitDefault = 20;
const limitMax = 1000;

/** The part that a query asks for by `limit` and `after_id` or `before_id`. Throws `request-invalid` naming the one that is wrong. */
export function pageOf<Item extends { readonly id: string }>(items: readonly Item[], query: string): Page<Item> {
  const { limit, after, before } = readPageQuery(query);
  const rest =
    before === null ? items.slice(startAfter(items, after)) : items.slice(0, indexOf(items, 'before_id', before));
  const data = before === null ? rest.slice(0, limit) : rest.slice(-limit);
  return {
    data,
    has_more: data.length < rest.length,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
}

/** Which part of a list a query asks for. Throws `request-invalid` naming the parameter that is wrong. */
export function readPageQuery(query: string) {
  const asked = new URLSearchParams(query);
  const limit = readLimit(asked.get('limit'));
  const [after, before] = [asked.get('after_id'), asked.get('before_id')];
  if (after !== null && before !== null) {
    throw new GatewayError('request-invalid', 'after_id, before_id: only one of them can be used.');
  }
  return { limit, after, before };
}

function startAfter(items: readonly { readonly id: string }[], after: string | null): number {
  return after === null ? 0 : indexOf(items, 'after_id', after) + 1;
}

function indexOf(items: readonly { readonly id: string }[], field: string, wanted: string): number {
  const index = items.findIndex(({ id }) => id === wanted);
  if (index === -1) throw new GatewayError('request-invalid', `${field}: there is no "${wanted}" in the list.`);
  return index;
}

function readLimit(text: string | null): number {
  if (text === null) return limitDefault;
  const limit = /^\d{1,4}$/u.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= limitMax) return limit;
  throw new GatewayError('request-invalid', `limit: Input should be a whole number from 1 to ${limitMax}.`);
}
