import { createBoundedMap } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import { createFindUsageRecord, readUsage } from '@ccg/usage';
import type { FindUsageRecord, UsageQuery, UsageRow } from '@ccg/usage';

/** What operations read of usage, with what this process remembers of it. */
export interface UsageViews {
  /** Once read, an answer is given again for a few seconds: an export reads it page by page. */
  rowsOf(query: UsageQuery): Promise<readonly UsageRow[]>;
  readonly findRecord: FindUsageRecord;
}

const keptMs = 10_000;
const keptMax = 4;

export function createUsageViews(store: Store, clock: Clock): UsageViews {
  const kept = createBoundedMap<{ readonly atMs: number; readonly rows: Promise<readonly UsageRow[]> }>(keptMax);
  return {
    rowsOf(query) {
      const key = JSON.stringify(query);
      const known = kept.get(key);
      if (known !== undefined && Math.abs(clock.now() - known.atMs) < keptMs) return known.rows;
      const rows = readUsage(store, query);
      kept.set(key, { atMs: clock.now(), rows });
      rows.catch(() => {
        kept.delete(key);
      });
      return rows;
    },
    findRecord: createFindUsageRecord(store),
  };
}
