import { isUtf8 } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { parseDotEnv } from './parse-dot-env.ts';
import { reasonOf, StartError } from './start-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface EnvironmentSources {
  readonly env: Environment;
  readonly workingDirectory: string;
  /** The folder of this repository. */
  readonly repository: string;
  /** Every variable that is read, to tell a misspelt one. */
  readonly knownNames: readonly string[];
}

export interface ReadEnvironment {
  readonly variables: Environment;
  /** What whoever starts the process should know: which file was read, and what in it is probably a mistake. */
  readonly notices: readonly string[];
}

/**
 * The environment with the variables of the `.env` file below it. The file is `ENV_FILE`, or `.env` in the working
 * directory, or else in the repository; an empty `ENV_FILE` means none.
 *
 * @throws StartError when the file cannot be read.
 */
export function readEnvironment(sources: EnvironmentSources): ReadEnvironment {
  const { env, knownNames } = sources;
  const file = chooseFile(sources);
  if (file === undefined) return { variables: env, notices: [] };
  const { variables, warnings } = parseDotEnv(readText(file), knownNames);
  return {
    variables: { ...variables, ...env },
    notices: [`Configuration: ${file}`, ...warnings.map((warning) => `Warning: ${file}, ${warning}`)],
  };
}

function chooseFile({ env, workingDirectory, repository }: EnvironmentSources): string | undefined {
  const named = env['ENV_FILE'];
  if (named === '') return undefined;
  if (named !== undefined) return resolve(workingDirectory, named);
  return [workingDirectory, repository].map((folder) => resolve(folder, '.env')).find((path) => existsSync(path));
}

function readText(file: string): string {
  const bytes = readBytes(file);
  // UTF-16 of plain letters is valid UTF-8 too, with zeros in it.
  if (!isUtf8(bytes) || bytes.includes(0)) throw new StartError(`${file} is not UTF-8: save it as UTF-8.`);
  return bytes.toString('utf8');
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    if (code === 'ENOENT') throw new StartError(`ENV_FILE: ${file} does not exist.`);
    if (code === 'EISDIR') throw new StartError(`${file} is a folder. It must be a file of NAME=value lines.`);
    throw new StartError(
      `${file} cannot be read (${reasonOf(thrown)}). Set ENV_FILE to a file that this user can read.`,
    );
  }
}
