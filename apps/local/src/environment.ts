import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { readDotEnv } from '@ccg/gateway';

import { StartError } from './start-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment with the variables of the `.env` file below it. The file is `ENV_FILE`, or `.env` in `root` where
 * that exists; an empty `ENV_FILE` means none.
 */
export function readEnvironment(env: Environment, root: string): Environment {
  const named = env['ENV_FILE'];
  if (named === '') return env;
  const path = resolve(root, named ?? '.env');
  if (named !== undefined && !existsSync(path)) throw new StartError(`ENV_FILE: ${path} does not exist.`);
  return { ...readDotEnv(path), ...env };
}
