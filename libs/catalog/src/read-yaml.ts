import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments, visit } from 'yaml';
import type { Document, Node, Pair } from 'yaml';

/** What is wrong in a file, and on which line. */
export interface FileProblem {
  readonly line: number;
  /** Where in the structure; empty for the file as a whole. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export type YamlText =
  | {
      readonly kind: 'read';
      readonly value: unknown;
      /** The line of a setting, or of the nearest one around it that is in the file. */
      readonly lineOf: (path: readonly (string | number)[]) => number;
    }
  | { readonly kind: 'faulty'; readonly problems: readonly FileProblem[] };

/** The parser needs seconds for more than this, and minutes for a bomb of a megabyte. */
const maxLength = 64 * 1024;
const depthMax = 20;

/**
 * Reads one plain document: mappings with unique names, lists and values. Anchors, aliases, merge keys and tags are
 * refused, so that a file is as large as it looks.
 */
export function readYaml(text: string): YamlText {
  const content = text.replace(/^\uFEFF/u, '');
  const before = beforeParsing(content);
  if (before !== undefined) return { kind: 'faulty', problems: [before] };
  const counter = new LineCounter();
  const documents = parseAllDocuments(content, { lineCounter: counter, prettyErrors: false });
  const lineAt = (offset: number | undefined) => counter.linePos(offset ?? 0).line;
  const [document, second] = [...documents];
  if (document === undefined || document.contents === null || isEmptyScalar(document.contents)) {
    return { kind: 'faulty', problems: [{ line: 1, path: [], message: 'is empty. Begin with the line `version: 1`' }] };
  }
  const problems = [
    ...findForbidden(document, lineAt),
    ...[...document.errors, ...document.warnings].map(({ code, pos }) => problemAt(lineAt(pos[0]), messageOf(code))),
  ];
  if (second !== undefined) problems.push(problemAt(lineAt(second.range[0]), 'begins a second document. Keep one'));
  if (problems.length > 0) return { kind: 'faulty', problems: oncePerLine(problems) };
  return { kind: 'read', value: document.toJS(), lineOf: (path) => lineAt(offsetOf(document, path)) };
}

function beforeParsing(text: string): FileProblem | undefined {
  if (text.length > maxLength) {
    return problemAt(1, `has ${text.length} characters, and ${maxLength} are the most. Is it the right file?`);
  }
  const lines = text.split('\n');
  let depth = 0;
  for (const [index, line] of lines.entries()) {
    depth += countOf(line, /[[{]/gu) - countOf(line, /[\]}]/gu);
    const isDeep = depth > depthMax || /(?:(?:[?:-]|[&!*]\S*)\s+){8}/u.test(line);
    if (isDeep) return problemAt(index + 1, `is nested deeper than ${depthMax} levels, which no setting is`);
  }
  return undefined;
}

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

function problemAt(line: number, message: string): FileProblem {
  return { line, path: [], message };
}

/** One fault often makes the parser complain twice. */
function oncePerLine(problems: readonly FileProblem[]): FileProblem[] {
  const sorted = problems.toSorted((a, b) => a.line - b.line);
  return [...new Map(sorted.toReversed().map((problem) => [problem.line, problem])).values()].toReversed();
}

function isEmptyScalar(node: Node): boolean {
  return isScalar(node) && node.value === null;
}

/** The parser's own words quote the file, which may hold a secret by mistake. */
function messageOf(code: string): string {
  switch (code) {
    case 'DUPLICATE_KEY':
      return 'repeats a name of the same section. Keep one of the two';
    case 'TAB_AS_INDENT':
      return 'is indented by a tab. YAML takes spaces alone';
    case 'MISSING_CHAR':
      return 'lacks a closing quote, bracket or comma';
    case 'BAD_ALIAS':
      return quoteStar;
    case 'TAG_RESOLVE_FAILED':
      return 'has a tag that begins with !, which is not used here. Put a value with ! into quotes';
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
    case 'BAD_INDENT':
      return 'is not YAML: the indentation, a bracket or a colon is wrong here or on the line before';
    default:
      return `is not YAML (${code.toLowerCase().replaceAll('_', ' ')})`;
  }
}

const quoteStar =
  'has an anchor or an alias (& or *), which are not used here. Put a name or value with * into quotes, such as "*haiku*"';

function findForbidden(document: Document, lineAt: (offset: number | undefined) => number): FileProblem[] {
  const problems: FileProblem[] = [];
  const refuse = (node: Node, message: string) => problems.push(problemAt(lineAt(node.range?.[0]), message));
  visit(document, {
    Node(_key, node) {
      if (isAlias(node) || node.anchor !== undefined) refuse(node, quoteStar);
    },
    Pair(_key, { key }) {
      if (!isScalar(key)) return;
      if (key.value === '<<') refuse(key, 'has a merge key, which is not used here. Write the values out');
      if (key.value === '__proto__') refuse(key, 'has a name that is not one');
    },
  });
  return problems;
}

function offsetOf(document: Document, path: readonly (string | number)[]): number | undefined {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0];
  for (const segment of path) {
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find(
        ({ key }) => isScalar(key) && String(key.value) === String(segment),
      );
      if (pair === undefined) return offset;
      offset = isScalar(pair.key) ? pair.key.range?.[0] : offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(segment)];
      offset = isNode(node) ? (node.range?.[0] ?? offset) : offset;
    } else return offset;
  }
  return offset;
}
