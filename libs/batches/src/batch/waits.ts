import type { Store } from '@ccg/store';
import type { BatchPlace } from './batch-record.ts';

/** What items can wait for before they are tried again. `gateway`: it drains, or its store is away. */
export const waitReasons = ['budget', 'limit', 'provider', 'gateway'] as const;

/** Why and until when items of a batch wait that were tried. */
export interface BatchWait {
  readonly reason: (typeof waitReasons)[number];
  /** Of the limit, the budget or the provider. */
  readonly name?: string | undefined;
  /** Of a budget when it begins anew, of others when the next try is. */
  readonly untilMs: number;
}

/** The next try takes a moment, and then either says so again or there is nothing to wait for. */
const tryMs = 2000;

/**
 * Says what the item waits for that was tried last, until it is tried again in so many milliseconds. It lapses by itself, so
 * nobody is told of a wait that is over. Rejects with StoreUnavailableError.
 */
export async function noteWait(store: Store, place: BatchPlace, wait: BatchWait, nextTryInMs: number): Promise<void> {
  const key = store.redisKeys.batches.wait(place.tenant, place.id);
  await store.command('set', [key, JSON.stringify(wait), 'PX', Math.ceil(nextTryInMs) + tryMs]);
}

/** Reads what the items of a batch wait for; undefined where none waits for more than its turn. Rejects with StoreUnavailableError. */
export async function readWait(store: Store, { tenant, id }: BatchPlace): Promise<BatchWait | undefined> {
  const text = await store.command('get', [store.redisKeys.batches.wait(tenant, id)]);
  return typeof text === 'string' ? (JSON.parse(text) as BatchWait) : undefined;
}
