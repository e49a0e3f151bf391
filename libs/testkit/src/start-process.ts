import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { leakWatch } from './leak-watch.ts';
import { repositoryRoot } from './repository-root.ts';

/** How a process ended: by itself, or by a signal. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child in a process group of its own, its output kept. */
export interface StartedProcess {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  stdout(): string;
  stderr(): string;
  /** Calls back with every line of stdout, those before the call included. */
  onStdoutLine(listener: (line: string) => void): void;
  /** Reads nothing of its stdout until it is told to read on. */
  pauseStdout(): void;
  resumeStdout(): void;
  /** Signals the process alone. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Kills the whole group; harmless when it is gone. */
  readonly killGroup: () => void;
}

export interface StartProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** What stdin is: /dev/null unless given, or a pipe into which nothing is written. */
  readonly input?: 'none' | 'silent';
}

/** For the environment of a Node process: what one start has compiled, the next one reads. Halves the time of a start. */
export const compileCache = { NODE_COMPILE_CACHE: join(repositoryRoot, '.cache/compiled') } as const;

/** A process of ours whose output is its log. The command line tool shows secrets to whoever runs it. */
const appFile = /\/apps\/(?:gateway|admin|worker|local)\/start\.js$/u;

/** One listener for all children: some suites start a dozen. */
const killAtExit = new Set<() => void>();
process.once('exit', () => {
  for (const kill of killAtExit) kill();
});

/** Starts a process. It dies with the tests' process, its children too. */
export function startProcess(options: StartProcessOptions): StartedProcess {
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: options.env,
    stdio: [options.input === 'silent' ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const { pid, stdout: output, stderr: errors } = child;
  if (output === null || errors === null) throw new Error('The process has no output.');
  let stdout = '';
  let stderr = '';
  const listeners: ((line: string) => void)[] = [];
  const splitLines = createLineSplitter((line) => {
    for (const listener of listeners) listener(line);
  });
  output.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    splitLines(text);
  });
  errors.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  if (options.args.some((arg) => appFile.test(arg))) leakWatch.process(options.env, () => stdout + stderr);
  const killGroup = (): void => {
    if (pid !== undefined) killQuietly(-pid);
  };
  killAtExit.add(killGroup);
  const exited = new Promise<ProcessExit>((resolve, reject) => {
    child.once('error', reject);
    // `close` and not `exit`: by then the output is read to its end.
    child.once('close', (code, signal) => {
      killAtExit.delete(killGroup);
      resolve({ code, signal });
    });
  });
  return {
    pid: pid ?? -1,
    exited,
    stdout: () => stdout,
    stderr: () => stderr,
    onStdoutLine(listener) {
      for (const line of stdout.split('\n').slice(0, -1)) listener(line);
      listeners.push(listener);
    },
    pauseStdout() {
      output.pause();
    },
    resumeStdout() {
      output.resume();
    },
    signal(signal) {
      child.kill(signal);
    },
    killGroup,
  };
}

function createLineSplitter(onLine: (line: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Nothing is left to kill.
  }
}
