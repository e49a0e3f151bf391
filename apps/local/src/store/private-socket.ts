import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { StartError } from '@ccg/startup';

/** `sun_path` holds 108 bytes on Linux and 104 elsewhere, the closing zero included. */
const longestSocketPathBytes = process.platform === 'linux' ? 107 : 103;

/**
 * The path of a unix socket that only this user can reach. It lies in `folder` (made, 0700); where the path would
 * be too long, in a 0700 folder under `temporaryDir` whose name follows from `folder`, so that a later start finds
 * the same one.
 */
export async function privateSocketPath(folder: string, name: string, temporaryDir: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const near = join(folder, name);
  if (Buffer.byteLength(near) <= longestSocketPathBytes) return near;
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  const short = join(temporaryDir, `ccg-${digest}`);
  const far = join(short, name);
  if (Buffer.byteLength(far) > longestSocketPathBytes) {
    throw new StartError(
      `Neither ${folder} nor ${temporaryDir} is short enough for a socket. Set DATA_DIR to a shorter path.`,
    );
  }
  await mkdir(short, { recursive: true, mode: 0o700 });
  await refuseForeignFolder(short);
  return far;
}

/** Anyone may have made that folder first: the temporary directory is everybody's. */
async function refuseForeignFolder(folder: string): Promise<void> {
  const stats = await lstat(folder);
  const isOurs = process.getuid === undefined || stats.uid === process.getuid();
  if (stats.isDirectory() && isOurs && (stats.mode & 0o077) === 0) return;
  throw new StartError(
    `${folder} exists and is not a private folder of this user. Remove it, or set DATA_DIR to a shorter path.`,
  );
}
