import { globSync } from 'node:fs';
import { cp, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A copy of the repository in which a fault can be planted and every tool runs as it does here. */
export interface TreeCopy {
  readonly root: string;
  /** Puts `content` into a file, runs `body`, and restores what was there before. */
  withFault<T>(fault: Fault, body: () => Promise<T>): Promise<T>;
  remove(): Promise<void>;
}

/** A fault to plant: file → what the file becomes, from what it was (empty for a new file). */
export type Fault = Readonly<Record<string, (before: string) => string>>;

/** All of the faults at once: what two of them do to one file is done one after the other. */
export function together(faults: readonly Fault[]): Fault {
  const all: Record<string, (before: string) => string> = {};
  for (const [name, change] of faults.flatMap((fault) => Object.entries(fault))) {
    const earlier = all[name];
    all[name] = earlier === undefined ? change : (before) => change(earlier(before));
  }
  return all;
}

/** Neither installed, nor made by a run, nor anybody's secrets. */
const notCopied: ReadonlySet<string> = new Set(['node_modules', '.git', '.data', '.cache', '.vitest', '.env']);

export async function copyTree(source: string): Promise<TreeCopy> {
  const root = await mkdtemp(path.join(tmpdir(), 'ccg-canary-'));
  await cp(source, root, { recursive: true, filter: (from) => !notCopied.has(path.basename(from)) });
  await linkModules(path.join(source, 'node_modules'), path.join(root, 'node_modules'));
  // Where two packages need different versions npm nests one of them.
  for (const nested of globSync('{apps,libs}/*/node_modules', { cwd: source })) {
    await symlink(path.join(source, nested), path.join(root, nested));
  }
  return {
    root,
    withFault: async (fault, body) => await withFault(root, fault, body),
    remove: async () => await rm(root, { recursive: true }),
  };
}

/**
 * Links every installed package, but gives the copy its own links between workspaces: through the originals the tools
 * would read the other packages from outside of the copy.
 */
async function linkModules(source: string, target: string): Promise<void> {
  await mkdir(target);
  for (const name of await readdir(source)) {
    if (name === '.cache' || name === '.vite') continue;
    const from = path.join(source, name);
    const to = path.join(target, name);
    if (name === '@ccg') await copyLinks(from, to);
    else await symlink(from, to);
  }
}

async function copyLinks(source: string, target: string): Promise<void> {
  await mkdir(target);
  for (const name of await readdir(source)) {
    await symlink(await readlink(path.join(source, name)), path.join(target, name));
  }
}

async function withFault<T>(root: string, fault: Fault, body: () => Promise<T>): Promise<T> {
  const restores: (() => Promise<void>)[] = [];
  try {
    for (const [name, change] of Object.entries(fault)) restores.unshift(await plant(path.join(root, name), change));
    return await body();
  } finally {
    for (const restore of restores) await restore();
  }
}

async function plant(file: string, change: (before: string) => string): Promise<() => Promise<void>> {
  const missingFolder = await mkdir(path.dirname(file), { recursive: true });
  const before = (await isFile(file)) ? await readFile(file, 'utf8') : undefined;
  await writeFile(file, change(before ?? ''));
  return async () => {
    if (before === undefined) await rm(missingFolder ?? file, { recursive: true });
    else await writeFile(file, before);
  };
}

async function isFile(file: string): Promise<boolean> {
  try {
    return (await lstat(file)).isFile();
  } catch {
    return false;
  }
}
