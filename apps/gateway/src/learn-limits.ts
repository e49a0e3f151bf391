import { readModelList } from '@ccg/catalog';
import type { Catalog, Provider, Targets } from '@ccg/catalog';
import type { Clock } from '@ccg/kernel';
import type { Logger } from '@ccg/telemetry';
import type { Upstream } from '@ccg/upstream';

export interface LearnLimitsDependencies {
  readonly catalog: Catalog;
  readonly targets: Targets;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long after one round the next begins; 0 never asks. */
  readonly intervalMs: number;
}

const timeoutMs = 20_000;
/** OpenRouter's list has about a megabyte; what is read at once must not hold the process up. */
const listMaxBytes = 4 * 1024 * 1024;

/**
 * Asks every provider for its list of models, now and again after each interval, beside the requests and never before
 * them. A provider that has no list changes nothing, and is told of once. The returned function ends it.
 */
export function learnLimits(dependencies: LearnLimitsDependencies): () => void {
  const { catalog, clock, intervalMs } = dependencies;
  const ending = new AbortController();
  const untold = new Set(catalog.providers.keys());
  let cancel = (): void => {};

  async function round(): Promise<void> {
    for (const provider of catalog.providers.values()) {
      if (ending.signal.aborted) return;
      await learnFrom(provider, dependencies, ending.signal, untold);
    }
    cancel = clock.schedule(intervalMs, () => void round());
  }

  if (intervalMs > 0) void round();
  return () => {
    ending.abort();
    cancel();
  };
}

async function learnFrom(
  provider: Provider,
  { targets, upstream, clock, logger }: LearnLimitsDependencies,
  ending: AbortSignal,
  untold: Set<string>,
): Promise<void> {
  const timeout = new AbortController();
  const cancel = clock.schedule(timeoutMs, () => {
    timeout.abort();
  });
  try {
    const signal = AbortSignal.any([ending, timeout.signal]);
    const response = await upstream.call(provider, { operation: 'models' }, signal);
    const body = await response.body.collect(listMaxBytes);
    if (response.status !== 200) throw new Error(`It answered ${response.status}.`);
    const learned = readModelList(JSON.parse(Buffer.from(body).toString('utf8')));
    if (learned === undefined) throw new Error('It is no list.');
    targets.learn(provider.name, learned);
    logger.debug({ provider: provider.name, models: learned.size }, 'limits of models learned');
  } catch (error) {
    if (ending.aborted || !untold.delete(provider.name)) return;
    logger.info(
      { provider: provider.name, err: error },
      'the provider does not list its models; their limits are not learned',
    );
  } finally {
    cancel();
  }
}
