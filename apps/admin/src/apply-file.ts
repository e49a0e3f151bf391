import type { DirectoryFromFile } from '@ccg/catalog';
import { StoreUnavailableError } from '@ccg/store';
import { describeProblems, StartError } from '@ccg/startup';
import type { Logger } from '@ccg/telemetry';
import { reconcile, systemActor } from '@ccg/tenancy';
import type { Reconciliation, TenancyDependencies } from '@ccg/tenancy';

/** Reads `gateway.yaml` from disk. */
export type LoadDirectory = () => DirectoryFromFile;

const retryMs = 1000;
/** The lock of a process that was killed while it applied lapses before. */
const waitMs = 40_000;

/**
 * Brings the store to what `gateway.yaml` says, without ending anything that it names no more. Another process that does so
 * is waited for, and a Redis that goes away meanwhile is tried again.
 *
 * @throws StartError where the file has faults.
 */
export async function applyFileAtStart(
  deps: TenancyDependencies,
  loadDirectory: LoadDirectory,
  logger: Logger,
): Promise<void> {
  const load = () => {
    const read = loadDirectory();
    if (read.kind === 'faulty') throw new StartError(describeProblems(read.problems));
    return read.directory;
  };
  for (;;) {
    try {
      const options = { dryRun: false, prune: false, waitMs };
      logReconciliation(await reconcile(deps, systemActor('start'), load, options), logger);
      return;
    } catch (thrown) {
      if (!(thrown instanceof StoreUnavailableError)) throw thrown;
      logger.warn({ err: thrown }, 'gateway.yaml is not applied yet: the store does not answer');
      await new Promise<void>((resolve) => {
        deps.clock.schedule(retryMs, resolve);
      });
    }
  }
}

function logReconciliation(result: Reconciliation, logger: Logger): void {
  if (result.kind === 'busy') {
    logger.warn('gateway.yaml is not applied by this process: another one was applying it all the time');
  }
  if (result.kind !== 'done') return;
  const { changes, problems } = result.value;
  if (changes.length > 0) logger.info({ changes: changes.length }, 'gateway.yaml was applied');
  for (const { kind, tenant, id, message } of problems) {
    logger.warn({ kind, tenant, id, problem: message }, 'gateway.yaml names what the store cannot have');
  }
}
