import { isProduction, packageOf } from './find-import-violations.ts';
import { readImports } from './read-imports.ts';
import type { Package } from './read-packages.ts';
import type { SourceFile } from './source-files.ts';

/** Where what a package declares and what its files import differ, as `package: rule dependency 'name'`. */
export function findDependencyViolations(
  packages: readonly Package[],
  files: readonly SourceFile[],
): readonly string[] {
  const tools = packages.find(({ home }) => home === 'test')?.devDependencies ?? [];
  return packages.flatMap((each) => {
    const own = files.filter((file) => file.home === each.home);
    // npm links our packages into the root whether it declares them or not, and its other tools are not imported.
    const violations = each.home === 'test' ? [] : compare(each, own);
    return [...violations, ...undeclaredInTests(each, own, tools)].map((text) => `${each.home}: ${text}`);
  });
}

function compare({ home, dependencies, devDependencies }: Package, files: readonly SourceFile[]): string[] {
  // All of the testkit is for tests, so there its dependencies are the ordinary ones.
  const shipped = importedPackages(home === 'libs/testkit' ? files.filter(isNoTestFile) : files.filter(isProduction));
  const all = importedPackages(files);
  const unused = [...dependencies, ...devDependencies].filter((name) => !all.has(name.replace(/^@types\//, '')));
  return [
    ...[...shipped].filter((name) => !dependencies.includes(name)).map((name) => `undeclared dependency '${name}'`),
    ...unused.map((name) => `unused dependency '${name}'`),
    ...dependencies
      .filter((name) => all.has(name) && !shipped.has(name))
      .map((name) => `dependency '${name}' is only for tests`),
  ];
}

/** Tests may use what the root declares: every package is tested with the same tools. */
function undeclaredInTests(declared: Package, files: readonly SourceFile[], tools: readonly string[]): string[] {
  const known = new Set([...declared.dependencies, ...declared.devDependencies, ...tools]);
  const isKnown = (name: string): boolean => known.has(name) || (declared.home === 'test' && name.startsWith('@ccg/'));
  const imported = importedPackages(files.filter((file) => !isProduction(file)));
  return [...imported].filter((name) => !isKnown(name)).map((name) => `undeclared dependency '${name}'`);
}

function isNoTestFile(file: SourceFile): boolean {
  return !file.path.endsWith('.test.ts');
}

function importedPackages(files: readonly SourceFile[]): ReadonlySet<string> {
  const specifiers = files.flatMap((file) => readImports(file.path, file.source).specifiers);
  return new Set(specifiers.filter((name) => !/^(\.|node:)/.test(name)).map(packageOf));
}
