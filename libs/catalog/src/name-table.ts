/** Something that stands under a name, in which `*` stands for any text, also for none. */
interface Named {
  readonly name: string;
}

interface Pattern<Entry extends Named> {
  readonly entry: Entry;
  /** The texts between the wildcards, in lower case. */
  readonly parts: readonly string[];
}

/** Entries by names and patterns. Names are compared without regard to case. */
export interface NameTable<Entry extends Named> {
  readonly entries: readonly Entry[];
  /** The names without a wildcard, in lower case. */
  readonly exact: ReadonlyMap<string, Entry>;
  /** The others, in the order in which they are tried. */
  readonly patterns: readonly Pattern<Entry>[];
}

export function createNameTable<Entry extends Named>(entries: readonly Entry[]): NameTable<Entry> {
  const exact = entries.filter(({ name }) => !isPattern(name));
  const patterns = entries
    .filter(({ name }) => isPattern(name))
    .map((entry) => ({ entry, parts: entry.name.toLowerCase().split('*') }));
  return {
    entries,
    exact: new Map(exact.map((entry) => [entry.name.toLowerCase(), entry])),
    patterns: patterns.toSorted((a, b) => weightOf(b.parts) - weightOf(a.parts)),
  };
}

export function isPattern(name: string): boolean {
  return name.includes('*');
}

/**
 * The matching pattern with the longest literal text. The word `claude` is worth less than any other character: every
 * Claude name has it, and `*haiku*` must win over `*claude*`. Of equals the first counts.
 */
export function matchingPattern<Entry extends Named>({ patterns }: NameTable<Entry>, name: string): Entry | undefined {
  const lower = name.toLowerCase();
  return patterns.find(({ parts }) => matches(parts, lower))?.entry;
}

/** A thousandth for each character of `claude`, so that it decides between patterns that are equal otherwise. */
function weightOf(parts: readonly string[]): number {
  const all = parts.join('').length;
  const telling = parts.join('*').replaceAll('claude', '').replaceAll('*', '').length;
  return telling + (all - telling) / 1000;
}

/** Takes time in proportion to the name, whatever a client asks for. */
function matches(parts: readonly string[], name: string): boolean {
  const [first = '', ...rest] = parts;
  const last = rest.pop() ?? '';
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
