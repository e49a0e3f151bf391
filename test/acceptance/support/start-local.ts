import { readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { compileCache, redisBinary, startProcess } from '@ccg/testkit';
import type { ProcessExit, StartedProcess } from '@ccg/testkit';

const repositoryRoot = fileURLToPath(new URL('../../../', import.meta.url));

/** `npm start` or `npm run demo` as its user has it: a process and what it prints. */
export interface LocalProcess {
  /** The base URL that the welcome names. */
  readonly url: string;
  /** The line of the welcome that begins or ends with the word. */
  pastedLine(word: 'curl' | 'claude'): string;
  readonly process: StartedProcess;
}

export interface LocalOptions {
  readonly dataDir: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Starts it through npm, as its user does, instead of by `node` itself. */
  readonly throughNpm?: boolean;
}

/** Starts `apps/local` with nothing of this environment but the way to a Redis binary; resolves at its welcome. */
export async function startLocal(options: LocalOptions): Promise<LocalProcess> {
  const child = spawnLocal(options);
  const ended = child.exited.then((exit) => {
    throw new Error(`It ended (${exit.signal ?? exit.code}) before its welcome.\n${child.stdout()}${child.stderr()}`);
  });
  const welcomed = new Promise<void>((resolve) => {
    child.onStdoutLine((line) => {
      if (line.startsWith('Ctrl-C ')) resolve();
    });
  });
  await Promise.race([welcomed, ended]);
  ended.catch(() => undefined);
  const lines = child.stdout().split('\n');
  const url =
    lines
      .find((line) => line.startsWith('  Base URL '))
      ?.split(' ')
      .at(-1) ?? '';
  return {
    url,
    pastedLine: (word) => lines.find((line) => line.startsWith(`${word} `) || line.endsWith(` ${word}`)) ?? '',
    process: child,
  };
}

/** Runs a start that is expected to fail. */
export async function runLocalToExit(
  options: LocalOptions,
): Promise<{ readonly exit: ProcessExit; readonly stdout: string; readonly stderr: string }> {
  const child = spawnLocal(options);
  const exit = await child.exited;
  return { exit, stdout: child.stdout(), stderr: child.stderr() };
}

/** Runs a line as a person would who pastes it into a shell. */
export async function paste(
  line: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly exit: ProcessExit; readonly stdout: string; readonly stderr: string }> {
  const path = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };
  const shell = startProcess({ command: 'sh', args: ['-c', line], cwd: repositoryRoot, env: { ...path, ...env } });
  const exit = await shell.exited;
  return { exit, stdout: shell.stdout(), stderr: shell.stderr() };
}

/** Ends the process, and the Redis that it may have left, by their ids. */
export async function endLocal(child: StartedProcess, dataDir: string): Promise<void> {
  child.killGroup();
  await child.exited;
  const pid = await redisPid(dataDir);
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

/** The id of the Redis that runs for this data folder. */
export async function redisPid(dataDir: string): Promise<number | undefined> {
  const pid = Number(await readFile(join(dataDir, 'redis/redis.pid'), 'utf8').catch(() => ''));
  // A number alone may belong to another process by now; the title of ours names the folder's socket.
  const title = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return /redis\.sock/u.test(title) ? pid : undefined;
}

/** Starts it without waiting for anything. */
export function spawnLocal({ dataDir, env, args = [], throughNpm = false }: LocalOptions): StartedProcess {
  const binary = redisBinary();
  if (binary === undefined) throw new Error('These tests need a redis-server: apt-get install redis-server.');
  const npmPath = throughNpm ? [process.env['PATH'] ?? ''] : [];
  return startProcess({
    ...(throughNpm
      ? { command: 'npm', args: ['start', '--no-update-notifier', '--', ...args] }
      : { command: process.execPath, args: [join(repositoryRoot, 'apps/local/start.js'), ...args] }),
    cwd: repositoryRoot,
    env: {
      PATH: [dirname(binary), '/usr/bin', '/bin', ...npmPath].join(delimiter),
      ...compileCache,
      // A developer's own .env is none of the tests' business, and may hold real credentials.
      ENV_FILE: '',
      PORT: '0',
      ADMIN_PORT: '0',
      OPS_PORT: '0',
      // A scripted upstream must see what the tests send, and nothing between.
      MODEL_LIST_INTERVAL_MS: '0',
      DATA_DIR: dataDir,
      ...env,
    },
  });
}
