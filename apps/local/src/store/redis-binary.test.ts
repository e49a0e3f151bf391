import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { findRedisBinary } from './redis-binary.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ccg-binary-'));
});

afterEach(() => rm(root, { recursive: true }));

async function install(folder: string, name: string, versionLine: string): Promise<string> {
  const path = join(root, folder);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, name), `#!/bin/sh\necho '${versionLine}'\n`);
  await chmod(join(path, name), 0o755);
  return path;
}

describe('findRedisBinary', () => {
  test('finds a Redis of version 6.2', async () => {
    const path = await install('bin', 'redis-server', 'Redis server v=6.2.14 sha=0:0 malloc=libc bits=64');
    expect(await findRedisBinary(path)).toEqual({
      kind: 'found',
      binary: { path: join(path, 'redis-server'), name: 'redis-server 6.2.14' },
    });
  });

  test('finds a Valkey', async () => {
    const path = await install('bin', 'valkey-server', 'Valkey server v=8.1.0 sha=0:0 malloc=libc bits=64');
    expect(await findRedisBinary(path)).toMatchObject({ kind: 'found', binary: { name: 'valkey-server 8.1.0' } });
  });

  test('passes an old one over for a newer one further on', async () => {
    const old = await install('old', 'redis-server', 'Redis server v=6.0.16 sha=0:0');
    const newer = await install('new', 'redis-server', 'Redis server v=7.0.15 sha=0:0');
    expect(await findRedisBinary([old, newer].join(delimiter))).toMatchObject({
      kind: 'found',
      binary: { path: join(newer, 'redis-server') },
    });
    expect(await findRedisBinary(old)).toMatchObject({ kind: 'too-old', binary: { name: 'redis-server 6.0.16' } });
  });

  test('does not take anything else of that name for a server', async () => {
    const path = await install('bin', 'redis-server', 'hello');
    expect(await findRedisBinary([path, '', 'relative', join(root, 'absent')].join(delimiter))).toEqual({
      kind: 'absent',
    });
  });
});
