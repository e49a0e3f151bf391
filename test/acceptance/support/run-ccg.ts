import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { compileCache, startProcess } from '@ccg/testkit';
import type { StartedProcess } from '@ccg/testkit';

import { repositoryRoot } from '../../gates/repository-root.ts';

export interface CcgRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `ccg` once, with nothing of this process's environment but PATH. */
export async function runCcg(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { input = '', cwd = '/' }: { readonly input?: string; readonly cwd?: string } = {},
): Promise<CcgRun> {
  const child = spawn(process.execPath, [start, ...args], { cwd, env: environment(env) });
  const closed = once(child, 'close');
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await closed;
  return { exitCode: child.exitCode, stdout, stderr };
}

/** Starts a `ccg` that goes on until it is killed. */
export function startCcg(args: readonly string[], env: Readonly<Record<string, string>>): StartedProcess {
  return startProcess({ command: process.execPath, args: [start, ...args], cwd: '/', env: environment(env) });
}

const start = join(repositoryRoot, 'apps/cli/start.js');

function environment(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return { PATH: process.env['PATH'] ?? '', HOME: '/nowhere', ENV_FILE: '', ...compileCache, ...env };
}
