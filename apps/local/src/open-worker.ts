import type { Catalog } from '@ccg/catalog';
import { StartError } from '@ccg/startup';
import type { Environment } from '@ccg/startup';
import type { LogOutput, Metrics } from '@ccg/telemetry';
import { parseWorkerConfig, startWorker } from '@ccg/worker';
import type { RunningWorker } from '@ccg/worker';

interface WorkerParts {
  /** That of the gateway: a demo has its own. */
  readonly catalog: Catalog;
  readonly metrics: Metrics;
  readonly log: LogOutput;
}

/** Starts a worker in this process, so that batches run. */
export async function openWorker(env: Environment, { catalog, metrics, log }: WorkerParts): Promise<RunningWorker> {
  const parsed = parseWorkerConfig({ WORKER_SLOTS: defaultSlots, ...withValues(env) }, 'one-person');
  if (parsed.kind === 'faulty') throw new StartError(parsed.message);
  return await startWorker({ ...parsed.config, catalog }, { sharedMetrics: metrics, log });
}

/** One person's machine answers that person, too. */
const defaultSlots = '4';

function withValues(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
}
