import { link, mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BatchPlace } from '../batch/batch-record.ts';
import { BatchFilesError } from './batch-files.ts';
import type { BatchFiles, FilesFault } from './batch-files.ts';

/** Keeps files in a folder of this machine: one for each tenant, in it one for each batch. Only its owner may read them. */
export function createDirectoryFiles(directory: string): BatchFiles {
  const folderOf = ({ tenant, id }: BatchPlace) => join(directory, tenant, id);
  return {
    maxBatchBytes: undefined,
    identity: () => inOurWords(() => readOrCreateIdentity(directory)),
    async write(place, name, bytes) {
      const folder = folderOf(place);
      await inOurWords(async () => {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeDurably(join(folder, name), bytes);
        await sync(folder);
      });
    },
    read: (place, name) => inOurWords(() => readFile(join(folderOf(place), name))),
    removeAll: (place) => inOurWords(() => removeFolder(folderOf(place))),
  };
}

/** A path tells nothing: containers have one folder at several paths, and machines several folders at one. */
async function readOrCreateIdentity(directory: string): Promise<string> {
  const path = join(directory, '.identity');
  const found = await readFile(path, 'utf8').catch(nothingIfMissing);
  if (found !== undefined) return found;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const own = await mkdtemp(`${path}-`);
  const text = join(own, 'text');
  await writeDurably(text, Buffer.from(`directory ${basename(own)}`));
  try {
    // Of several processes that come here one succeeds, and nobody reads half of it.
    await link(text, path);
    await sync(directory);
  } catch (thrown) {
    if (codeOf(thrown) !== 'EEXIST') throw thrown;
  } finally {
    await rm(own, { recursive: true });
  }
  return await readFile(path, 'utf8');
}

function nothingIfMissing(thrown: unknown): undefined {
  if (codeOf(thrown) !== 'ENOENT') throw thrown;
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, 'w', 0o600);
  await file.writeFile(bytes);
  await file.sync();
}

async function removeFolder(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (thrown) {
    // What stands there is no folder, so nothing is in it.
    if (codeOf(thrown) !== 'ENOTDIR') throw thrown;
  }
}

/** Makes the names in a folder survive the end of the machine. */
async function sync(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}

const faults: Readonly<Record<string, FilesFault>> = { ENOSPC: 'full', EDQUOT: 'full', ENOENT: 'missing' };

async function inOurWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const code = codeOf(thrown);
    throw new BatchFilesError(faults[code] ?? 'unavailable', code);
  }
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown';
}
