import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { redisBinary, startProcess, startRedisProcess } from '@ccg/testkit';
import type { RedisProcess, StartedProcess } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { spawnLocal } from './support/start-local.ts';

const repositoryRoot = fileURLToPath(new URL('../../', import.meta.url));
const password = 'secretpart';
const everything = ['on', `>${password}`, '~*', '&*', '+@all'];
const users = ['--user', 'full', ...everything, '--user', 'limited', ...everything, '-hset', '-evalsha'];

let root: string;
let redis: RedisProcess;
let child: StartedProcess | undefined;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ccg-start-'));
  redis = await startRedisProcess({ binary: redisBinary() ?? '', extraArgs: users });
});

afterEach(async () => {
  child?.killGroup();
  await child?.exited;
  await redis.stop();
  await rm(root, { recursive: true });
});

function urlFor(user: 'full' | 'limited'): string {
  return redis.url.replace('redis://', `redis://${user}:${password}@`);
}

function startGateway(env: Readonly<Record<string, string>>): StartedProcess {
  return startProcess({
    command: process.execPath,
    args: [join(repositoryRoot, 'apps/gateway/start.js')],
    cwd: root,
    env: { ENV_FILE: '', PORT: '0', OPS_PORT: '0', KEY_PEPPER: 'p'.repeat(32), MODEL_LIST_INTERVAL_MS: '0', ...env },
  });
}

const apps = [
  {
    app: 'npm start',
    start: (env: Readonly<Record<string, string>>) => spawnLocal({ dataDir: join(root, 'data'), env }),
  },
  { app: 'apps/gateway', start: startGateway },
] as const;

describe.each(apps)('$app', ({ start }) => {
  const provider = { OPENAI_BASE_URL: 'http://127.0.0.1:1/v1', BIG_MODEL: 'm', SMALL_MODEL: 'm' };

  function output(): string {
    return `${child?.stdout() ?? ''}${child?.stderr() ?? ''}`;
  }

  test('says where it waits for a Redis that is down, never the password, and goes on when it comes', async () => {
    await redis.kill();
    child = start({ ...provider, REDIS_URL: urlFor('full') });
    const { port } = new URL(redis.url);
    await expect
      .poll(output, { timeout: 20_000 })
      .toContain(`Waiting for Redis at 127.0.0.1:${port} (ECONNREFUSED). Start it, or set REDIS_URL to another.`);
    await redis.start();
    await expect.poll(output, { timeout: 20_000 }).toMatch(/"listening"/u);
    expect(output()).not.toContain(password);
  });

  test('refuses a Redis user that may not run a command, and says how to permit it', async () => {
    child = start({ ...provider, REDIS_URL: urlFor('limited') });
    expect(await child.exited).toEqual({ code: 1, signal: null });
    expect(output().split('\n')).toContain(
      'The Redis user "limited" may not do all that the gateway needs. Permit it there with: ACL SETUSER limited +evalsha +hset',
    );
    expect(output()).not.toMatch(/^\s+at /mu);
    expect(output()).not.toContain(password);
  });
});
