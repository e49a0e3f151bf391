export { batchOf, credentialOf, ownerOf } from './batch/batch-record.ts';
export type {
  Batch,
  BatchCredential,
  BatchPlace,
  BatchRecord,
  BatchStatus,
  ItemOutcome,
  ModelDemand,
  RestOutcome,
} from './batch/batch-record.ts';
export { browseBatches, findBatch } from './batch/browse-batches.ts';
export type { BatchSearch, FoundBatches } from './batch/browse-batches.ts';
export { readProgress } from './batch/progress.ts';
export type { BatchProgress } from './batch/progress.ts';
export { readBacklog } from './batch/read-backlog.ts';
export {
  isBatchId,
  listActiveBatches,
  listBatches,
  listBatchTenants,
  newBatchId,
  readBatch,
} from './batch/read-batches.ts';
export type { BatchPage, BatchPageRequest } from './batch/read-batches.ts';
export { createTransitions } from './batch/transitions.ts';
export type {
  Claimed,
  Completed,
  ItemClaim,
  ItemResult,
  ItemSettlement,
  TransitionOptions,
  Transitions,
  UndoneItems,
} from './batch/transitions.ts';
export { noteWait, waitReasons } from './batch/waits.ts';
export type { BatchWait } from './batch/waits.ts';
export { createBatch, errorOfFiles } from './create/create-batch.ts';
export type { CreateDependencies, Hash, NewBatch } from './create/create-batch.ts';
export { BatchFilesError } from './files/batch-files.ts';
export type { BatchFiles, FilesFault } from './files/batch-files.ts';
export { createDirectoryFiles } from './files/directory-files.ts';
export { createRedisFiles } from './files/redis-files.ts';
export { createS3Files } from './files/s3-files.ts';
export type { S3FilesOptions } from './files/s3-files.ts';
export { shareFiles } from './files/shared-files.ts';
export type { SharedFiles } from './files/shared-files.ts';
export { itemQueueName } from './item-queue-name.ts';
export { createItemReader } from './items.ts';
export type { BatchItem, ItemReader } from './items.ts';
export { fileResults } from './results/file-results.ts';
export type { FilingDependencies } from './results/file-results.ts';
export { readResults } from './results/read-results.ts';
export type { ResultsDependencies } from './results/read-results.ts';
export { erroredResult, resultLine, succeededResult } from './results/result-line.ts';
export { sweepBatches } from './sweep.ts';
export type { SweepDependencies } from './sweep.ts';
