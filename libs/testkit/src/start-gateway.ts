import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { repositoryRoot } from './repository-root.ts';
import { compileCache, startProcess } from './start-process.ts';
import type { ProcessExit, StartedProcess } from './start-process.ts';

/** One line of the gateway's log, decoded. */
export type LogLine = Readonly<Record<string, unknown>>;

/** The gateway as its operator has it: a process, two addresses, a log. */
export interface GatewayProcess {
  /** Base URL of the data plane, without a slash at the end. */
  readonly url: string;
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

const startTimeoutMs = 20_000;

/**
 * Starts `apps/gateway` as a process with nothing but the given environment, in an empty folder, on ports that the
 * system chooses; resolves when `/readyz` answers 200. Throws with the output when the process ends before that.
 */
export async function startGateway(env: Readonly<Record<string, string>>): Promise<GatewayProcess> {
  const cwd = await mkdtemp(join(tmpdir(), 'ccg-gateway-'));
  const child = runGateway(env, cwd);
  const stop = async (): Promise<void> => {
    child.killGroup();
    await child.exited;
    await rm(cwd, { recursive: true, force: true });
  };
  try {
    const addresses = await withinStartTimeout(waitUntilReady(child), child);
    return {
      ...addresses,
      exited: child.exited,
      logs: () => readLog(child.stdout()),
      waitForLog: (fits) => waitForLog(child, fits),
      output: () => child.stdout() + child.stderr(),
      pauseLog: child.pauseStdout,
      resumeLog: child.resumeStdout,
      signal: child.signal,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Runs a gateway that is expected to refuse its configuration; gives how it ended and everything it wrote. */
export async function runGatewayToExit(
  env: Readonly<Record<string, string>>,
): Promise<{ readonly exit: ProcessExit; readonly output: string }> {
  const cwd = await mkdtemp(join(tmpdir(), 'ccg-gateway-'));
  const child = runGateway(env, cwd);
  const timer = setTimeout(child.killGroup, startTimeoutMs);
  const exit = await child.exited;
  clearTimeout(timer);
  await rm(cwd, { recursive: true, force: true });
  return { exit, output: child.stdout() + child.stderr() };
}

function runGateway(env: Readonly<Record<string, string>>, cwd: string): StartedProcess {
  // A scripted upstream must see what the tests send, and nothing between.
  const ports = { HOST: '127.0.0.1', PORT: '0', OPS_PORT: '0', MODEL_LIST_INTERVAL_MS: '0' };
  // A developer's own .env is none of the tests' business, and may hold real credentials.
  const noFile = { ENV_FILE: '' };
  const args = [join(repositoryRoot, 'apps/gateway/start.js')];
  return startProcess({ command: process.execPath, args, cwd, env: { ...ports, ...noFile, ...compileCache, ...env } });
}

async function waitUntilReady(child: StartedProcess): Promise<{ readonly url: string; readonly opsUrl: string }> {
  const listening = await waitForLog(child, (line) => line['msg'] === 'listening');
  const url = String(listening['url']);
  const opsUrl = String(listening['opsUrl']);
  while ((await fetch(`${opsUrl}/readyz`)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 20));
  return { url, opsUrl };
}

async function withinStartTimeout<Value>(ready: Promise<Value>, child: StartedProcess): Promise<Value> {
  const failed = new Promise<never>((_resolve, reject) => {
    const fail = (what: string): void => {
      reject(new Error(`The gateway ${what}.\n${child.stdout()}${child.stderr()}`));
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
