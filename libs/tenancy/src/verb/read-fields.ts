import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';

const script = loadScript(new URL('./read-fields.lua', import.meta.url));

/** Reads fields of hashes of one tenant, as they were at one moment; undefined for those that are not there. */
export async function readFields(
  store: Store,
  fields: readonly { readonly key: string; readonly field: string }[],
): Promise<readonly (string | undefined)[]> {
  if (fields.length === 0) return [];
  const keys = fields.map(({ key }) => key);
  const names = fields.map(({ field }) => field);
  const reply = await store.run(script, keys, names);
  return fields.map((_, at) => textAt(reply, at));
}

/** An element of a reply of Redis, where it is a text. */
export function textAt(reply: unknown, at: number): string | undefined {
  const value: unknown = Array.isArray(reply) ? reply[at] : undefined;
  return typeof value === 'string' ? value : undefined;
}
