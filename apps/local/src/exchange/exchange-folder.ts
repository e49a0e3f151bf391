import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The folder of recorded exchanges. It holds at most so many bytes: the oldest files give way to new ones. */
export interface ExchangeFolder {
  /** Writes a file that only its user can read; it appears whole or not at all. */
  write(name: string, text: string): Promise<void>;
}

/** What this folder may remove; other files are nobody's but their owner's. */
export const recordingName = /^\d{4}-\d\d-\d\dT.*\.exchange\.json$/u;

/** A name that sorts by time. */
export function exchangeName(recordedAt: string, requestId: string): string {
  return `${recordedAt.replaceAll(/[:.]/gu, '-')}-${requestId.replaceAll(/[^\w-]/gu, '')}.exchange.json`;
}

export async function openExchangeFolder(path: string, maxBytes: number): Promise<ExchangeFolder> {
  const files = await listRecordings(path);
  let totalBytes = files.reduce((total, { bytes }) => total + bytes, 0);

  async function makeRoom(bytes: number): Promise<void> {
    while (totalBytes + bytes > maxBytes) {
      const oldest = files.shift();
      if (oldest === undefined) return;
      await rm(join(path, oldest.name), { force: true });
      totalBytes -= oldest.bytes;
    }
  }

  return {
    async write(name, text) {
      const bytes = Buffer.byteLength(text);
      const unfinished = join(path, `${name}.part`);
      await mkdir(path, { recursive: true, mode: 0o700 });
      await makeRoom(bytes);
      try {
        await writeFile(unfinished, text, { mode: 0o600 });
        await rename(unfinished, join(path, name));
      } catch (thrown) {
        await rm(unfinished, { force: true }).catch(() => undefined);
        throw thrown;
      }
      files.push({ name, bytes });
      totalBytes += bytes;
    },
  };
}

/** Oldest first. */
async function listRecordings(path: string): Promise<{ readonly name: string; readonly bytes: number }[]> {
  const names = (await readdir(path)).filter((name) => recordingName.test(name)).toSorted();
  return Promise.all(names.map(async (name) => ({ name, bytes: (await stat(join(path, name))).size })));
}
