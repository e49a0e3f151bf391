import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { redisBinary, startProcess } from '@ccg/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import { chartSuite } from './support/chart-suite.ts';

const toolsOf = chartSuite();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ccg-chart-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const statefulSet = z.object({
  spec: z.object({
    template: z.object({ spec: z.object({ containers: z.tuple([z.object({ command: z.array(z.string()) })]) }) }),
  }),
});

test('the command of the built-in Redis asks for the password, keeps an append-only file and evicts nothing', async (context) => {
  const { chart } = toolsOf(context);
  const binary = redisBinary();
  if (binary === undefined) return context.skip('This machine has no redis-server.');
  const objects = await chart.render('built-in-redis');
  const { object } = objects.find(({ name }) => name === 'StatefulSet/ccg-redis') ?? {};
  const [
    {
      command: [shell = '', flag = '', script = ''],
    },
  ] = statefulSet.parse(object).spec.template.spec.containers;
  // redis-server of Debian stands for Valkey, with its data and a socket in a folder of the test.
  symlinkSync(binary, join(folder, 'valkey-server'));
  const socket = join(folder, 'redis.sock');
  const server = startProcess({
    command: shell,
    args: [flag, script.replace('--dir /data', `--dir ${folder} --port 0 --unixsocket ${socket}`)],
    cwd: folder,
    env: { PATH: `${folder}${delimiter}/usr/bin:/bin`, REDISCLI_AUTH: 'a password' },
  });
  const client = new Redis(socket, { password: 'a password', retryStrategy: () => 50 });
  const stranger = new Redis(socket, { lazyConnect: true, retryStrategy: () => null });
  // Until the server listens, and where it asks for the password.
  for (const each of [client, stranger]) each.on('error', () => {});
  try {
    const read = async (name: string): Promise<unknown> => ((await client.config('GET', name)) as string[])[1];
    expect(await read('appendonly')).toBe('yes');
    expect(await read('maxmemory-policy')).toBe('noeviction');
    expect(await read('maxmemory')).toBe(String(384 * 1024 * 1024));
    await expect(stranger.ping()).rejects.toThrow('NOAUTH');
  } finally {
    client.disconnect();
    stranger.disconnect();
    server.killGroup();
    await server.exited;
  }
});
