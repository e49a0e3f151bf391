import path from 'node:path';
import { readImports } from './read-imports.ts';
import type { SourceFile } from './source-files.ts';

/**
 * Files that import each other in a circle, of types too: `a → b → a`. Of several circles that share files at least one is
 * named. Packages cannot form one: the table of allowed imports points downwards.
 */
export function findImportCircles(files: readonly SourceFile[]): readonly string[] {
  const imports = new Map(files.map((file) => [file.path, relativeImportsOf(file)]));
  const circles: string[] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (file: string): void => {
    const begins = way.indexOf(file);
    if (begins !== -1) circles.push([...way.slice(begins), file].join(' → '));
    if (begins !== -1 || done.has(file)) return;
    way.push(file);
    for (const target of imports.get(file) ?? []) visit(target);
    way.pop();
    done.add(file);
  };
  for (const file of imports.keys()) visit(file);
  return circles;
}

function relativeImportsOf({ path: file, source }: SourceFile): readonly string[] {
  const relative = readImports(file, source).specifiers.filter((specifier) => specifier.startsWith('.'));
  return relative.map((specifier) => path.posix.join(path.posix.dirname(file), specifier));
}
