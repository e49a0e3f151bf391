import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface ProgramRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, with `input` on its standard input. */
export async function runProgram(file: string, args: readonly string[], input = ''): Promise<ProgramRun> {
  const child = spawn(file, args, { stdio: 'pipe' });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  // A program that ends before it has read everything says why by itself.
  child.stdin.on('error', () => {}).end(input);
  const [code, stdout, stderr] = await Promise.all([exited, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}
