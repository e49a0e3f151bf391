import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

export interface Package {
  /** The folder, such as `libs/wire`; `test` for the repository's own manifest. */
  readonly home: string;
  readonly name: string;
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
}

/** The manifests of the workspaces and, last, of the root, whose development dependencies are those of `test`. */
export async function readPackages(root: string): Promise<readonly Package[]> {
  const folders = globSync('{apps,libs}/*/', { cwd: root }).map((folder) => folder.replace(/\/$/, ''));
  const workspaces = folders.sort().map(async (home) => await readPackage(root, home, home));
  return await Promise.all([...workspaces, readPackage(root, '.', 'test')]);
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

async function readPackage(root: string, folder: string, home: string): Promise<Package> {
  const manifest = JSON.parse(await readFile(path.join(root, folder, 'package.json'), 'utf8')) as Manifest;
  return {
    home,
    name: manifest.name,
    dependencies: Object.keys(manifest.dependencies ?? {}),
    devDependencies: Object.keys(manifest.devDependencies ?? {}),
  };
}
