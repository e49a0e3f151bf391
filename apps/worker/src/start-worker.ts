import { randomBytes, randomUUID } from 'node:crypto';
import { settleScript } from '@ccg/admission';
import { createItemReader, createTransitions, readBacklog, sweepBatches } from '@ccg/batches';
import { createTargets } from '@ccg/catalog';
import { listenForOps } from '@ccg/edge';
import type { Readiness } from '@ccg/edge';
import { systemClock } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import {
  followLogLevel,
  joinReplicas,
  openBatchFiles,
  openServing,
  openStore,
  openTraces,
  openUpstream,
  prepareStore,
} from '@ccg/startup';
import type { OpenBatchFiles } from '@ccg/startup';
import { createLineRules } from '@ccg/serving';
import type { Serving } from '@ccg/serving';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import { readWaitingWeight } from '@ccg/tenancy';
import { createLogger, createMetrics, openLogOutput } from '@ccg/telemetry';
import type { Logger, Metrics, Tracing } from '@ccg/telemetry';
import type { WorkerConfig } from './config.ts';
import { createDispatcher } from './dispatcher.ts';
import { openItemQueue } from './item-queue.ts';
import type { ItemQueue } from './item-queue.ts';
import { keepBeating } from './keep-beating.ts';
import { createItemTraces } from './item-traces.ts';
import { createRunItem } from './run-item.ts';
import { createTenantWeights } from './tenant-weights.ts';

export interface WorkerDependencies {
  readonly clock?: Clock;
  /** Where log lines go; standard output unless given. */
  readonly log?: { write(line: string): void };
  /** Of a process that serves its own probes and metrics; without it, the worker opens a listener for them. */
  readonly sharedMetrics?: Metrics;
}

export interface RunningWorker {
  /** Undefined where the process serves its own probes and metrics. */
  readonly opsUrl: string | undefined;
  /** Takes nothing more, lets running items end, hands back what takes too long, and resolves when everything is closed. */
  drain(): Promise<void>;
}

const claimMs = 30_000;

/** The worker's composition root: builds everything from a configuration and runs items of batches. Rejects with nothing left open. */
export async function startWorker(
  config: WorkerConfig,
  { clock = systemClock, log, sharedMetrics }: WorkerDependencies = {},
): Promise<RunningWorker> {
  await using opened = new AsyncDisposableStack();
  const metrics = sharedMetrics ?? createMetrics({ process: 'worker', bounds: config.labelBounds });
  const logger = createLogger(config.logLevel, log ?? openLogOutput(metrics.logLinesDropped));
  let readiness = (): Readiness => 'starting';
  let opsUrl: string | undefined;
  if (sharedMetrics === undefined) {
    const ops = await listenForOps(config, () => readiness(), metrics);
    opsUrl = ops.url;
    opened.defer(ops.close);
  }
  const store = openStore(config, logger, metrics);
  opened.defer(() => store.close());
  await prepareStore(store, { ...config, hasQueue: true }, logger, clock);
  const parts = { store, clock, logger, metrics };
  opened.defer(followLogLevel({ ...parts, logLevel: config.logLevel }));
  const replicas = await joinReplicas(parts);
  opened.defer(() => replicas.leave());
  const upstream = openUpstream(config, metrics);
  const serving = await openServing(config, { ...parts, replicas, upstream, targets: createTargets(config.catalog) });
  opened.defer(serving.close);
  const tracing = await openTraces(config, parts);
  opened.defer(() => tracing?.close());
  const batchFiles = await openBatchFiles(config, store, logger);
  const items = openItems(config, { ...parts, serving, tracing, batchFiles });
  opened.defer(() => items.close());
  readiness = () => (store.state() === 'down' ? 'store-down' : 'ready');
  logger.info({ opsUrl, slots: config.slots }, 'the worker runs items of batches');
  const resources = opened.move();
  const drain = async () => {
    readiness = () => 'draining';
    logger.info('the worker drains');
    await items.stop();
    await resources.disposeAsync();
    logger.info('the worker is closed');
  };
  let drained: Promise<void> | undefined;
  return { opsUrl, drain: () => (drained ??= drain()) };
}

interface ItemsParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly serving: Serving;
  readonly tracing: Tracing | undefined;
  readonly batchFiles: OpenBatchFiles;
}

/** What runs items, hands them out and does what is due. */
function openItems(config: WorkerConfig, { serving, tracing, batchFiles, ...parts }: ItemsParts) {
  const { store, clock, logger, metrics } = parts;
  const { limits, supportContact: contact, slots, batchRetentionMs: retentionMs } = config;
  const { files, areShared } = batchFiles;
  const transitions = createTransitions({ store, clock, claimMs, settle: settleScript });
  const stopping = new AbortController();
  const shared = { ...parts, files, transitions, randomBytes };
  const onFault = createFaultReport(logger);
  const run = createRunItem({
    ...shared,
    items: createItemReader(files),
    traces: createItemTraces(serving.serve, clock, tracing),
    defaults: { limits, contact },
    lines: createLineRules(config.logSample),
    random: Math.random,
    claimMs,
    stopping: stopping.signal,
  });
  let onRan = (): void => {};
  const queue = openItemQueue({
    redis: config.redis,
    prefix: store.redisKeys.batches.queue(),
    slots,
    run,
    onRan: () => {
      onRan();
    },
    onFault,
  });
  const weights = createTenantWeights(clock, (tenant) => readWaitingWeight(store, tenant));
  const dispatcher = createDispatcher({ store, transitions, queue, weights, clock, worker: randomUUID(), slots });
  const sweep = async () => {
    await areShared();
    await sweepBatches({ ...shared, retentionMs, onFault });
    metrics.batchBacklog(await readBacklog(store, clock));
  };
  const onFollow = () => {
    metrics.batchBacklog(undefined);
  };
  const beats = keepBeating({ dispatcher, clock, sweep, onFault, onFollow });
  onRan = beats.soon;
  return {
    /** Takes nothing more, and resolves when nothing runs. */
    async stop() {
      const stopped = stopQueue(queue, stopping, config.drainTimeoutMs, clock);
      await beats.stop();
      await dispatcher.leave().catch(onFault);
      await stopped;
    },
    close: () => queue.close(),
  };
}

/** Redis that is away is told by the store. */
function createFaultReport(logger: Logger): (error: unknown) => void {
  return (error) => {
    if (error instanceof StoreUnavailableError) return;
    const isConnection = error instanceof Error && /ECONN|EPIPE|ENOENT|Connection is closed/u.test(error.message);
    if (!isConnection) logger.error({ err: error }, 'the worker could not do what was due');
  };
}

async function stopQueue(queue: ItemQueue, stopping: AbortController, timeoutMs: number, clock: Clock): Promise<void> {
  const cancel = clock.schedule(timeoutMs, () => {
    stopping.abort(new DOMException('The worker stops.', 'AbortError'));
  });
  await queue.stop();
  cancel();
}
