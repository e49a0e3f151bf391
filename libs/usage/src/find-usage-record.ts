import type { Clock } from '@ccg/kernel';
import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { tryFates } from './item-tries/note-item-try.ts';
import type { TryFate } from './item-tries/note-item-try.ts';
import { idBefore } from './stream-ids.ts';
import { decodeUsageRecord } from './usage-record.ts';
import type { UsageRecord } from './usage-record.ts';

const script = loadScript(new URL('./find-record.lua', import.meta.url));

/** What Redis looks at before it goes on with other work: half a millisecond's worth. */
const entriesOfCall = 500;
/** Between two such calls, so that looking for a request takes a tenth of Redis's time at most. */
const pauseMs = 5;
/** Questions that may wait for the one that is looked for. */
const waitingMax = 20;

export type FoundRecord =
  /** What is known of a request that runs is some seconds old. */
  | { readonly kind: 'running' | 'ended'; readonly record: UsageRecord }
  /** A try of an item of a batch that was not charged. */
  | { readonly kind: 'try'; readonly record: UsageRecord; readonly fate: TryFate }
  | { readonly kind: 'unknown' }
  /** Too many others are looked for. */
  | { readonly kind: 'busy' };

export type FindUsageRecord = (query: { readonly tenant: string; readonly requestId: string }) => Promise<FoundRecord>;

interface FindDependencies {
  readonly store: Store;
  readonly clock: Clock;
}

/**
 * Finds the usage record of a request. Request ids are random and records are many, so the stream is looked through, newest
 * first, for one question at a time, and then the tries of items of batches. Rejects with StoreUnavailableError.
 */
export function createFindUsageRecord(deps: FindDependencies): FindUsageRecord {
  const { store } = deps;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return async ({ tenant, requestId }) => {
    // While it runs its reservation has the record; afterwards one says there that it was appended.
    const reservation = store.redisKeys.reservation(tenant, requestId);
    // `try` is of an item of a batch, whose worker may have died: then another try follows.
    const [running, appended, tried] = await Promise.all(
      ['record', 'appended', 'try'].map(async (field) => await store.command('hget', [reservation, field])),
    );
    if (typeof tried === 'string') return foundIn(tried, appended === null ? 'running' : 'again');
    if (typeof running === 'string' && appended === null) return foundIn(running, 'running');
    if (waiting >= waitingMax) return { kind: 'busy' };
    waiting += 1;
    const looking = last
      .then(() => lookThroughAll(deps, tenant, requestId))
      .finally(() => {
        waiting -= 1;
      });
    last = looking.catch(() => {});
    return await looking;
  };
}

async function lookThroughAll(deps: FindDependencies, tenant: string, requestId: string): Promise<FoundRecord> {
  const { redisKeys } = deps.store;
  const charged = await lookThrough(deps, redisKeys.usageRecords(tenant), requestId);
  return charged.kind === 'unknown' ? await lookThrough(deps, redisKeys.itemTries(tenant), requestId) : charged;
}

async function lookThrough(
  { store, clock }: FindDependencies,
  stream: string,
  requestId: string,
): Promise<FoundRecord> {
  for (let from = '+'; from !== '';) {
    const reply = await store.run(script, [stream], [requestId, from, entriesOfCall]);
    const [record = '', oldest = '', fate = '']: readonly unknown[] = Array.isArray(reply) ? reply : [];
    if (record !== '') return foundIn(String(record), tryFates.find((one) => one === fate) ?? 'ended');
    from = oldest === '' ? '' : idBefore(String(oldest));
    if (from !== '') {
      await new Promise<void>((resolve) => {
        clock.schedule(pauseMs, resolve);
      });
    }
  }
  return { kind: 'unknown' };
}

function foundIn(text: string, found: 'running' | 'ended' | TryFate): FoundRecord {
  const record = decodeUsageRecord(text);
  if (record === undefined) return { kind: 'unknown' };
  return found === 'running' || found === 'ended' ? { kind: found, record } : { kind: 'try', record, fate: found };
}
