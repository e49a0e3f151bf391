import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repositoryRoot } from '../gates/repository-root.ts';
import { copyTree, type TreeCopy } from './copy-tree.ts';

const starts = globSync('apps/*/start.js', { cwd: repositoryRoot }).sort();

/** What an app cannot start without. One person's gateway needs nothing. */
const requiredVariables: Readonly<Record<string, readonly string[]>> = {
  'apps/gateway/start.js': ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'KEY_PEPPER', 'REDIS_URL'],
};

/** Makes a new Node say that it is an old one, before the first line of the program. */
const pretendOldNode = `data:text/javascript,${encodeURIComponent(`
  Object.defineProperty(process, 'version', { value: 'v20.20.2' });
  Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } });
`)}`;

// A copy has no `.env` and no data of whoever runs this.
let copy: TreeCopy;

beforeAll(async () => {
  copy = await copyTree(repositoryRoot);
});

afterAll(async () => await copy.remove());

test('every app has a start.js', () => {
  expect(starts).toEqual(
    globSync('apps/*', { cwd: repositoryRoot })
      .map((app) => `${app}/start.js`)
      .sort(),
  );
  expect(starts.length).toBeGreaterThan(0);
});

describe.each(starts)('%s', (start) => {
  test('says which Node it needs and exits 1 on an older one', async () => {
    const { exitCode, stdout, stderr } = await run(['--import', pretendOldNode, start]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain('24.12');
    expect(stderr).toContain('20.20.2');
    expect(stderr).not.toMatch(stackTrace);
  });
});

test.each(Object.entries(requiredVariables))(
  '%s names the variables that it misses and exits 1 without a configuration',
  async (start, names) => {
    const { exitCode, stderr } = await run([start]);
    expect(exitCode).toBe(1);
    for (const name of names) expect(stderr).toContain(name);
    expect(stderr).not.toMatch(stackTrace);
  },
);

test('a start keeps what it has compiled for the next one', async () => {
  await run(['apps/gateway/start.js']);
  const [folder = ''] = await readdir(path.join(copy.root, '.cache/compiled'));
  expect((await readdir(path.join(copy.root, '.cache/compiled', folder))).length).toBeGreaterThan(100);
});

const stackTrace = /^\s+at .+:\d+:\d+\)?$/m;

async function run(args: readonly string[]): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, args, {
    cwd: copy.root,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const deadline = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  const [exitCode, stdout, stderr] = await Promise.all([exited, text(child.stdout), text(child.stderr)]);
  clearTimeout(deadline);
  return { exitCode, stdout, stderr };
}
