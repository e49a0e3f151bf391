import { readBacklog } from '@ccg/batches';
import type { Clock } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { Logger, Metrics } from '@ccg/telemetry';

interface BacklogParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

const intervalMs = 15_000;

/**
 * Tells the metrics again and again what is left to do of batches, until it is stopped: somebody must while no worker runs,
 * so that one is started. The function resolves when nothing runs any more.
 */
export function startTellingBacklog({ store, clock, logger, metrics }: BacklogParts): () => Promise<void> {
  let isStopped = false;
  let running: Promise<void> = Promise.resolve();
  let cancel = clock.schedule(0, tick);

  function tick(): void {
    running = tell().finally(() => {
      if (!isStopped) cancel = clock.schedule(intervalMs, tick);
    });
  }

  async function tell(): Promise<void> {
    try {
      metrics.batchBacklog(await readBacklog(store, clock));
    } catch (thrown) {
      // What is unknown is told by nobody: an old number would start workers, or stop them.
      metrics.batchBacklog(undefined);
      if (!(thrown instanceof StoreUnavailableError))
        logger.error({ err: thrown }, 'the backlog of batches cannot be read');
    }
  }

  return async () => {
    isStopped = true;
    cancel();
    await running;
  };
}
