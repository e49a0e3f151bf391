import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { repositoryRoot } from './repository-root.ts';
import { startProcess } from './start-process.ts';

const manifestFolder = join(repositoryRoot, 'test/acceptance/cli');
const cacheFolder = join(repositoryRoot, '.cache');

/**
 * Gives the path of the pinned Claude Code binary. It is installed once per lockfile, with npm, into the
 * git-ignored cache; an installation becomes visible by a rename, so a killed one is never taken for whole.
 */
export async function installClaudeCli(): Promise<string> {
  const lockfile = await readFile(join(manifestFolder, 'package-lock.json'));
  const hash = createHash('sha256').update(lockfile).digest('hex').slice(0, 12);
  const folder = join(cacheFolder, `claude-cli-${hash}`);
  if (!existsSync(folder)) {
    await removeAbandonedInstallations();
    await install(folder);
  }
  return findBinary(folder);
}

async function install(folder: string): Promise<void> {
  const unfinished = `${folder}.installing-${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  for (const file of ['package.json', 'package-lock.json', '.npmrc'])
    await copyFile(join(manifestFolder, file), join(unfinished, file));
  await runNpmCi(unfinished);
  try {
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another test process was faster, which is as good.
    if (!existsSync(folder)) throw error;
  }
}

async function runNpmCi(folder: string): Promise<void> {
  const npm = startProcess({
    command: 'npm',
    args: ['ci', '--include=optional'],
    cwd: folder,
    env: environmentForNpm(),
  });
  const exit = await npm.exited;
  if (exit.code === 0) return;
  throw new Error(`Installing Claude Code failed. Run \`npm ci\` in test/acceptance/cli to see why.\n${npm.stderr()}`);
}

/** All of ours, for the user's registry, proxies and certificates, but not what an outer npm says about this repository. */
function environmentForNpm(): Record<string, string> {
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return Object.fromEntries(
    inherited.filter(
      ([name]) => !/^npm_(?:package|lifecycle|command|config_local_prefix)/u.test(name) && name !== 'NODE_ENV',
    ),
  );
}

async function findBinary(folder: string): Promise<string> {
  const scope = join(folder, 'node_modules/@anthropic-ai');
  const platformPackage = (await readdir(scope)).find((name) =>
    name.startsWith(`claude-agent-sdk-${process.platform}-${process.arch}`),
  );
  if (platformPackage === undefined)
    throw new Error(`Claude Code has no build for ${process.platform}-${process.arch}.`);
  return join(scope, platformPackage, 'claude');
}

async function removeAbandonedInstallations(): Promise<void> {
  await mkdir(cacheFolder, { recursive: true });
  for (const name of await readdir(cacheFolder)) {
    const pid = /^claude-cli-.*\.installing-(\d+)$/u.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(cacheFolder, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
