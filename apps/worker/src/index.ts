export { parseWorkerConfig, workerAddresses, workerVariables } from './config.ts';
export type { WorkerConfig } from './config.ts';
export { startWorker } from './start-worker.ts';
export type { RunningWorker, WorkerDependencies } from './start-worker.ts';
