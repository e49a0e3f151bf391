import { matchingPattern } from './name-table.ts';
import type { NameTable } from './name-table.ts';
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

/** Which name goes where. */
export type ModelTable = NameTable<ModelEntry>;

/** The entry of exactly this name, with or without a suffix that asks for a larger window. */
export function exactEntry({ exact }: ModelTable, requested: string): ModelEntry | undefined {
  const name = requested.toLowerCase();
  return exact.get(name) ?? exact.get(withoutWindowSuffix(name));
}

/** The entry for a name: the one of exactly this name, else that of the pattern which matches best. */
export function findEntry(table: ModelTable, requested: string): ModelEntry | undefined {
  return exactEntry(table, requested) ?? matchingPattern(table, requested);
}

/** Where a request goes that an entry serves. */
export function referenceTo({ provider, model }: ModelEntry, requested: string): ModelReference {
  return { provider, model: model ?? requested };
}

/** What an entry leads to, in words for the operator. */
export function describeEntry({ provider, model }: ModelEntry): string {
  return model === undefined ? `${provider.name}, name unchanged` : targetKey({ provider, model });
}
