import { isUtf8 } from 'node:buffer';
import { existsSync, readFileSync, statSync } from 'node:fs';
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
 * directory, or else in the repository; an empty `ENV_FILE` means none. Quotes around a value of the environment are
 * removed, as those in the file are.
 *
 * @throws StartError when the file cannot be read.
 */
export function readEnvironment(sources: EnvironmentSources): ReadEnvironment {
  const { knownNames } = sources;
  const env = Object.fromEntries(Object.entries(sources.env).map(([name, value]) => [name, unquote(value)]));
  const file = chooseFile({ ...sources, env });
  if (file === undefined) return { variables: env, notices: [] };
  const { variables, warnings } = parseDotEnv(readText(file), knownNames);
  return {
    variables: { ...variables, ...env },
    notices: [`Configuration: ${file}`, ...warnings.map((warning) => `Warning: ${file}, ${warning}`)],
  };
}

/** `docker run --env-file .env` hands over what stands behind the `=`, with its quotes and the comment after them. */
function unquote(value: string | undefined): string | undefined {
  return /^(["'`])(?<inner>(?:(?!\1).)*)\1(?:\s*|\s+#.*)$/su.exec(value ?? '')?.groups?.['inner'] ?? value;
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
    if (code === 'EACCES') throw new StartError(describeDeniedFile(file));
    throw new StartError(
      `${file} cannot be read (${reasonOf(thrown)}). Set ENV_FILE to a file that this user can read.`,
    );
  }
}

interface FileOwner {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** What to do about a file that this process may not read. In a container the usual reason is a file of the host's user. */
export function describeDeniedFile(file: string): string {
  return explainDeniedFile(file, ownerOf(file));
}

/** Undefined where not even the folder may be entered. */
function ownerOf(file: string): FileOwner | undefined {
  try {
    return statSync(file);
  } catch {
    return undefined;
  }
}

/** The same of a file whose owner is known. @internal */
export function explainDeniedFile(file: string, stats: FileOwner | undefined, uid = process.getuid?.()): string {
  if (stats === undefined) return `${file} cannot be read (EACCES). Let this user into its folder.`;
  const owner = `${stats.uid}:${stats.gid}`;
  const mode = `0${(stats.mode & 0o777).toString(8)}`;
  const remedy =
    stats.uid === 0
      ? `Give it to that user (chown ${uid})`
      : `Run it as the user of the file (docker compose: RUN_AS=${owner} in .env; docker run: --user ${owner})`;
  return (
    `${file} cannot be read (EACCES): it belongs to user ${owner} with mode ${mode}, and this process runs as user ${uid}. ` +
    `${remedy}, or let everybody on the machine read it (chmod 0644).`
  );
}
