import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface ProgramRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What is on its standard input. */
  readonly input?: string;
}

/** Runs a program to its end, whatever that is. */
export async function runProgram(
  file: string,
  args: readonly string[],
  { cwd, env, input = '' }: ProgramOptions = {},
): Promise<ProgramRun> {
  const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: 'pipe' });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  // A program that ends before it has read everything says why by itself.
  child.stdin.on('error', () => {}).end(input);
  const [code, stdout, stderr] = await Promise.all([exited, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

/** The same for a program that must end with 0; throws what it says otherwise. */
export async function mustRun(file: string, args: readonly string[], options?: ProgramOptions): Promise<ProgramRun> {
  const ended = await runProgram(file, args, options);
  if (ended.code === 0) return ended;
  throw new Error(`${file} ${args.join(' ')} ended with ${ended.code}.\n${ended.stdout}${ended.stderr}`);
}
