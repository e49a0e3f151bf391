import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { isProcessAlive } from '../data-dir.ts';
import { StartError } from '@ccg/startup';
import type { ServerLife } from './keep-running.ts';
import type { RedisBinary } from './redis-binary.ts';
import { RedisReplyError, sendRedisCommand } from './redis-command.ts';

export interface RedisFiles {
  /** Holds the append-only file, the log and the pid file; private (0700). */
  readonly folder: string;
  readonly socketPath: string;
}

export interface RedisLife extends ServerLife {
  readonly pid: number;
  /** Whether it was found running: an earlier parent was killed and left it. */
  readonly adopted: boolean;
}

/** A server that loads a large append-only file answers late. */
const startTimeoutMs = 60_000;
const replyTimeoutMs = 2_000;
const stopTimeoutMs = 10_000;
const pollMs = 10;

/**
 * Starts a Redis server on a private unix socket, with an append-only file, or adopts the one that a killed parent
 * left. The server has a process group of its own: Ctrl-C at the terminal does not reach it, so it outlives the
 * draining. Hold the data folder's lock while you call it.
 */
export async function startRedis(binary: RedisBinary, files: RedisFiles): Promise<RedisLife> {
  await mkdir(files.folder, { recursive: true, mode: 0o700 });
  const left = await findLeftServer(files);
  if (left !== undefined) await waitForPong(files, left);
  const pid = left ?? (await spawnServer(binary, files));
  return {
    pid,
    adopted: left !== undefined,
    ended: watchConnection(files.socketPath),
    close: () => shutDown(pid, files),
  };
}

/** The pid of a running server of this folder: it answers on our socket and is the one that the pid file names. */
async function findLeftServer(files: RedisFiles): Promise<number | undefined> {
  const pid = Number(await readFile(pidFile(files), 'utf8').catch(() => ''));
  const runsHere = Number.isInteger(pid) && pid > 0 && isProcessAlive(pid) && (await mayHoldFiles(pid, files));
  try {
    const info = await sendRedisCommand(files.socketPath, ['INFO', 'server'], replyTimeoutMs);
    if (runsHere && Number(/^process_id:(\d+)/m.exec(info)?.[1]) === pid) return pid;
  } catch (thrown) {
    if (!runsHere) return undefined;
    throw new StartError(
      `A Redis of an earlier run (process ${pid}) still uses ${files.folder} but does not answer` +
        ` (${thrown instanceof Error ? thrown.message : String(thrown)}). Stop it with \`kill ${pid}\`, then start again.`,
    );
  }
  // Two containers do not see each other's processes, so the lock of the data folder does not hold between them.
  throw new StartError(
    `Another Redis uses ${files.folder}: that of a second container, probably. ` +
      'Stop that one first, or give this one a volume of its own.',
  );
}

/** A pid is used again after a reboot. The title of a running server names its socket. */
async function mayHoldFiles(pid: number, files: RedisFiles): Promise<boolean> {
  const title = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return title === undefined || title.includes(files.socketPath);
}

async function spawnServer(binary: RedisBinary, files: RedisFiles): Promise<number> {
  const log = await open(logFile(files), 'a', 0o600);
  try {
    const child = spawn(binary.path, serverArguments(files), {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      // The server may outlive this process: no credential of the environment goes with it.
      env: {},
    });
    // Without a listener a failed spawn would end this process; it shows as a missing pid below.
    child.on('error', () => undefined);
    child.unref();
    const { pid } = child;
    if (pid === undefined)
      throw new StartError(`${binary.path} cannot be executed. Reinstall it, or set LOCAL_STORE=embedded.`);
    await waitForPong(files, pid);
    return pid;
  } finally {
    await log.close();
  }
}

function serverArguments(files: RedisFiles): readonly string[] {
  return Object.entries({
    port: '0',
    unixsocket: files.socketPath,
    unixsocketperm: '700',
    dir: files.folder,
    pidfile: pidFile(files),
    loglevel: 'warning',
    daemonize: 'no',
    save: '',
    appendonly: 'yes',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
  }).flatMap(([name, value]) => [`--${name}`, value]);
}

async function waitForPong(files: RedisFiles, pid: number): Promise<void> {
  const deadline = performance.now() + startTimeoutMs;
  let reason = 'no answer';
  while (performance.now() < deadline && isProcessAlive(pid)) {
    try {
      await sendRedisCommand(files.socketPath, ['PING'], replyTimeoutMs);
      return;
    } catch (thrown) {
      // `-LOADING` while it reads its file; before that there is no socket.
      if (thrown instanceof RedisReplyError) reason = thrown.message;
    }
    await delay(pollMs);
  }
  const log = await readFile(logFile(files), 'utf8').catch(() => '');
  const lastLines = log.trimEnd().split('\n').slice(-5).join('\n');
  throw new StartError(
    `The Redis in ${files.folder} did not start (${isProcessAlive(pid) ? reason : 'it ended'}). Its log ends with:\n${lastLines}`,
  );
}

/** Resolves when the server closes an idle connection: by then it has ended, spawned by us or adopted. */
function watchConnection(socketPath: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve();
    });
    socket.resume();
    socket.unref();
  });
}

async function shutDown(pid: number, files: RedisFiles): Promise<void> {
  if (!isProcessAlive(pid)) return;
  // It closes the connection instead of answering.
  await sendRedisCommand(files.socketPath, ['SHUTDOWN'], replyTimeoutMs).catch(() => undefined);
  const deadline = performance.now() + stopTimeoutMs;
  while (isProcessAlive(pid) && performance.now() < deadline) await delay(pollMs);
}

function pidFile(files: RedisFiles): string {
  return join(files.folder, 'redis.pid');
}

function logFile(files: RedisFiles): string {
  return join(files.folder, 'redis.log');
}
