import { readFileSync } from 'node:fs';
import { chmod, link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { reasonOf, StartError } from '@ccg/startup';
import { Secret } from '@ccg/kernel';

export interface DataDir {
  readonly path: string;
  /** Releases the folder for the next process. */
  close(): Promise<void>;
}

/**
 * Makes the data folder (0700) and takes it for this process alone. A folder that exists keeps its mode, but others
 * must not be able to write into it. The lock of a killed process is taken over.
 *
 * @throws StartError when another process runs with the folder, or the folder cannot be written.
 */
export async function openDataDir(path: string): Promise<DataDir> {
  const lockFile = join(path, 'lock');
  const claim = join(path, `lock.${process.pid}`);
  let isShared: boolean;
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    isShared = ((await stat(path)).mode & 0o022) !== 0;
    if (!isShared)
      await writeFile(claim, JSON.stringify({ pid: process.pid, startTime: processStartTime(process.pid) }), {
        mode: 0o600,
      });
  } catch (thrown) {
    throw new StartError(
      `DATA_DIR ${path} cannot be written (${reasonOf(thrown)}). Set DATA_DIR to a folder of yours.`,
    );
  }
  if (isShared) throw new StartError(`Others can write into DATA_DIR ${path}. Set DATA_DIR to a folder of its own.`);
  try {
    await takeLock({ path, lockFile, claim });
  } finally {
    await rm(claim, { force: true });
  }
  return { path, close: () => rm(lockFile, { force: true }) };
}

interface LockPaths {
  readonly path: string;
  readonly lockFile: string;
  readonly claim: string;
}

/** A hard link appears with its whole content or not at all, and never replaces another. */
async function takeLock({ path, lockFile, claim }: LockPaths): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    try {
      await link(claim, lockFile);
      return;
    } catch (thrown) {
      if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')) throw thrown;
    }
    const owner = await readFile(lockFile, 'utf8').catch(() => undefined);
    if (owner !== undefined) await removeStaleLock({ path, lockFile, claim }, owner);
  }
  throw new StartError(`Several starts use DATA_DIR ${path} at the same time. Start again.`);
}

async function removeStaleLock({ path, lockFile, claim }: LockPaths, owner: string): Promise<void> {
  const pid = livingOwner(owner);
  if (pid !== undefined) {
    throw new StartError(
      `DATA_DIR ${path} is in use by the running process ${pid}. Stop that one, or set DATA_DIR (and PORT, ADMIN_PORT, OPS_PORT) to run a second beside it.`,
    );
  }
  const removed = `${claim}.stale`;
  await rename(lockFile, removed).catch(() => undefined);
  // Between reading and renaming another start may have taken over: then it is that one's lock, and goes back.
  const content = await readFile(removed, 'utf8').catch(() => owner);
  if (content !== owner) await link(removed, lockFile).catch(() => undefined);
  await rm(removed, { force: true });
}

/** The process that holds the lock, unless it is gone, its id now belongs to another, or the file is not a lock. */
function livingOwner(lock: string): number | undefined {
  const { pid, startTime } = parseLock(lock);
  if (pid === undefined || pid === process.pid || !isProcessAlive(pid)) return undefined;
  const now = processStartTime(pid);
  return startTime !== undefined && now !== undefined && startTime !== now ? undefined : pid;
}

function parseLock(lock: string): { readonly pid?: number; readonly startTime?: string } {
  try {
    const parsed: unknown = JSON.parse(lock);
    if (typeof parsed !== 'object' || parsed === null || !('pid' in parsed) || typeof parsed.pid !== 'number')
      return {};
    const startTime = 'startTime' in parsed && typeof parsed.startTime === 'string' ? parsed.startTime : undefined;
    return startTime === undefined ? { pid: parsed.pid } : { pid: parsed.pid, startTime };
  } catch {
    return {};
  }
}

/** Whether a process runs. A zombie does not: whoever should have reaped it may never do so. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (thrown) {
    // EPERM is the answer for a running process of someone else.
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM';
  }
  return readProcessStat(pid)?.[0] !== 'Z';
}

/** When a process started, in a form that differs for a later process of the same id; `undefined` where the system has no `/proc`. */
function processStartTime(pid: number): string | undefined {
  return readProcessStat(pid)?.[19];
}

/** The fields of `/proc/<pid>/stat` after the command name, which may itself hold spaces and brackets. */
function readProcessStat(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/**
 * Reads a secret file, which has one line, or creates it (0600) from `generate`. The file is written completely or
 * not at all. Hold the data folder's lock while you call it.
 */
export async function readOrCreateSecret(path: string, generate: () => Secret): Promise<Secret> {
  const existing = await readSecretLine(path);
  if (existing !== undefined) return existing;
  const created = generate();
  const temporary = `${path}.tmp`;
  await writeFile(temporary, `${created.reveal()}\n`, { mode: 0o600, flush: true });
  await rename(temporary, path);
  return created;
}

async function readSecretLine(path: string): Promise<Secret | undefined> {
  try {
    const line = (await readFile(path, 'utf8')).trim();
    await chmod(path, 0o600);
    return new Secret(line);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
}
