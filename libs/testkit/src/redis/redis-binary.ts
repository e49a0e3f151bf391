import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = ['redis-server', 'valkey-server'];
const policyFile = '/usr/sbin/policy-rc.d';

/** A server's binary: one on PATH, else Debian's package is installed where that does no harm. Gives undefined when neither works. */
export function redisBinary(searchPath: string = process.env['PATH'] ?? ''): string | undefined {
  const found = onPath(searchPath);
  if (found !== undefined) return found;
  if (!mayInstall(searchPath)) return undefined;
  installPackage();
  return onPath(`${searchPath}${delimiter}/usr/bin`);
}

function onPath(searchPath: string): string | undefined {
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
function installPackage(): void {
  const ownPolicy = !existsSync(policyFile);
  if (ownPolicy) {
    writeFileSync(policyFile, '#!/bin/sh\nexit 101\n');
    chmodSync(policyFile, 0o755);
  }
  try {
    apt('update');
    apt('install', '--yes', '--no-install-recommends', 'redis-server');
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
