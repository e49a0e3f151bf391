import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { repositoryRoot } from './repository-root.ts';
import { startProcess } from './start-process.ts';

const cacheFolder = join(repositoryRoot, '.cache');

/** Packages of PyPI in a Python of their own; `missing` says why this machine cannot have one. */
export type PythonPackages =
  /** `folder` is the virtual environment: its programs are in `bin`. */
  | { readonly kind: 'installed'; readonly folder: string; readonly python: string }
  | { readonly kind: 'missing'; readonly reason: string };

export interface PythonPackagesOptions {
  /** Begins the name of the folder in `.cache`. */
  readonly name: string;
  /** A list of exact versions, all that is needed among them. */
  readonly requirements: string;
  /** More of pip's command line, such as `['--require-hashes']`. */
  readonly pipArgs?: readonly string[];
  /** What belongs into the folder beside the packages, before others see it. */
  readonly finish?: (environment: { readonly folder: string; readonly python: string }) => Promise<void>;
}

/** Installs packages once for each list of versions; an installation becomes visible by a rename, so a killed one is never taken for whole. */
export async function installPythonPackages(options: PythonPackagesOptions): Promise<PythonPackages> {
  if ((await run('python3', ['-c', 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))'])).code !== 0) {
    return { kind: 'missing', reason: 'This machine has no python3 of 3.10 or newer with venv.' };
  }
  const digest = createHash('sha256').update(await readFile(options.requirements));
  const folder = join(cacheFolder, `${options.name}-${digest.digest('hex').slice(0, 12)}`);
  if (!existsSync(folder)) await install(folder, options);
  return { kind: 'installed', folder, python: join(folder, 'bin/python') };
}

async function install(folder: string, { name, requirements, pipArgs = [], finish }: PythonPackagesOptions) {
  const unfinished = `${folder}.installing-${process.pid}`;
  const python = join(unfinished, 'bin/python');
  await mkdir(cacheFolder, { recursive: true });
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--disable-pip-version-check'];
  const steps = [
    ['python3', ['-m', 'venv', unfinished]],
    [python, [...pip, ...pipArgs, '-r', requirements]],
  ] as const;
  for (const [command, args] of steps) {
    const { code, stderr } = await run(command, args);
    if (code !== 0) throw new Error(`Installing ${name} failed: ${command} ${args.join(' ')}\n${stderr}`);
  }
  await finish?.({ folder: unfinished, python });
  try {
    // The programs in it name the folder in which it was made: they are started by `python -m`.
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another test process was faster, which is as good.
    if (!existsSync(folder)) throw error;
  }
}

async function run(command: string, args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  try {
    const child = startProcess({ command, args, cwd: repositoryRoot, env: Object.fromEntries(inherited) });
    const { code } = await child.exited;
    return { code, stderr: child.stderr() };
  } catch (error) {
    return { code: null, stderr: String(error) };
  }
}
