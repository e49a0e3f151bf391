import { describe, expect, test } from 'vitest';
import { repositoryRoot } from '../gates/repository-root.ts';
import {
  allowedImports,
  closedFolders,
  confinedImports,
  developmentFiles,
  testOnlyImports,
} from './allowed-imports.ts';
import { findDependencyViolations } from './find-dependency-violations.ts';
import { findDisablesWithoutReason } from './find-disables-without-reason.ts';
import { findImportCircles } from './find-import-circles.ts';
import { findImportViolations } from './find-import-violations.ts';
import { readPackages } from './read-packages.ts';
import { readSourceFiles } from './source-files.ts';

const files = await readSourceFiles(repositoryRoot);
const packages = await readPackages(repositoryRoot);

describe('allowed imports', () => {
  test('the table has a row for every package and no other', () => {
    expect(Object.keys(allowedImports).sort()).toEqual(packages.map(({ home }) => home).sort());
  });

  test('the table names only packages and files that exist', () => {
    const known = new Set(packages.map(({ name }) => name));
    const named = [...Object.values(allowedImports).flatMap(({ own }) => own), ...testOnlyImports];
    expect(named.filter((name) => name.startsWith('@ccg/') && !known.has(name))).toEqual([]);
    const prefixes = [...Object.values(confinedImports).flat(), ...developmentFiles];
    expect(prefixes.filter((prefix) => !files.some((file) => file.path.startsWith(prefix)))).toEqual([]);
  });

  test('the folder of every dialect is closed to the others', () => {
    const dialects = files.flatMap(
      ({ path }) => /^(libs\/translation\/src\/[^/]+)\/translation\.ts$/.exec(path)?.[1] ?? [],
    );
    expect(Object.keys(closedFolders).sort()).toEqual(dialects.sort());
  });

  test('no lib may import an app, and no app another but the one that composes them', () => {
    const apps = packages.filter(({ home }) => home.startsWith('apps/')).map(({ name }) => name);
    const rows = Object.entries(allowedImports).filter(([home]) => home !== 'apps/local' && home !== 'test');
    expect(rows.filter(([, { own }]) => own.some((name) => apps.includes(name))).map(([home]) => home)).toEqual([]);
  });

  test('every file imports only what its package may import', () => {
    expect(findImportViolations(files)).toEqual([]);
  });

  test('no files import each other in a circle, not even a type', () => {
    expect(findImportCircles(files)).toEqual([]);
  });

  test('every package declares what it imports and imports what it declares', () => {
    expect(findDependencyViolations(packages, files)).toEqual([]);
  });
});

test('whoever silences a tool says why', () => {
  expect(findDisablesWithoutReason(files)).toEqual([]);
});
