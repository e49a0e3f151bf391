import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Counts } from './counts-reporter.ts';
import { runTool } from './run-tool.ts';

export interface SuiteResult {
  readonly passed: number;
  readonly failed: number;
  /** The reasons of tests that this machine cannot run. */
  readonly skipped: readonly string[];
  readonly output: string;
  /** Failures that no test carries: a crash, a suite that ran nothing. */
  readonly remarks: readonly string[];
}

/** Runs the vitest projects that match `project` (`!name` for all but one) and counts what they did. */
export async function runVitest(
  root: string,
  project: string,
  options: { readonly show: boolean },
): Promise<SuiteResult> {
  const folder = await mkdtemp(path.join(tmpdir(), 'ccg-test-'));
  const countsFile = path.join(folder, 'counts.json');
  try {
    const args = ['run', '--config', 'test/vitest.config.ts', `--project=${project}`];
    const environment = { VITEST_COUNTS_FILE: countsFile };
    const { exitCode, output } = await runTool(root, { tool: 'vitest', args }, { show: options.show, environment });
    return { ...judge(exitCode, await readCounts(countsFile)), output };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function readCounts(file: string): Promise<Counts | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Counts;
  } catch {
    return undefined;
  }
}

function judge(exitCode: number, counts: Counts | undefined): Omit<SuiteResult, 'output'> {
  if (counts === undefined) {
    return { passed: 0, failed: 1, skipped: [], remarks: [`vitest ended with ${exitCode} and no result`] };
  }
  const projects = Object.entries(counts.projects);
  const { skipped } = counts;
  const remarks = projects
    .filter(([, { passed, failed }]) => passed + failed + skipped.length === 0)
    .map(([name]) => `${name} ran no test`);
  if (projects.length === 0) remarks.push('no project ran');
  const sum = (kind: 'passed' | 'failed'): number => projects.reduce((total, [, count]) => total + count[kind], 0);
  const failed = sum('failed') + counts.unhandledErrors + remarks.length;
  if (exitCode === 0 || failed > 0) return { passed: sum('passed'), failed, skipped, remarks };
  const remark = `vitest ended with ${exitCode} although every test passed`;
  return { passed: sum('passed'), failed: 1, skipped, remarks: [remark] };
}
