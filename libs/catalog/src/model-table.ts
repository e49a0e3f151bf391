import type { Provider } from './provider.ts';
import { targetKey, withoutWindowSuffix } from './targets.ts';
import type { ModelReference } from './targets.ts';

/** One row of the operator's table of models: a name that clients may ask for, and what serves it. */
export interface ModelEntry {
  /** As it was written; `*` stands for any text, also for none. */
  readonly name: string;
  readonly provider: Provider;
  /** Undefined passes the requested name unchanged. */
  readonly model: string | undefined;
  readonly displayName: string | undefined;
}

interface Pattern {
  readonly entry: ModelEntry;
  /** The texts between the wildcards, in lower case. */
  readonly parts: readonly string[];
}

/** Which name goes where. Names are compared without regard to case. */
export interface ModelTable {
  readonly entries: readonly ModelEntry[];
  /** The names without a wildcard, in lower case. */
  readonly exact: ReadonlyMap<string, ModelEntry>;
  /** The others, in the order in which they are tried. */
  readonly patterns: readonly Pattern[];
}

export function createModelTable(entries: readonly ModelEntry[]): ModelTable {
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

/** The entry of exactly this name, with or without a suffix that asks for a larger window. */
export function exactEntry({ exact }: ModelTable, requested: string): ModelEntry | undefined {
  const name = requested.toLowerCase();
  return exact.get(name) ?? exact.get(withoutWindowSuffix(name));
}

/**
 * The entry for a name: the one of exactly this name, else the matching pattern with the longest literal text. The word
 * `claude` is worth less than any other character: every Claude name has it, and `*haiku*` must win over `*claude*`.
 * Of equals the first counts.
 */
export function findEntry(table: ModelTable, requested: string): ModelEntry | undefined {
  const name = requested.toLowerCase();
  return exactEntry(table, requested) ?? table.patterns.find(({ parts }) => matches(parts, name))?.entry;
}

/** Where a request goes that an entry serves. */
export function referenceTo({ provider, model }: ModelEntry, requested: string): ModelReference {
  return { provider, model: model ?? requested };
}

/** What an entry leads to, in words for the operator. */
export function describeEntry({ provider, model }: ModelEntry): string {
  return model === undefined ? `${provider.name}, name unchanged` : targetKey({ provider, model });
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
