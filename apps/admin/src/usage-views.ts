import { createBoundedMap } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import { createFindUsageRecord, readUsage } from '@ccg/usage';
import type { FindUsageRecord, UsageQuery, UsageRow } from '@ccg/usage';

/** What operations read of usage, with what this process remembers of it. */
export interface UsageViews {
  /** For a page that is not the first, what was read for the one before it serves again for a while. */
  rowsOf(query: UsageQuery, isFirstPage: boolean): Promise<readonly UsageRow[]>;
  readonly findRecord: FindUsageRecord;
}

const keptMs = 60_000;
const keptMax = 4;

export function createUsageViews(store: Store, clock: Clock): UsageViews {
  const kept = createBoundedMap<{ readonly atMs: number; readonly rows: Promise<readonly UsageRow[]> }>(keptMax);
  return {
    rowsOf(query, isFirstPage) {
      const key = JSON.stringify(query);
      const known = kept.get(key);
      if (!isFirstPage && known !== undefined && clock.monotonicMs() - known.atMs < keptMs) return known.rows;
      const rows = readUsage(store, query);
      kept.set(key, { atMs: clock.monotonicMs(), rows });
      rows.catch(() => {
        kept.delete(key);
      });
      return rows;
    },
    findRecord: createFindUsageRecord({ store, clock }),
  };
}
