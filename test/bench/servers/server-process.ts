import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pinned } from './machine.ts';

/** A process under test. */
export interface ServerProcess {
  readonly pid: number;
  readonly port: number;
  /** Lets it end by itself, so that it can write what it collected. */
  stop(): Promise<void>;
}

const startTimeoutMs = 60_000;

/**
 * Starts a server whose first log lines say `listening` and its `url`. Its log goes into a file, as it does in
 * production, and not through a pipe that somebody would have to read.
 */
export async function startServerProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cores: string | undefined,
): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'ccg-bench-'));
  const logFile = join(folder, 'log');
  const log = openSync(logFile, 'a');
  const [command = '', ...rest] = pinned(cores, [process.execPath, ...args]);
  const child = spawn(command, rest, { cwd: folder, env, stdio: ['ignore', log, log] });
  closeSync(log);
  const kill = () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  };
  process.once('exit', kill);
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
    process.off('exit', kill);
    rmSync(folder, { recursive: true });
  };
  const deadline = performance.now() + startTimeoutMs;
  for (;;) {
    const output = readFileSync(logFile, 'utf8');
    const port = portOf(output);
    if (port !== undefined) return { pid: child.pid ?? -1, port, stop };
    if (child.exitCode !== null || performance.now() > deadline) {
      throw new Error(`${args.join(' ')} did not start within ${startTimeoutMs / 1000} s:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function portOf(output: string): number | undefined {
  const line = output.split('\n').find((text) => text.includes('"msg":"listening"'));
  const port = line === undefined ? undefined : /"url":"http:\/\/[^:"]+:(?<port>\d+)"/u.exec(line)?.groups?.['port'];
  return port === undefined ? undefined : Number(port);
}
