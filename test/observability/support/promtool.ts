import { spawnSync } from 'node:child_process';

export interface PromtoolRun {
  readonly status: number | null;
  /** Standard output, then standard error. */
  readonly output: string;
}

/** Runs promtool to its end, with `input` on its standard input. */
export function runPromtool(promtool: string, args: readonly string[], input = ''): PromtoolRun {
  const { status, stdout, stderr, error } = spawnSync(promtool, args, { input, encoding: 'utf8' });
  if (error !== undefined) throw error;
  return { status, output: stdout + stderr };
}
