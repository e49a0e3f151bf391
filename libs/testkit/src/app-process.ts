import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { repositoryRoot } from './repository-root.ts';
import { compileCache, startProcess } from './start-process.ts';
import type { ProcessExit, StartedProcess } from './start-process.ts';

/** One line of the log of an app, decoded. */
export type LogLine = Readonly<Record<string, unknown>>;

/** An app as its operator has it: a process, an address for its probes, a log. */
export interface AppProcess {
  readonly pid: number;
  /** Base URL of the ops listener. */
  readonly opsUrl: string;
  readonly exited: Promise<ProcessExit>;
  /** Every log line so far. */
  logs(): readonly LogLine[];
  /** The first log line that fits, written already or later. */
  waitForLog(fits: (line: LogLine) => boolean): Promise<LogLine>;
  /** Everything written so far, to stdout and stderr. */
  output(): string;
  /** Nobody reads its log until it is resumed. */
  pauseLog(): void;
  resumeLog(): void;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Kills it if it still runs, and removes its folder. */
  stop(): Promise<void>;
}

export interface AppStart {
  readonly app: 'gateway' | 'worker';
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The message of the line of its log that has its addresses. */
  readonly greeting: string;
}

/** Two cores that many tests share are slow. */
const startTimeoutMs = 60_000;

/**
 * Starts an app as a process in an empty folder; resolves with it and its greeting when `/readyz` answers 200. Throws with
 * the output when the process ends before that.
 */
export async function startApp(start: AppStart): Promise<{ readonly app: AppProcess; readonly greeting: LogLine }> {
  const cwd = await mkdtemp(join(tmpdir(), `ccg-${start.app}-`));
  const child = runApp(start, cwd);
  const stop = async (): Promise<void> => {
    child.killGroup();
    await child.exited;
    await rm(cwd, { recursive: true, force: true });
  };
  try {
    const greeting = await withinStartTimeout(waitUntilReady(child, start.greeting), child, start.app);
    const app: AppProcess = {
      pid: child.pid,
      opsUrl: String(greeting['opsUrl']),
      exited: child.exited,
      logs: () => readLog(child.stdout()),
      waitForLog: (fits) => waitForLog(child, fits),
      output: () => child.stdout() + child.stderr(),
      pauseLog: child.pauseStdout,
      resumeLog: child.resumeStdout,
      signal: child.signal,
      stop,
    };
    return { app, greeting };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Runs an app that is expected to end by itself; gives how it ended and everything it wrote. */
export async function runAppToExit(
  start: Pick<AppStart, 'app' | 'env'>,
): Promise<{ readonly exit: ProcessExit; readonly output: string }> {
  const cwd = await mkdtemp(join(tmpdir(), `ccg-${start.app}-`));
  const child = runApp(start, cwd);
  const timer = setTimeout(child.killGroup, startTimeoutMs);
  const exit = await child.exited;
  clearTimeout(timer);
  await rm(cwd, { recursive: true, force: true });
  return { exit, output: child.stdout() + child.stderr() };
}

function runApp({ app, env }: Pick<AppStart, 'app' | 'env'>, cwd: string): StartedProcess {
  // A developer's own .env is none of the tests' business, and may hold real credentials.
  const noFile = { ENV_FILE: '' };
  const args = [join(repositoryRoot, `apps/${app}/start.js`)];
  return startProcess({ command: process.execPath, args, cwd, env: { ...noFile, ...compileCache, ...env } });
}

async function waitUntilReady(child: StartedProcess, greeting: string): Promise<LogLine> {
  const line = await waitForLog(child, ({ msg }) => msg === greeting);
  const readyUrl = `${String(line['opsUrl'])}/readyz`;
  while ((await fetch(readyUrl)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 20));
  return line;
}

async function withinStartTimeout<Value>(ready: Promise<Value>, child: StartedProcess, app: string): Promise<Value> {
  const failed = new Promise<never>((_resolve, reject) => {
    const fail = (what: string): void => {
      reject(new Error(`The ${app} ${what}.\n${child.stdout()}${child.stderr()}`));
    };
    const timer = setTimeout(() => {
      fail(`was not ready within ${startTimeoutMs} ms`);
    }, startTimeoutMs);
    void child.exited.then((exit) => {
      fail(`ended with ${exit.signal ?? `code ${exit.code}`} before it was ready`);
    });
    void ready.finally(() => {
      clearTimeout(timer);
    });
  });
  return Promise.race([ready, failed]);
}
async function waitForLog(child: StartedProcess, fits: (line: LogLine) => boolean): Promise<LogLine> {
  return new Promise((resolve) => {
    child.onStdoutLine((text) => {
      const line = readLogLine(text);
      if (line !== undefined && fits(line)) resolve(line);
    });
  });
}

function readLog(stdout: string): LogLine[] {
  return stdout.split('\n').flatMap((text) => {
    const line = readLogLine(text);
    return line === undefined ? [] : [line];
  });
}

function readLogLine(text: string): LogLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
