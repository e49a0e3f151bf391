import type { LabelValues } from './label-values.ts';
import { metricList } from './metric-list.ts';
import { createCells } from './series.ts';

export interface BatchMeters {
  /** An item got its result. */
  batchItem(this: void, tenant: string, outcome: 'succeeded' | 'errored'): void;
  /** A provider answered an item that had its result already. */
  batchDuplicate(this: void): void;
  /** What is left to do of all batches; undefined in a process that does not know it. */
  batchBacklog(this: void, backlog: { readonly items: number; readonly oldestSeconds: number } | undefined): void;
}

/** Every metric of batches. */
export function createBatchMetrics(tenants: LabelValues) {
  const items = createCells(metricList.batchItems);
  const duplicates = createCells(metricList.batchDuplicates);
  const backlogItems = createCells(metricList.batchBacklogItems);
  const oldestItem = createCells(metricList.batchOldestItem);
  const told: BatchMeters = {
    batchItem(tenant, outcome) {
      items.of({ tenant: tenants.of(tenant, true), outcome }).value += 1;
    },
    batchDuplicate() {
      duplicates.of({}).value += 1;
    },
    batchBacklog(backlog) {
      backlogItems.clear();
      oldestItem.clear();
      if (backlog === undefined) return;
      backlogItems.of({}).value = backlog.items;
      oldestItem.of({}).value = backlog.oldestSeconds;
    },
  };
  return { families: [items, duplicates, backlogItems, oldestItem], told };
}
