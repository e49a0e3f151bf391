import { fileURLToPath } from 'node:url';
import { compileCache, startProcess } from '@ccg/testkit';
import type { ProcessExit } from '@ccg/testkit';

const script = fileURLToPath(new URL('../../replay.ts', import.meta.url));

/** Runs what `npm run replay` runs, to its end. */
export async function runReplay(
  args: readonly string[],
): Promise<{ readonly exit: ProcessExit; readonly stdout: string; readonly stderr: string }> {
  const child = startProcess({
    command: process.execPath,
    args: [script, ...args],
    cwd: process.cwd(),
    env: compileCache,
  });
  const exit = await child.exited;
  return { exit, stdout: child.stdout(), stderr: child.stderr() };
}
