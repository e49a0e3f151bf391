import { parseSync, Visitor } from 'vite';

/** What a source file imports, in every form that the language has; specifiers as they are written. */
export interface FileImports {
  readonly specifiers: readonly string[];
  /** Imports of something that only the running program knows, as source text. */
  readonly computed: readonly string[];
}

/** Reads the imports of a TypeScript or JavaScript file. Throws on a file that does not parse. */
export function readImports(file: string, source: string): FileImports {
  const { program, errors } = parseSync(file, source);
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`);
  const specifiers = new Set<string>();
  const computed: string[] = [];
  const add = (from: { readonly value: unknown } | null): void => {
    if (typeof from?.value === 'string') specifiers.add(from.value);
  };
  new Visitor({
    ImportDeclaration: ({ source: from }) => add(from),
    ExportAllDeclaration: ({ source: from }) => add(from),
    ExportNamedDeclaration: ({ source: from }) => add(from),
    TSImportType: ({ source: from }) => add(from),
    TSExternalModuleReference: ({ expression }) => add(expression),
    ImportExpression: ({ source: from, start, end }) => {
      if (from.type === 'Literal') add(from);
      else computed.push(source.slice(start, end));
    },
  }).visit(program);
  return { specifiers: [...specifiers], computed };
}
