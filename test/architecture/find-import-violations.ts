import path from 'node:path';
import {
  allowedImports,
  closedFolders,
  confinedImports,
  developmentFiles,
  testOnlyImports,
} from './allowed-imports.ts';
import { readImports } from './read-imports.ts';
import type { SourceFile } from './source-files.ts';

type Rule = 'own' | 'external' | 'node' | 'deep' | 'test-only' | 'confined' | 'closed' | 'computed' | 'unlisted';

/** Every import in `files` that the table does not allow, as `file: rule import of 'what'`. */
export function findImportViolations(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) => {
    const { specifiers, computed } = readImports(file.path, file.source);
    const judged = specifiers.map((imported) => ({ rule: judge(file, imported), imported }));
    const violations = [...judged, ...computed.map((imported) => ({ rule: 'computed', imported }))];
    return violations
      .filter(({ rule }) => rule !== undefined)
      .map(({ rule, imported }) => `${file.path}: ${rule} import of '${imported}'`);
  });
}

/** The registry's or our package that a bare specifier names: `@a/b/c` is of `@a/b`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function judge(file: SourceFile, imported: string): Rule | undefined {
  const row = allowedImports[file.home];
  if (row === undefined) return 'unlisted';
  if (imported.startsWith('.')) return judgeRelative(file, imported);
  if (!file.isTest && isConfinedElsewhere(file.path, imported)) return 'confined';
  if (imported.startsWith('node:')) return row.node || file.isTest ? undefined : 'node';
  const name = packageOf(imported);
  if (testOnlyImports.includes(name)) return file.isTest ? undefined : 'test-only';
  if (!name.startsWith('@ccg/')) return row.external.includes(name) ? undefined : 'external';
  if (name !== imported) return 'deep';
  return row.own.includes(name) ? undefined : 'own';
}

function judgeRelative(file: SourceFile, imported: string): Rule | undefined {
  const target = path.posix.join(path.posix.dirname(file.path), imported);
  if (!target.startsWith(`${file.home}/`)) return 'deep';
  return !file.isTest && isClosed(target, file.path) ? 'closed' : undefined;
}

function isClosed(target: string, importer: string): boolean {
  return Object.entries(closedFolders).some(
    ([folder, opener]) => isIn(target, folder) && !isIn(importer, folder) && importer !== opener,
  );
}

function isIn(file: string, folder: string): boolean {
  return file.startsWith(`${folder}/`);
}

function isConfinedElsewhere(file: string, imported: string): boolean {
  const homes = confinedImports[imported] ?? confinedImports[packageOf(imported)];
  return homes !== undefined && !homes.some((home) => file.startsWith(home));
}

/** Files that run in production with production's dependencies. */
export function isProduction(file: SourceFile): boolean {
  return !file.isTest && !developmentFiles.some((prefix) => file.path.startsWith(prefix));
}
