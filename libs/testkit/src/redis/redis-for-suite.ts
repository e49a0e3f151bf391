import { randomUUID } from 'node:crypto';
import type { ConnectionTarget } from '@ccg/store';

export interface SuiteRedis {
  readonly url: string;
  /** The same, or the cluster or the Sentinels that this run is about. */
  readonly target: ConnectionTarget;
  /** The addresses of its servers, where there are several. */
  readonly servers: readonly string[];
  /** No other call gets the same one, so that suites share a server and nobody needs to flush it. */
  readonly keyPrefix: string;
}

/** The run's Redis with a redis-key prefix for one suite. `TEST_REDIS_URL` is set by the suite's global setup or by whoever runs it. */
export function redisForSuite(name: string): SuiteRedis {
  const url = process.env['TEST_REDIS_URL'];
  if (url === undefined || url === '') {
    throw new Error('TEST_REDIS_URL is not set. Run this file through npm test, or set it to a Redis for tests.');
  }
  const keyPrefix = `test:${name}:${randomUUID()}:`;
  const topology = process.env['TEST_REDIS_TOPOLOGY'];
  if (topology === undefined) return { url, target: { url }, servers: [], keyPrefix };
  return { url, ...(JSON.parse(topology) as Pick<SuiteRedis, 'target' | 'servers'>), keyPrefix };
}
