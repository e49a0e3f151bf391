import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { repositoryRoot } from '../../gates/repository-root.ts';

/** The tree of another commit, with its dependencies. */
export interface Checkout {
  readonly root: string;
  /** Short hash and subject. */
  readonly commit: string;
  remove(): void;
}

/** Unpacks a commit into a temporary folder. Throws when there is no such commit or its dependencies cannot be had. */
export function checkOut(ref: string): Checkout {
  const commit = git('log', '-1', '--format=%h %s', '--end-of-options', ref).toString('utf8').trim();
  const root = mkdtempSync(join(tmpdir(), 'ccg-bench-commit-'));
  const remove = (): void => {
    process.off('exit', remove);
    rmSync(root, { recursive: true, force: true });
  };
  process.once('exit', remove);
  execFileSync('tar', ['-x', '-C', root], { input: git('archive', '--format=tar', ref) });
  if (needsWhatIsInstalled(root)) linkInstalled(root);
  else install(root);
  return { root, commit, remove };
}

function git(...args: readonly string[]): Buffer {
  return execFileSync('git', args, { cwd: repositoryRoot, maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Whether every package that it locks is installed here in the same version. */
function needsWhatIsInstalled(root: string): boolean {
  const installed = lockedVersions(repositoryRoot);
  return [...lockedVersions(root)].every(([folder, version]) => installed.get(folder) === version);
}

function lockedVersions(root: string): ReadonlyMap<string, string> {
  const lock: { readonly packages: Readonly<Record<string, { readonly version?: string; readonly link?: boolean }>> } =
    JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const ofRegistry = Object.entries(lock.packages).filter(
    ([folder, { link }]) => folder.includes('node_modules/') && link !== true,
  );
  return new Map(ofRegistry.map(([folder, { version }]) => [folder, version ?? '']));
}

/** Links every package of the registry to the one installed here, and the commit's workspaces to each other. */
function linkInstalled(root: string): void {
  const modules = join(root, 'node_modules');
  mkdirSync(join(modules, '@ccg'), { recursive: true });
  for (const name of readdirSync(join(repositoryRoot, 'node_modules'))) {
    if (name !== '@ccg') symlinkSync(join(repositoryRoot, 'node_modules', name), join(modules, name));
  }
  for (const manifest of globSync('{apps,libs}/*/package.json', { cwd: root })) {
    const { name }: { readonly name: string } = JSON.parse(readFileSync(join(root, manifest), 'utf8'));
    symlinkSync(join(root, dirname(manifest)), join(modules, '@ccg', basename(name)));
  }
  // Where two packages need different versions npm nests one of them.
  for (const nested of globSync('{apps,libs}/*/node_modules', { cwd: repositoryRoot })) {
    if (existsSync(join(root, dirname(nested)))) symlinkSync(join(repositoryRoot, nested), join(root, nested));
  }
}

function install(root: string): void {
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('npm ci failed in the tree of the other commit.');
}
