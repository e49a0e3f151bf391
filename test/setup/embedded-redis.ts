import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedServer } from '@ccg/local';
import type { TestProject } from 'vitest/node';

/** The embedded store with its journal instead of a real Redis, for the same files: provided like `redis.ts` provides it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const password = randomBytes(16).toString('hex');
  const folder = await mkdtemp(join(tmpdir(), 'ccg-embedded-'));
  const listen = { host: '127.0.0.1', port: 0 };
  const server = await startEmbeddedServer({ listen, password, journalPath: join(folder, 'journal') });
  const url = `redis://:${password}@127.0.0.1:${server.port ?? 0}`;
  project.config.env = { ...project.config.env, TEST_REDIS_URL: url };
  return async () => {
    await server.close();
    await rm(folder, { recursive: true });
  };
}
