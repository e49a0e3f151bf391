import type { Clock } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import { listActiveBatches, listBatchTenants, readScores } from './batch/read-batches.ts';
import type { Transitions } from './batch/transitions.ts';
import { dropUpload, endUpload, uploadMaxMs } from './create/commit-upload.ts';
import type { BatchFiles } from './files/batch-files.ts';
import { fileResults } from './results/file-results.ts';

export interface SweepDependencies {
  readonly store: Store;
  readonly files: BatchFiles;
  readonly transitions: Transitions;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly clock: Clock;
  readonly retentionMs: number;
  /** Called with what could not be done; the next sweep tries it again. */
  readonly onFault: (error: unknown) => void;
}

/** A batch ends at this age at the latest; later than an hour after that its results are in files. */
const endedWithinMs = 25 * 60 * 60 * 1000;

/**
 * Does what is due for the batches of all tenants: ends what has expired or was canceled, moves the last results into
 * files, removes results whose time is over and the files of batches that are gone. Any number of processes may do so at once.
 */
export async function sweepBatches(deps: SweepDependencies): Promise<void> {
  await attempt(deps, () => sweepUploads(deps));
  for (const tenant of await listBatchTenants(deps.store)) {
    for (const id of await listActiveBatches(deps.store, tenant)) {
      await attempt(deps, () => deps.transitions.touch({ tenant, id }));
    }
    await attempt(deps, () => fileLastResults(deps, tenant));
    await attempt(deps, () => archive(deps, tenant));
    await attempt(deps, () => removeFiles(deps, tenant));
  }
}

async function attempt({ onFault }: SweepDependencies, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    onFault(error);
  }
}

/** Removes what uploads have left that were not committed within an hour. */
async function sweepUploads({ store, files, clock }: SweepDependencies): Promise<void> {
  const { batches } = store.redisKeys;
  for (const name of await readScores(store, batches.uploads(), '-inf', clock.now() - uploadMaxMs)) {
    const [tenant = '', id = ''] = name.split('/');
    // In this order: an upload cannot be committed any more once its key is gone.
    await store.command('del', [batches.upload(tenant, id)]);
    const isCommitted = (await store.command('hget', [batches.record(tenant, id), 'record'])) !== null;
    if (isCommitted) await endUpload(store, { tenant, id });
    else await dropUpload(store, files, { tenant, id });
  }
}

/** A worker files results as they come; those of a worker that died at the end of a batch are filed here. */
async function fileLastResults(deps: SweepDependencies, tenant: string): Promise<void> {
  const { store, clock, retentionMs } = deps;
  const since = clock.now() + retentionMs - endedWithinMs;
  for (const id of await readScores(store, store.redisKeys.batches.ended(tenant), since, '+inf')) {
    await fileResults(deps, { tenant, id }, false);
  }
}

async function archive({ store, transitions, clock }: SweepDependencies, tenant: string): Promise<void> {
  for (const id of await readScores(store, store.redisKeys.batches.ended(tenant), '-inf', clock.now())) {
    await transitions.archive({ tenant, id });
  }
}

/** Removes the files of batches that were archived or deleted. */
async function removeFiles({ store, files }: SweepDependencies, tenant: string): Promise<void> {
  const removals = store.redisKeys.batches.removals(tenant);
  for (const id of await readScores(store, removals, '-inf', '+inf')) {
    await files.removeAll({ tenant, id });
    await store.command('zrem', [removals, id]);
  }
}
