import { createHash, randomBytes } from 'node:crypto';
import { createReadBudgets } from '@ccg/admission';
import { BatchFilesError, createTransitions } from '@ccg/batches';
import type { CreateDependencies, Transitions } from '@ccg/batches';
import type { Targets } from '@ccg/catalog';
import type { Clock } from '@ccg/kernel';
import { openBatchFiles, sha256 } from '@ccg/startup';
import { createJudgeBatch } from '@ccg/serving';
import type { JudgeBatch } from '@ccg/serving';
import type { Store } from '@ccg/store';
import type { Logger } from '@ccg/telemetry';
import type { GatewayConfig } from './config.ts';

/** What the endpoints of batches work with. */
export interface Batching extends Omit<CreateDependencies, 'judge'> {
  readonly judge: JudgeBatch;
  readonly transitions: Transitions;
  /** Where clients reach the gateway: the address of results begins with it, never with what a request says. */
  publicBaseUrl(): string;
}

interface BatchingParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly targets: Targets;
}

/**
 * Undefined where batches are off, which is said in the log. `ownUrl` is for clients that are on this machine, where nobody
 * says another one.
 *
 * @throws StartError where batches are kept in another store than this configuration's.
 */
export async function openBatching(
  config: GatewayConfig,
  { store, clock, logger, targets }: BatchingParts,
  ownUrl: (() => string) | undefined,
): Promise<Batching | undefined> {
  const { publicBaseUrl: configured, batchRetentionMs: retentionMs } = config;
  const publicBaseUrl = configured === undefined ? ownUrl : () => configured;
  if (publicBaseUrl === undefined) {
    logger.info('message batches are off: set PUBLIC_BASE_URL to the URL at which clients reach this gateway');
    return undefined;
  }
  const { files, areShared } = await openBatchFiles(config, store, logger);
  const transitions = createTransitions({ store, clock });
  const readBudgets = createReadBudgets({ store, clock });
  const judgeCosts = createJudgeBatch({ readBudgets, catalog: config.catalog, targets, digest: sha256 });
  const judge: JudgeBatch = async (request) => {
    const microDollars = await judgeCosts(request);
    // No worker would find its items.
    if (!(await areShared())) throw new BatchFilesError('unavailable', 'not shared');
    return microDollars;
  };
  return { judge, store, files, clock, randomBytes, createHash: createSha256, retentionMs, transitions, publicBaseUrl };
}

function createSha256(): ReturnType<CreateDependencies['createHash']> {
  const hash = createHash('sha256');
  return {
    update(bytes) {
      hash.update(bytes);
    },
    hex: () => hash.digest('hex'),
  };
}
