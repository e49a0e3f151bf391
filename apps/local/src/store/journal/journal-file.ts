import { closeSync, fdatasync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

/** A file that only gets longer, open for writing. */
export interface JournalFile {
  /** Appends in this turn of the event loop: a killed process keeps it, a machine without power only after `sync`. */
  append(bytes: Buffer): void;
  /** Resolves when the disk has what was appended. */
  sync(): Promise<void>;
  sizeBytes(): number;
  close(): void;
}

const syncData = promisify(fdatasync);

/** The content of a file; undefined where there is none. */
export function readJournal(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** A file that is on the disk and not yet the journal. */
export interface PreparedJournal {
  /** Appends `more` and puts the file in the place of the journal, within this turn. Throws when that fails; the journal is then as before. */
  takePlace(more: Buffer): JournalFile;
}

/** Writes a new file beside the journal. Rejects without a trace when it cannot. */
export async function prepareJournal(path: string, content: Buffer): Promise<PreparedJournal> {
  const temporary = `${path}.new`;
  const file = openFile(openSync(temporary, 'w', 0o600));
  const discard = (): void => {
    file.close();
    rmSync(temporary, { force: true });
  };
  try {
    file.append(content);
    await file.sync();
  } catch (thrown) {
    discard();
    throw thrown;
  }
  return {
    takePlace(more) {
      try {
        file.append(more);
        renameSync(temporary, path);
        return file;
      } catch (thrown) {
        discard();
        throw thrown;
      }
    },
  };
}

/** Makes a new name last. A file system that cannot be told to does it by itself, later. */
export async function syncFolderOf(path: string): Promise<void> {
  const folder = await open(dirname(path)).catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

function openFile(descriptor: number): JournalFile {
  let sizeBytes = 0;
  return {
    append(bytes) {
      for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
      sizeBytes += bytes.length;
    },
    sync: () => syncData(descriptor),
    sizeBytes: () => sizeBytes,
    close() {
      closeSync(descriptor);
    },
  };
}
