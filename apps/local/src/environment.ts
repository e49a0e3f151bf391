import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';

import { StartError } from './start-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment with the variables of the `.env` file below it. The file is `ENV_FILE`, or `.env` in `root` where
 * that exists; an empty `ENV_FILE` means none.
 */
export async function readEnvironment(env: Environment, root: string): Promise<Environment> {
  const named = env['ENV_FILE'];
  if (named === '') return env;
  const path = resolve(root, named ?? '.env');
  try {
    return { ...parseEnv(await readFile(path, 'utf8')), ...env };
  } catch (thrown) {
    const isMissing = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
    if (isMissing && named === undefined) return env;
    throw new StartError(`${path} cannot be read (${thrown instanceof Error ? thrown.message : String(thrown)}).`);
  }
}
