import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { encodeUsageRecord } from '../usage-record.ts';
import type { EncodableRecord } from '../usage-record.ts';

/**
 * What became of a try of an item that was not charged. `again`: the item is tried again. `result`: its error is the result of
 * the item. `void`: the item had another result, or its batch had ended.
 */
export const tryFates = ['again', 'result', 'void'] as const;
export type TryFate = (typeof tryFates)[number];

const script = loadScript(new URL('./note-item-try.lua', import.meta.url));

/** The newest of a tenant, some 4 MB; each for a day at most. */
const triesMax = 10_000;
const keptMs = 24 * 60 * 60 * 1000;

/**
 * Keeps a try of an item of a batch that has no place among the usage records, because only the try with the result is charged.
 * Rejects with StoreUnavailableError.
 */
export async function noteItemTry(
  store: Store,
  tenant: string,
  { record, fate }: { readonly record: EncodableRecord; readonly fate: TryFate },
): Promise<void> {
  const args = [record.id, encodeUsageRecord(record), fate, triesMax, keptMs];
  await store.run(script, [store.redisKeys.itemTries(tenant)], args);
}
