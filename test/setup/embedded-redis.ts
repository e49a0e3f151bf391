import { randomBytes } from 'node:crypto';
import { startEmbeddedServer } from '@ccg/local';
import type { TestProject } from 'vitest/node';

/** The embedded store instead of a real Redis, for the same files: provided like `redis.ts` provides it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const password = randomBytes(16).toString('hex');
  const server = await startEmbeddedServer({ listen: { host: '127.0.0.1', port: 0 }, password });
  const url = `redis://:${password}@127.0.0.1:${server.port ?? 0}`;
  project.config.env = { ...project.config.env, TEST_REDIS_URL: url };
  return () => server.close();
}
