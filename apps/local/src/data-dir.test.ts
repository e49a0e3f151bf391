import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { StartError } from '@ccg/startup';
import { Secret } from '@ccg/kernel';

import { openDataDir, readOrCreateSecret } from './data-dir.ts';

let parent: string;
let path: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'ccg-data-dir-'));
  path = join(parent, 'a', 'data');
});

afterEach(() => rm(parent, { recursive: true }));

describe('openDataDir', () => {
  test('makes the folder private', async () => {
    const dataDir = await openDataDir(path);
    expect((await stat(dataDir.path)).mode & 0o777).toBe(0o700);
  });

  test('leaves the mode of a folder that exists, and refuses one that others can write into', async () => {
    await mkdir(path, { recursive: true });
    await chmod(path, 0o755);
    await openDataDir(path);
    expect((await stat(path)).mode & 0o777).toBe(0o755);
    await chmod(path, 0o1777);
    await expect(openDataDir(path)).rejects.toThrow(
      /Others can write into DATA_DIR .* Set DATA_DIR to a folder of its own/,
    );
    expect((await stat(path)).mode & 0o1777).toBe(0o1777);
  });

  test('refuses a folder that a running process holds, and names the process', async () => {
    const other = spawn('sleep', ['60']);
    try {
      await openDataDir(path);
      await writeFile(join(path, 'lock'), JSON.stringify({ pid: other.pid }));
      await expect(openDataDir(path)).rejects.toThrow(
        new StartError(
          `DATA_DIR ${path} is in use by the running process ${other.pid}. Stop that one, or set DATA_DIR (and PORT, ADMIN_PORT, OPS_PORT) to run a second beside it.`,
        ),
      );
    } finally {
      other.kill();
    }
  });

  test('takes over the lock of a process that is gone', async () => {
    const other = spawn('true');
    await once(other, 'exit');
    await openDataDir(path);
    await writeFile(join(path, 'lock'), JSON.stringify({ pid: other.pid }));
    await openDataDir(path);
    expect(await readFile(join(path, 'lock'), 'utf8')).toContain(`"pid":${process.pid}`);
  });

  test.runIf(process.platform === 'linux')('takes over a lock whose process id now belongs to another', async () => {
    await openDataDir(path);
    await writeFile(join(path, 'lock'), JSON.stringify({ pid: process.ppid, startTime: '1' }));
    await expect(openDataDir(path)).resolves.toMatchObject({ path });
  });

  test('takes over a lock file that holds no lock', async () => {
    await openDataDir(path);
    await writeFile(join(path, 'lock'), '');
    await expect(openDataDir(path)).resolves.toMatchObject({ path });
  });

  test('is free again after close', async () => {
    const dataDir = await openDataDir(path);
    await dataDir.close();
    await expect(stat(join(path, 'lock'))).rejects.toThrow('ENOENT');
  });

  test('says what to do about a folder that cannot be made', async () => {
    await writeFile(join(parent, 'a'), '');
    await expect(openDataDir(path)).rejects.toThrow(/cannot be written .* Set DATA_DIR to a folder of yours/);
  });
});

describe('readOrCreateSecret', () => {
  test('creates one line that only its user can read, and leaves nothing else', async () => {
    const secret = await readOrCreateSecret(join(parent, 'key'), () => new Secret('generated'));
    expect(secret.reveal()).toBe('generated');
    expect(await readFile(join(parent, 'key'), 'utf8')).toBe('generated\n');
    expect((await stat(join(parent, 'key'))).mode & 0o777).toBe(0o600);
    expect(await readdir(parent)).toEqual(['key']);
  });

  test('keeps what the file holds and closes it to others', async () => {
    await writeFile(join(parent, 'key'), 'kept\n');
    await chmod(join(parent, 'key'), 0o644);
    const secret = await readOrCreateSecret(join(parent, 'key'), () => new Secret('generated'));
    expect(secret.reveal()).toBe('kept');
    expect((await stat(join(parent, 'key'))).mode & 0o777).toBe(0o600);
  });
});
