import { chmod, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { reasonOf, StartError } from '@ccg/startup';
import { recordingName } from './exchange-folder.ts';

/**
 * Makes the folder (0700). One that exists must be private already or hold nothing but recordings: closing a folder that
 * others use would lock them out.
 *
 * @throws StartError when the folder cannot be used.
 */
export async function prepareExchangeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const isPrivate = ((await stat(path)).mode & 0o077) === 0;
    if (!isPrivate && !(await readdir(path)).every((name) => recordingName.test(name))) {
      throw new StartError(
        `Others can read LOG_EXCHANGE ${path}, and it holds other files. Set LOG_EXCHANGE to a folder of its own.`,
      );
    }
    await chmod(path, 0o700);
    const probe = join(path, `.probe-${process.pid}`);
    await writeFile(probe, '', { mode: 0o600 });
    await rm(probe);
  } catch (thrown) {
    if (thrown instanceof StartError) throw thrown;
    throw new StartError(
      `LOG_EXCHANGE ${path} cannot be written (${reasonOf(thrown)}). Set it to a folder of yours, or unset it.`,
    );
  }
}
