import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const policyFile = '/usr/sbin/policy-rc.d';

export interface DebianProgram {
  /** Names of the executable, the best first. */
  readonly names: readonly string[];
  /** Debian's package that has it. */
  readonly package: string;
}

/** A program's path: one on PATH, else Debian's package is installed where that does no harm. Gives undefined when neither works. */
export function debianProgram(
  program: DebianProgram,
  searchPath: string = process.env['PATH'] ?? '',
): string | undefined {
  const found = programOnPath(program, searchPath);
  if (found !== undefined) return found;
  if (!mayInstall(searchPath)) return undefined;
  installPackage(program.package);
  // Not everybody has the folder of servers on PATH.
  return programOnPath(program, [searchPath, '/usr/bin', '/usr/sbin'].join(delimiter));
}

/** The first of a program's names that PATH has. */
export function programOnPath({ names }: Pick<DebianProgram, 'names'>, searchPath: string): string | undefined {
  return searchPath
    .split(delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(isExecutable);
}

/** In a container only: root, apt and no systemd, which would start the package's service. */
function mayInstall(searchPath: string): boolean {
  const hasApt = searchPath.split(delimiter).some((folder) => isExecutable(join(folder, 'apt-get')));
  return hasApt && process.getuid?.() === 0 && !runsSystemd();
}

function runsSystemd(): boolean {
  return existsSync('/run/systemd/system') || readFileSync('/proc/1/comm', 'utf8').trim() === 'systemd';
}

/** Debian's scripts ask `policy-rc.d` before they start a service; where nobody answers yet, we say no for the time of the installation. */
function installPackage(name: string): void {
  const ownPolicy = !existsSync(policyFile);
  if (ownPolicy) {
    writeFileSync(policyFile, '#!/bin/sh\nexit 101\n');
    chmodSync(policyFile, 0o755);
  }
  try {
    apt('update');
    apt('install', '--yes', '--no-install-recommends', name);
  } finally {
    if (ownPolicy) rmSync(policyFile);
  }
}

function apt(...args: readonly string[]): void {
  spawnSync('apt-get', args, { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
