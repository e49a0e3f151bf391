import { chmod, readFile, rename, writeFile } from 'node:fs/promises';

import { Secret } from '@ccg/kernel';

/**
 * Reads the one line of a secret file, or creates the file (0600) with what `generate` gives. The file appears
 * whole or not at all. Call it with the data folder's lock held.
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
