import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';

import { prometheusPrograms } from './prometheus-programs.ts';

const folder = mkdtempSync(join(tmpdir(), 'ccg-programs-'));
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('programs on PATH are taken before anything is downloaded', async () => {
  const searchPath = join(folder, 'bin');
  mkdirSync(searchPath, { recursive: true });
  for (const name of ['prometheus', 'promtool']) writeFileSync(join(searchPath, name), '#!/bin/sh\n', { mode: 0o755 });
  expect(await prometheusPrograms({ searchPath, cacheFolder: join(folder, 'cache') })).toEqual({
    prometheus: join(searchPath, 'prometheus'),
    promtool: join(searchPath, 'promtool'),
  });
});

test('without the programs and without apt-get one sentence says what to install', async () => {
  const found = prometheusPrograms({ searchPath: join(folder, 'nothing'), cacheFolder: join(folder, 'cache') });
  await expect(found).rejects.toThrow(/^This test needs Prometheus: `apt-get install prometheus`, or put/u);
});
