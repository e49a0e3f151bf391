import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { redisBinary } from './redis-binary.ts';
import { startTestRedis } from './start-test-redis.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ccg-path-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function binary(inFolder: string, name: string, mode: number): string {
  mkdirSync(join(folder, inFolder), { recursive: true });
  const file = join(folder, inFolder, name);
  writeFileSync(file, '#!/bin/sh\n');
  chmodSync(file, mode);
  return file;
}

test('a Redis given for tests is taken as it is, and one of somebody’s production is not looked at', async () => {
  const redis = await startTestRedis({
    TEST_REDIS_URL: 'redis://127.0.0.1:1/for-tests',
    REDIS_URL: 'redis://127.0.0.1:1/production',
  });
  expect(redis.url).toBe('redis://127.0.0.1:1/for-tests');
  await redis.stop();
});

test('the first server on PATH that can be run is used, Redis or Valkey', () => {
  binary('a', 'redis-server', 0o644);
  const valkey = binary('b', 'valkey-server', 0o755);
  binary('c', 'redis-server', 0o755);
  expect(redisBinary(['a', 'b', 'c'].map((name) => join(folder, name)).join(delimiter))).toBe(valkey);
});

test('without a server and without apt-get there is none', () => {
  expect(redisBinary(folder)).toBeUndefined();
});
