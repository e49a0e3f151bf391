import type { Clock } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import type { Batch } from './batch-record.ts';
import { readWait } from './waits.ts';
import type { BatchWait } from './waits.ts';

/** How many of the items of a batch that have no result run now, and how many wait for their turn or for another try. */
export interface BatchProgress {
  readonly running: number;
  readonly waiting: number;
  /** Undefined where no item waits for more than its turn, and of a batch that is being canceled. */
  readonly wait: BatchWait | undefined;
}

/** Reads how far a batch is that was read just now. Rejects with StoreUnavailableError. */
export async function readProgress(store: Store, clock: Clock, batch: Batch): Promise<BatchProgress> {
  const { record, status, counts } = batch;
  if (status === 'ended') return { running: 0, waiting: 0, wait: undefined };
  const [reply, wait] = await Promise.all([
    store.command('hgetall', [store.redisKeys.batches.running(record.tenant, record.id)]),
    readWait(store, record),
  ]);
  const claims = Array.isArray(reply) ? reply.filter((_, at) => at % 2 === 1) : Object.values(reply ?? {});
  const nowMs = clock.now();
  const left = record.total - counts.succeeded - counts.errored;
  // A claim is 'lapse token'; one that has lapsed is that of a worker which died.
  const running = Math.min(left, claims.filter((claim) => Number(String(claim).split(' ', 1)[0]) > nowMs).length);
  const waiting = left - running;
  return { running, waiting, wait: waiting === 0 || status !== 'in_progress' ? undefined : wait };
}
