import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

export interface SourceFile {
  /** Relative to the repository's root. */
  readonly path: string;
  /** The package's folder, such as `libs/wire`, or `test`. */
  readonly home: string;
  readonly source: string;
  /** Tests and what only tests use: `*.test.ts`, a package's `test` folder, the testkit. */
  readonly isTest: boolean;
}

/** Every TypeScript and JavaScript file that we wrote. */
export async function readSourceFiles(root: string): Promise<readonly SourceFile[]> {
  const paths = globSync('{apps,libs,test}/**/*.{ts,mts,js,mjs}', {
    cwd: root,
    exclude: (entry) => /(^|\/)(node_modules|fixtures|\.cache)$/.test(entry),
  });
  return await Promise.all(
    paths.sort().map(async (file) => sourceFile(file, await readFile(path.join(root, file), 'utf8'))),
  );
}

/** What a file's path says of it. */
export function sourceFile(file: string, source: string): SourceFile {
  const home = /^(?:test|(?:apps|libs)\/[^/]+)/.exec(file)?.[0] ?? file;
  const isTest = home === 'test' || home === 'libs/testkit' || /\.test\.\w+$|^libs\/\w+\/test\//.test(file);
  return { path: file, home, source, isTest };
}
