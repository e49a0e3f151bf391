import type { Store } from '@ccg/store';
import { listActiveBatches, listBatchTenants, readScores } from '../batch/read-batches.ts';
import type { BatchFiles } from './batch-files.ts';

/** The files of batches are of use where every process on one Redis has the same. Redis keeps the identity of those. */
export interface SharedFiles {
  /** Makes these files those of all processes, unless there are batches with others. Resolves with whether they are. */
  claim(): Promise<boolean>;
  /** Whether they are those of all processes: while there was no batch, one with others may have claimed. */
  areShared(): Promise<boolean>;
}

/** Both functions reject with BatchFilesError where the files do not tell who they are. */
export function shareFiles(store: Store, files: Pick<BatchFiles, 'identity'>): SharedFiles {
  const key = store.redisKeys.batches.filesIdentity();
  let known: string | undefined;
  const identity = async () => (known ??= await files.identity());
  return {
    async claim() {
      const own = await identity();
      if ((await store.command('set', [key, own, 'NX'])) !== null) return true;
      if ((await store.command('get', [key])) === own) return true;
      if (await hasFiles(store)) return false;
      await store.command('set', [key, own]);
      return true;
    },
    async areShared() {
      return (await store.command('get', [key])) === (await identity());
    },
  };
}

/** Whether there is a batch whose files somebody may still want, or the upload of one. */
async function hasFiles(store: Store): Promise<boolean> {
  const { batches } = store.redisKeys;
  const isFilled = async (key: string) => (await readScores(store, key, '-inf', '+inf')).length > 0;
  if (await isFilled(batches.uploads())) return true;
  for (const tenant of await listBatchTenants(store)) {
    if ((await listActiveBatches(store, tenant)).length > 0) return true;
    if ((await isFilled(batches.ended(tenant))) || (await isFilled(batches.removals(tenant)))) return true;
  }
  return false;
}
