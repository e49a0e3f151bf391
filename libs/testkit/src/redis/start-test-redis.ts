import { redisBinary } from './redis-binary.ts';
import { startRedisContainer } from './redis-container.ts';
import { startRedisProcess } from './redis-process.ts';

export interface TestRedis {
  readonly url: string;
  /** Ends what was started for the tests; leaves alone what was there before. */
  stop(): Promise<void>;
}

/**
 * The Redis of a test run: `TEST_REDIS_URL`, else a server's binary, else Debian's package, else a container. Never
 * `REDIS_URL`, which may be someone's production. Throws with the command to run when there is none of them.
 */
export async function startTestRedis(env: Readonly<Record<string, string | undefined>>): Promise<TestRedis> {
  const given = env['TEST_REDIS_URL'];
  if (given !== undefined && given !== '') return { url: given, stop: async () => {} };
  const binary = redisBinary(env['PATH']);
  if (binary !== undefined) return startRedisProcess({ binary });
  return startRedisContainer().catch((cause: unknown) => {
    throw new Error(
      [
        'The tests need Redis, and there is neither a redis-server on PATH nor Docker. Do one of these:',
        '  apt-get install redis-server            (Debian, Ubuntu; brew install redis on macOS)',
        '  docker run -d -p 6379:6379 redis:7 && TEST_REDIS_URL=redis://127.0.0.1:6379 npm test',
      ].join('\n'),
      { cause },
    );
  });
}
