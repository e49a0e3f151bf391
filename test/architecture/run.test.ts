import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repositoryRoot } from '../gates/repository-root.ts';
import { runTool } from '../gates/run-tool.ts';
import { runVitest } from '../gates/run-vitest.ts';

/** A repository of nothing but the runner and a few tests. */
let root: string;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'ccg-run-'));
  await mkdir(path.join(root, 'test/contract'), { recursive: true });
  for (const name of ['package.json', 'test/gates', 'test/run.ts', 'test/vitest.config.ts']) {
    await cp(path.join(repositoryRoot, name), path.join(root, name), { recursive: true });
  }
  await symlink(path.join(repositoryRoot, 'node_modules'), path.join(root, 'node_modules'));
});

afterAll(async () => await rm(root, { recursive: true }));

test('counts every way in which a suite can fail to guarantee something', async () => {
  const result = await withTests(
    {
      passing: "test('one', () => {}); test('two', () => {});",
      failing: "test('one', () => { throw new Error('planted'); });",
      skipping: "test('one', (context) => { context.skip(); }); test.todo('two');",
      excused: "test('one', (context) => { context.skip('This machine has no Python.'); });",
      broken: "import './missing.ts'; test('one', () => {});",
      hook: "import { beforeAll } from 'vitest'; beforeAll(() => { throw new Error('planted'); }); test('one', () => {});",
      unhandled: "test('one', () => { void Promise.reject(new Error('planted')); });",
      empty: '',
    },
    async () => await runVitest(root, 'contract', { show: false }),
  );
  // Failing: 1 test, 2 skipped for no reason that a machine can have, 2 files that do not load or hold nothing, a hook and its skipped test, a rejection.
  expect(result).toMatchObject({ passed: 3, failed: 8, skipped: ['This machine has no Python.'], remarks: [] });
});

test('counts a run of nothing and a vitest that does not start as failures', async () => {
  expect(await runVitest(root, 'contract', { show: false })).toMatchObject({ passed: 0, failed: 1 });
});

test('ends with the sum over gates and suites as its last line, and fails when a gate does', async () => {
  const { exitCode, output } = await withTests({ passing: "test('one', () => {});" }, async () => {
    return await runTool(root, { tool: '../../test/run.ts', args: [] });
  });
  expect(output).toContain('✗ oxfmt');
  expect(output).toMatch(/\n1 passed, 1 failed\n$/);
  expect(exitCode).toBe(1);
});

async function withTests<T>(tests: Readonly<Record<string, string>>, body: () => Promise<T>): Promise<T> {
  const files = Object.entries(tests).map(([name, source]) => ({
    file: path.join(root, `test/contract/${name}.test.ts`),
    source: `import { test } from 'vitest'; ${source}\n`,
  }));
  try {
    for (const { file, source } of files) await writeFile(file, source);
    return await body();
  } finally {
    for (const { file } of files) await rm(file);
  }
}
