import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { decodeUsageRecord } from './usage-record.ts';
import type { UsageRecord } from './usage-record.ts';

const script = loadScript(new URL('./find-record.lua', import.meta.url));

/** What Redis looks at before it goes on with other work: a millisecond's worth. */
const entriesOfCall = 1000;

export interface FoundRecord {
  readonly record: UsageRecord;
  /** Whether the request runs now; what is known of it is then some seconds old. */
  readonly isRunning: boolean;
}

export type FindUsageRecord = (query: {
  readonly tenant: string;
  readonly requestId: string;
}) => Promise<FoundRecord | undefined>;

/**
 * Finds the usage record of a request. Request ids are random and records are many, so the stream is looked through, newest
 * first, for one question at a time. Rejects with StoreUnavailableError.
 */
export function createFindUsageRecord(store: Store): FindUsageRecord {
  let last: Promise<unknown> = Promise.resolve();
  return ({ tenant, requestId }) => {
    const next = last.then(() => find(store, tenant, requestId));
    last = next.catch(() => {});
    return next;
  };
}

async function find(store: Store, tenant: string, requestId: string): Promise<FoundRecord | undefined> {
  const { redisKeys } = store;
  // While it runs its reservation has the record; afterwards one says there that it was appended.
  const running = await store.command('hget', [redisKeys.reservation(tenant, requestId), 'record']);
  const appended = await store.command('hget', [redisKeys.reservation(tenant, requestId), 'appended']);
  if (typeof running === 'string' && appended === null) return foundIn(running, true);
  for (let from = '+'; from !== '';) {
    const reply = await store.run(script, [redisKeys.usageRecords(tenant)], [requestId, from, entriesOfCall]);
    const [record = '', oldest = '']: readonly unknown[] = Array.isArray(reply) ? reply : [];
    if (record !== '') return foundIn(String(record), false);
    from = oldest === '' ? '' : idBefore(String(oldest));
  }
  return undefined;
}

function foundIn(text: string, isRunning: boolean): FoundRecord | undefined {
  const record = decodeUsageRecord(text);
  return record === undefined ? undefined : { record, isRunning };
}

/** The last id before another; empty before the first. */
function idBefore(streamId: string): string {
  const [time = '0', sequence = '0'] = streamId.split('-');
  if (sequence !== '0') return `${time}-${Number(sequence) - 1}`;
  return time === '0' ? '' : String(Number(time) - 1);
}
