import { BatchFilesError, createDirectoryFiles, createRedisFiles, createS3Files, shareFiles } from '@ccg/batches';
import type { BatchFiles } from '@ccg/batches';
import { assertNever } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { Logger } from '@ccg/telemetry';
import type { BatchSettings } from './batch-variables.ts';
import { StartError } from './start-error.ts';

export interface OpenBatchFiles {
  readonly files: BatchFiles;
  /** Whether all gateways and workers have these files, as far as can be told; where they have not, the log says it. */
  areShared(): Promise<boolean>;
}

const fourVariables = 'BATCH_STORE, BATCH_DIR, BATCH_S3_BUCKET and BATCH_S3_ENDPOINT';
const notShared =
  `another gateway or worker on this Redis keeps the inputs and results of batches elsewhere: give all of them the same ${fourVariables}, ` +
  'and one folder that they share';

/**
 * Opens the store of inputs and results, which all gateways and workers on one Redis must share.
 *
 * @throws StartError where batches are kept in another one.
 */
export async function openBatchFiles(
  { batchFiles }: Pick<BatchSettings, 'batchFiles'>,
  store: Store,
  logger: Logger,
): Promise<OpenBatchFiles> {
  const files = createFiles(batchFiles, store);
  const shared = shareFiles(store, files);
  const orUnknown = async (asked: Promise<boolean>): Promise<boolean> => {
    try {
      return await asked;
    } catch (thrown) {
      // Whoever reads or writes batches meets the same fault. Redis tells of itself.
      if (thrown instanceof BatchFilesError) logger.error({ err: thrown }, 'the store of batches cannot be used');
      else if (!(thrown instanceof StoreUnavailableError)) throw thrown;
      return true;
    }
  };
  if (!(await orUnknown(shared.claim()))) {
    throw new StartError(
      `BATCH_STORE: batches of this Redis are kept elsewhere than in ${describe(batchFiles)}, and would be lost. Give all gateways ` +
        `and workers the same ${fourVariables}: the values that they had, and one folder that they share. To go on with ` +
        'others, delete all batches first.',
    );
  }
  return {
    files,
    async areShared() {
      if (await orUnknown(shared.areShared())) return true;
      logger.error(notShared);
      return false;
    },
  };
}

function createFiles(settings: BatchSettings['batchFiles'], store: Store): BatchFiles {
  switch (settings.kind) {
    case 'redis':
      return createRedisFiles(store);
    case 'directory':
      return createDirectoryFiles(settings.path);
    case 's3':
      return createS3Files(settings);
    default:
      return assertNever(settings);
  }
}

function describe(settings: BatchSettings['batchFiles']): string {
  switch (settings.kind) {
    case 'redis':
      return 'Redis';
    case 'directory':
      return `the folder ${settings.path}`;
    case 's3':
      return `the bucket ${settings.bucket}`;
    default:
      return assertNever(settings);
  }
}
