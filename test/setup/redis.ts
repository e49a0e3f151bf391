import { startTestRedis } from '@ccg/testkit';
import type { TestProject } from 'vitest/node';

/**
 * One Redis for all files of a project. Workers find it as `TEST_REDIS_URL`: it is put into the project's environment
 * and not into this process's, because another project of the same run may test against another server.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await startTestRedis(process.env);
  project.config.env = { ...project.config.env, TEST_REDIS_URL: redis.url };
  return () => redis.stop();
}
