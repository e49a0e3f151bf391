import { link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { reasonOf, StartError } from '@ccg/gateway';

import { isProcessAlive, processStartTime } from './process-alive.ts';

export interface DataDir {
  readonly path: string;
  /** Gives the folder free for the next process. */
  close(): Promise<void>;
}

/**
 * Makes the data folder (0700) and takes it for this process alone. One that exists keeps its mode, but others must
 * not be able to write into it. The lock of a process that was killed is
 * taken over; that of a running one is a StartError.
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
  throw new StartError(`DATA_DIR ${path} is being taken by several starts at once. Try again.`);
}

async function removeStaleLock({ path, lockFile, claim }: LockPaths, owner: string): Promise<void> {
  const pid = livingOwner(owner);
  if (pid !== undefined) {
    throw new StartError(
      `DATA_DIR ${path} is in use by the running process ${pid}. Stop that one, or set DATA_DIR (and PORT, OPS_PORT) to run a second beside it.`,
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
