import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Secret } from '@ccg/kernel';

import { readOrCreateSecret } from './secret-file.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ccg-secret-'));
});

afterEach(() => rm(folder, { recursive: true }));

describe('readOrCreateSecret', () => {
  test('creates one line that only its user can read, and leaves nothing else', async () => {
    const secret = await readOrCreateSecret(join(folder, 'key'), () => new Secret('generated'));
    expect(secret.reveal()).toBe('generated');
    expect(await readFile(join(folder, 'key'), 'utf8')).toBe('generated\n');
    expect((await stat(join(folder, 'key'))).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['key']);
  });

  test('keeps what the file holds and closes it to others', async () => {
    await writeFile(join(folder, 'key'), 'kept\n');
    await chmod(join(folder, 'key'), 0o644);
    const secret = await readOrCreateSecret(join(folder, 'key'), () => new Secret('generated'));
    expect(secret.reveal()).toBe('kept');
    expect((await stat(join(folder, 'key'))).mode & 0o777).toBe(0o600);
  });
});
