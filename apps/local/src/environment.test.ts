import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { readEnvironment } from './environment.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ccg-environment-'));
});

afterEach(() => rm(root, { recursive: true }));

describe('readEnvironment', () => {
  test('reads .env without its quotes and below the environment', async () => {
    await writeFile(join(root, '.env'), 'OPENAI_API_KEY="sk-quoted"\nPORT=1\n# PORT=2\n');
    expect(readEnvironment({ PORT: '3' }, root)).toEqual({ OPENAI_API_KEY: 'sk-quoted', PORT: '3' });
  });

  test('needs no .env', () => {
    expect(readEnvironment({ PORT: '3' }, root)).toEqual({ PORT: '3' });
  });

  test('reads the file that ENV_FILE names instead, and none when it is empty', async () => {
    await writeFile(join(root, '.env'), 'PORT=1\n');
    await writeFile(join(root, 'other.env'), 'PORT=2\n');
    expect(readEnvironment({ ENV_FILE: 'other.env' }, root)).toMatchObject({ PORT: '2' });
    expect(readEnvironment({ ENV_FILE: '' }, root)).toEqual({ ENV_FILE: '' });
  });

  test('refuses an ENV_FILE that is not there', () => {
    expect(() => readEnvironment({ ENV_FILE: 'absent.env' }, root)).toThrow(/ENV_FILE: .*absent\.env does not exist/);
  });
});
