import { parseEnv } from 'node:util';

export interface DotEnv {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** What is probably a mistake: one sentence each, with its line and never with a value. */
  readonly warnings: readonly string[];
}

/**
 * Reads the text of a `.env` file with Node's own parser. That parser ignores a line that it does not understand, so
 * such lines become warnings, and so do names that look like a misspelt one of `knownNames`.
 */
export function parseDotEnv(text: string, knownNames: readonly string[]): DotEnv {
  // Editors on Windows begin a file with a byte order mark; Node takes it for a part of the first name.
  const content = text.replace(/^\uFEFF/u, '').replaceAll(/\r\n?/gu, '\n');
  const variables = Object.fromEntries(Object.entries(parseEnv(content)).filter(([name]) => /^\w+$/u.test(name)));
  const firstLines = new Map<string, number>();
  const warnings = listEntries(content).flatMap(({ line, text: entry, isQuoteOpen }) => {
    const name = nameOf(entry);
    const warning = isQuoteOpen
      ? 'a quote is opened and never closed.'
      : (judgeForm(entry) ?? judgeRepetition(name, firstLines) ?? judgeName(name, knownNames, variables));
    if (isAssignment(entry) && !firstLines.has(name)) firstLines.set(name, line);
    return warning === undefined ? [] : [`line ${line}: ${warning}`];
  });
  return { variables, warnings };
}

interface Entry {
  readonly line: number;
  readonly text: string;
  readonly isQuoteOpen: boolean;
}

/** Lines that are not blank, not a comment and not the rest of a quoted value. */
function listEntries(content: string): readonly Entry[] {
  const entries: Entry[] = [];
  const lines = content.split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const text = lines[index] ?? '';
    if (/^\s*(?:#|$)/u.test(text)) continue;
    const [opening = '', quote] = /^[^=]*=\s*(["'`])/u.exec(text) ?? [];
    const rest = [text.slice(opening.length), ...lines.slice(index + 1)];
    const furtherLines = quote === undefined ? 0 : rest.findIndex((part) => part.includes(quote));
    entries.push({ line: index + 1, text, isQuoteOpen: furtherLines === -1 });
    index += Math.max(furtherLines, 0);
  }
  return entries;
}

function nameOf(entry: string): string {
  return /^\s*(?:export\s+)?(\w+)/u.exec(entry)?.[1] ?? '';
}

function isAssignment(entry: string): boolean {
  return /^\s*(?:export\s+)?\w+\s*=/u.test(entry);
}

function judgeForm(entry: string): string | undefined {
  const name = nameOf(entry);
  if (/^\s*(?:export\s+)?\w+\s*:/u.test(entry)) return `ignored. Write ${name}=value instead of ${name}: value.`;
  if (!isAssignment(entry)) return 'ignored, because it is not NAME=value.';
  // Node begins a comment at any # outside of quotes, also within a word.
  if (/^[^=]*=(?:\s*[^\s"'`#][^#]*)?(?<!\s)#/u.test(entry))
    return `the value of ${name} ends before the #. Put it in quotes.`;
  return undefined;
}

function judgeRepetition(name: string, firstLines: ReadonlyMap<string, number>): string | undefined {
  const first = firstLines.get(name);
  return first === undefined ? undefined : `${name} is set in line ${first} too. The last value counts.`;
}

/** Names that other programs have for a variable of ours, and ours. */
const foreignNames: Readonly<Record<string, readonly string[]>> = {
  OPENAI_API_BASE: ['OPENAI_BASE_URL'],
  OPENAI_KEY: ['OPENAI_API_KEY'],
  OPENAI_MODEL: ['BIG_MODEL', 'SMALL_MODEL'],
  ANTHROPIC_KEY: ['ANTHROPIC_API_KEY'],
};

function judgeName(name: string, knownNames: readonly string[], variables: DotEnv['variables']): string | undefined {
  if (knownNames.includes(name)) return undefined;
  if (name === 'ANTHROPIC_BASE_URL' && variables['ANTHROPIC_API_BASE'] === undefined) {
    return `${name} is the variable of Claude Code. The provider's URL is ANTHROPIC_API_BASE.`;
  }
  const ours = Object.hasOwn(foreignNames, name) ? (foreignNames[name] ?? []) : [];
  if (ours.length > 0 && ours.every((own) => variables[own] === undefined)) {
    return `${name} is not a variable of the gateway. Did you mean ${ours.join(' and ')}?`;
  }
  // A name that is set too was not misspelt here: HTTP_PROXY may stand beside HTTPS_PROXY for other programs.
  const meant = knownNames.find((known) => variables[known] === undefined && isMisspelling(name, known));
  return meant === undefined ? undefined : `${name} is not a variable of the gateway. Did you mean ${meant}?`;
}

/** Whether two edits at most turn one name into the other; one where a short word would become any other. */
function isMisspelling(name: string, known: string): boolean {
  const allowedEdits = known.length <= 5 ? 1 : 2;
  return (
    Math.abs(name.length - known.length) <= allowedEdits && editDistance(name.toUpperCase(), known) <= allowedEdits
  );
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwap ? (beforeLast[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
