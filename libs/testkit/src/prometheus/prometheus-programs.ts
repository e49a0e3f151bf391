import { existsSync, globSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { programOnPath } from '../debian-program.ts';
import { repositoryRoot } from '../repository-root.ts';
import { startProcess } from '../start-process.ts';

export interface PrometheusPrograms {
  readonly prometheus: string;
  readonly promtool: string;
}

interface Sources {
  readonly searchPath: string;
  /** Where Debian's package is unpacked, once. */
  readonly cacheFolder: string;
}

const remedy =
  'This test needs Prometheus: `apt-get install prometheus`, or put `prometheus` and `promtool` 2.42 or newer on PATH.';

/**
 * Prometheus and its tool: those on PATH, else Debian's package is unpacked into the cache, which needs no root and
 * starts no service. Throws with the command to run when neither works.
 */
export async function prometheusPrograms(sources: Partial<Sources> = {}): Promise<PrometheusPrograms> {
  const { searchPath = process.env['PATH'] ?? '', cacheFolder = join(repositoryRoot, '.cache') } = sources;
  const prometheus = programOnPath({ names: ['prometheus'] }, searchPath);
  const promtool = programOnPath({ names: ['promtool'] }, searchPath);
  if (prometheus !== undefined && promtool !== undefined) return { prometheus, promtool };
  const folder = join(cacheFolder, `prometheus-${process.arch}`);
  if (!existsSync(folder)) await unpack(folder, searchPath);
  return { prometheus: join(folder, 'usr/bin/prometheus'), promtool: join(folder, 'usr/bin/promtool') };
}

/** What was unpacked becomes visible by a rename, so a killed attempt is never taken for whole. */
async function unpack(folder: string, searchPath: string): Promise<void> {
  const unfinished = `${folder}.unpacking-${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  try {
    await download(unfinished, searchPath);
    const [file] = globSync('prometheus_*.deb', { cwd: unfinished });
    if (file === undefined) throw new Error('apt-get downloaded nothing.');
    await mustRun('dpkg-deb', ['-x', file, '.'], unfinished, searchPath);
    await rm(join(unfinished, file));
    await rename(unfinished, folder);
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true });
    // Another test process was faster, which is as good.
    if (!existsSync(folder)) throw new Error(remedy, { cause });
  }
}

/** A fresh container has no lists of packages yet. */
async function download(folder: string, searchPath: string): Promise<void> {
  try {
    await mustRun('apt-get', ['download', 'prometheus'], folder, searchPath);
  } catch {
    await mustRun('apt-get', ['update'], folder, searchPath);
    await mustRun('apt-get', ['download', 'prometheus'], folder, searchPath);
  }
}

async function mustRun(name: string, args: readonly string[], cwd: string, searchPath: string): Promise<void> {
  const command = programOnPath({ names: [name] }, searchPath);
  if (command === undefined) throw new Error(`There is no ${name} on PATH.`);
  const child = startProcess({ command, args, cwd, env: { ...inheritedEnvironment(), PATH: searchPath } });
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`${name} ${args.join(' ')} ended with ${code}.\n${child.stderr()}`);
}

/** With the proxies and certificates of the user. */
function inheritedEnvironment(): Record<string, string> {
  const set = Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return Object.fromEntries(set);
}
