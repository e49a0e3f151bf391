import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { redisBinary, startProcess, startRedisCluster, startRedisProcess } from '@ccg/testkit';
import type { RedisProcess, StartedProcess } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { spawnLocal } from './support/start-local.ts';

const repositoryRoot = fileURLToPath(new URL('../../', import.meta.url));
const password = 'secretpart';
const everything = ['on', `>${password}`, '~*', '&*', '+@all'];
const limited = [...everything, '-hset', '-evalsha'];
const careful = [...everything, '-@dangerous'];
const users = ['--user', 'full', ...everything, '--user', 'limited', ...limited, '--user', 'careful', ...careful];

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

function urlFor(user: 'full' | 'limited' | 'careful'): string {
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

const provider = { OPENAI_BASE_URL: 'http://127.0.0.1:1/v1', BIG_MODEL: 'm', SMALL_MODEL: 'm' };
const apps = [
  {
    app: 'npm start',
    start: (env: Readonly<Record<string, string>>) => spawnLocal({ dataDir: join(root, 'data'), env }),
  },
  { app: 'apps/gateway', start: startGateway },
] as const;

test.each(apps)('$app starts on a cluster that one of its nodes names', async ({ start }) => {
  const cluster = await startRedisCluster();
  try {
    const { port } = new URL(cluster.nodes[1]?.url ?? '');
    child = start({ ...provider, REDIS_CLUSTER_NODES: `127.0.0.1:${port}` });
    await expect.poll(() => child?.stdout(), { timeout: 20_000 }).toMatch(/"listening"/u);
    expect(cluster.cli('--cluster', 'call', `127.0.0.1:${port}`, 'DBSIZE')).toMatch(/: [1-9]/u);
  } finally {
    child?.killGroup();
    await cluster.stop();
  }
});

describe.each(apps)('$app', ({ start }) => {
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
      'The Redis user "limited" lacks permissions. Grant them there with: ACL SETUSER limited +hset +evalsha',
    );
    expect(output()).not.toMatch(/^\s+at /mu);
    expect(output()).not.toContain(password);
  });

  test('needs no dangerous command, and the user that lacks INFO costs no line of plain text', async () => {
    child = start({ ...provider, REDIS_URL: urlFor('careful') });
    await expect.poll(output, { timeout: 20_000 }).toMatch(/"listening"/u);
    expect(output()).not.toMatch(/ready check|INFO command/iu);
  });

  test.each([
    {
      name: 'a wrong password',
      url: () => urlFor('full').replace(password, 'secretpart-of-another'),
      says: 'does not accept the user or password of REDIS_URL.',
    },
    {
      name: 'a database that the server does not have',
      url: () => `${urlFor('full')}/99`,
      says: 'has no database 99. End REDIS_URL with the number of one that it has, such as /0.',
    },
  ])('refuses $name in one sentence', async ({ url, says }) => {
    const { port } = new URL(redis.url);
    child = start({ ...provider, REDIS_URL: url() });
    expect(await child.exited).toEqual({ code: 1, signal: null });
    expect(output().split('\n')).toContain(`Redis at 127.0.0.1:${port} ${says}`);
    expect(output()).not.toMatch(/^\s+at |Waiting for Redis/mu);
    expect(output()).not.toContain(password);
  });

  test('refuses a server that is not Redis in one sentence', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const host = `127.0.0.1:${address === null || typeof address === 'string' ? '' : address.port}`;
    child = start({ ...provider, REDIS_URL: `redis://${host}` });
    expect(await child.exited).toEqual({ code: 1, signal: null });
    other.close();
    expect(output()).toContain(`What answers at ${host} is not Redis, or needs TLS.`);
    expect(output()).not.toMatch(/^\s+at |Start it/mu);
  });

  test('says of a Redis in protected mode what to do there', async () => {
    // What Redis says to every connection from another machine while it has no password.
    const denial =
      '-DENIED Redis is running in protected mode because protected mode is enabled and no password is set.';
    const other = createTcpServer((socket) => {
      socket.on('error', () => {}).once('data', () => socket.end(`${denial}\r\n`));
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const host = `127.0.0.1:${address === null || typeof address === 'string' ? '' : address.port}`;
    child = start({ ...provider, REDIS_URL: `redis://${host}` });
    await expect
      .poll(output, { timeout: 20_000 })
      .toMatch(
        /in protected mode.+its own machine\. Set a password there \(requirepass\) and write it into REDIS_URL/u,
      );
    expect(output()).not.toContain('Start it');
    other.close();
  });

  test('says of a port without TLS that it may not speak it', async () => {
    child = start({ ...provider, REDIS_URL: urlFor('full').replace('redis:', 'rediss:') });
    const { port } = new URL(redis.url);
    await expect
      .poll(output, { timeout: 20_000 })
      .toContain(`Waiting for Redis at 127.0.0.1:${port}: no TLS connection`);
    expect(output()).not.toContain('Start it');
  });
});
