import { DelayedError, Queue, Worker } from 'bullmq';
import type { ConnectionOptions } from 'bullmq';
import { itemQueueName as queueName } from '@ccg/batches';
import { openQueueConnection } from '@ccg/store';
import type { ConnectionTarget } from '@ccg/store';
import type { ItemPointer } from './item.ts';
import type { RunItem } from './run-item.ts';

/** The items that are handed out to workers: a bounded window of pointers. What is lost of it is handed out again. */
export interface ItemQueue {
  /** Those that wait or run, and those that are to be tried again later. */
  handedOut(): Promise<{ readonly now: readonly ItemPointer[]; readonly later: readonly ItemPointer[] }>;
  /** An item that is there already is not added again. */
  add(pointers: readonly ItemPointer[]): Promise<void>;
  /** Takes one back that is to be tried again later. One that runs meanwhile stays. */
  remove(pointer: ItemPointer): Promise<void>;
  /** Takes nothing more, and resolves when nothing runs. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

interface QueueOptions {
  readonly redis: ConnectionTarget;
  /** Before the names of everything that the queue keeps. It has a hash tag. */
  readonly prefix: string;
  /** How many items run at the same time. */
  readonly slots: number;
  readonly run: RunItem;
  readonly onRan: () => void;
  readonly onFault: (error: unknown) => void;
}

/** A worker that died is noticed after that. */
const lockMs = 30_000;
/** An item that many dying workers had is run all the same: who counts results is its batch. */
const stalledMax = 1000;

export function openItemQueue(options: QueueOptions): ItemQueue {
  const { prefix, slots, run, onRan, onFault } = options;
  const connection = openQueueConnection(options.redis);
  const shared = { connection: connection as ConnectionOptions, prefix, skipVersionCheck: true };
  const queue = new Queue<ItemPointer>(queueName, { ...shared, streams: { events: { maxLen: 100 } } });
  const worker = new Worker<ItemPointer>(
    queueName,
    async (job, token) => {
      const ran = await run(job.data).finally(onRan);
      if (ran.kind === 'over') return;
      if (ran.isFailure) {
        const { waitsForBudget } = ran;
        await job.updateData({ ...job.data, tries: job.data.tries + 1, waitsForBudget });
      }
      await job.moveToDelayed(Date.now() + ran.delayMs, token);
      throw new DelayedError();
    },
    { ...shared, concurrency: slots, lockDuration: lockMs, stalledInterval: lockMs / 2, maxStalledCount: stalledMax },
  );
  tellCapabilities(worker).catch(onFault);
  queue.on('error', onFault);
  worker.on('error', onFault);
  return {
    async handedOut() {
      const [now, later] = await Promise.all([
        queue.getJobs(['waiting', 'active', 'prioritized']),
        queue.getJobs(['delayed']),
      ]);
      return { now: pointersOf(now), later: pointersOf(later) };
    },
    async add(pointers) {
      await queue.addBulk(
        pointers.map((data) => ({
          name: 'item',
          data,
          opts: { jobId: jobIdOf(data), removeOnComplete: true, removeOnFail: true },
        })),
      );
    },
    async remove(pointer) {
      await queue.remove(jobIdOf(pointer));
    },
    stop: () => worker.close(),
    async close() {
      await queue.close();
      connection.disconnect();
    },
  };
}

function jobIdOf({ id, index }: ItemPointer): string {
  return `${id}-${index}`;
}

/**
 * The version of Redis is not asked for, since its user may lack INFO. Every version that the gateway takes waits for parts
 * of a second; a queue that does not know that rounds up, and hands out late and together what was due one after the other.
 */
async function tellCapabilities(worker: Worker<ItemPointer>): Promise<void> {
  await worker.waitUntilReady();
  const { blockingConnection } = worker.getBackend();
  if (blockingConnection === undefined) return;
  blockingConnection.capabilities = { ...blockingConnection.capabilities, canDoubleTimeout: true };
}

/** A job that ends while the list is read is undefined in it. */
function pointersOf(jobs: readonly ({ readonly data: ItemPointer } | undefined)[]): readonly ItemPointer[] {
  return jobs.flatMap((job) => (job === undefined ? [] : [job.data]));
}
