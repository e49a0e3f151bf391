import { mkdir, mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { privateSocketPath } from './private-socket.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ccg-socket-'));
});

afterEach(() => rm(root, { recursive: true }));

describe('privateSocketPath', () => {
  test('lies in the folder, which is closed to others', async () => {
    const folder = join(root, 'data');
    expect(await privateSocketPath(folder, 's.sock', root)).toBe(join(folder, 's.sock'));
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  test('moves to a private folder of the temporary directory when too long, the same one every time', async () => {
    const folder = join(root, 'x'.repeat(100));
    const first = await privateSocketPath(folder, 's.sock', root);
    expect(Buffer.byteLength(first)).toBeLessThanOrEqual(103);
    expect(dirname(dirname(first))).toBe(root);
    expect((await stat(dirname(first))).mode & 0o777).toBe(0o700);
    expect(await privateSocketPath(folder, 's.sock', root)).toBe(first);
    expect(await privateSocketPath(join(root, 'y'.repeat(100)), 's.sock', root)).not.toBe(first);
  });

  test('counts bytes, not characters', async () => {
    const folder = join(root, 'ü'.repeat(40));
    expect(dirname(dirname(await privateSocketPath(folder, 's.sock', root)))).toBe(root);
  });

  test('refuses a folder in the temporary directory that others may enter, or that is a link', async () => {
    const folder = join(root, 'x'.repeat(100));
    const short = dirname(await privateSocketPath(folder, 's.sock', root));
    await rm(short, { recursive: true });
    await mkdir(short, { mode: 0o755 });
    await expect(privateSocketPath(folder, 's.sock', root)).rejects.toThrow(/not a private folder of this user/);
    await rm(short, { recursive: true });
    await mkdir(join(root, 'elsewhere'), { mode: 0o700 });
    await symlink(join(root, 'elsewhere'), short);
    await expect(privateSocketPath(folder, 's.sock', root)).rejects.toThrow(/not a private folder of this user/);
  });
});
