import type { Clock } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import { listActiveBatches, listBatchTenants, readBatch } from './read-batches.ts';

/** How many items of all batches have no result, and how long the oldest batch has waited that has not ended. */
export async function readBacklog(
  store: Store,
  clock: Clock,
): Promise<{ readonly items: number; readonly oldestSeconds: number }> {
  let items = 0;
  let oldestMs = clock.now();
  for (const tenant of await listBatchTenants(store)) {
    for (const id of await listActiveBatches(store, tenant)) {
      const batch = await readBatch(store, { tenant, id });
      if (batch === undefined || batch.status === 'ended') continue;
      const { record, counts } = batch;
      items += record.total - counts.succeeded - counts.errored;
      oldestMs = Math.min(oldestMs, record.createdAtMs);
    }
  }
  return { items, oldestSeconds: Math.max(0, clock.now() - oldestMs) / 1000 };
}
