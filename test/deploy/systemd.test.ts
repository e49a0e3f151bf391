import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '@ccg/gateway';
import { afterAll, describe, expect, test } from 'vitest';
import { repositoryRoot } from '../gates/repository-root.ts';

const folder = mkdtempSync(join(tmpdir(), 'ccg-units-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([
  'claude-code-gateway.service',
  'claude-code-gateway-worker.service',
  'claude-code-gateway-admin.service',
])('%s', (name) => {
  const unit = readFileSync(join(repositoryRoot, 'deploy/systemd', name), 'utf8');

  test('is taken by systemd, and leaves the process next to no rights', (context) => {
    if (spawnSync('systemd-analyze', ['--version']).error !== undefined) {
      return context.skip('This machine has no systemd-analyze.');
    }
    const file = join(folder, name);
    // It looks for the program, which is not installed here.
    writeFileSync(file, unit.replaceAll('/opt/claude-code-gateway/node_modules/.bin/node', process.execPath));
    const analyze = (...args: readonly string[]) =>
      spawnSync('systemd-analyze', [...args, file], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
    expect(analyze('verify', '--man=no')).toMatchObject({ stderr: '', status: 0 });
    // 10 is no protection at all. In tenths.
    expect(analyze('security', '--offline=true', '--no-pager', '--threshold=20')).toMatchObject({ status: 0 });
  });

  test('has the time that running streams get to finish', () => {
    const seconds = Number(/^TimeoutStopSec=(?<seconds>\d+)$/mu.exec(unit)?.groups?.['seconds']);
    const parsed = parseConfig({ REDIS_URL: 'redis://r', KEY_PEPPER: 'p'.repeat(32), OPENAI_API_KEY: 'sk-x' });
    if (parsed.kind === 'faulty') throw new Error(parsed.message);
    expect(seconds * 1000).toBeGreaterThan(parsed.config.drainDelayMs + parsed.config.drainTimeoutMs);
  });
});
