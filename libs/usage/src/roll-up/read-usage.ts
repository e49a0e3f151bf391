import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { daysBetween } from '../days.ts';
import type { Days } from '../days.ts';
import { decodeMeasures, nothingMeasured, sumOf } from './measures.ts';
import type { Measures } from './measures.ts';
import { readRowName, rowDimensions } from './rows.ts';
import type { RowDimensions, Table } from './rows.ts';

const script = loadScript(new URL('./read-tables.lua', import.meta.url));

/** What the usage of a tenant can be split by. */
export const usageDimensions = ['day', ...rowDimensions] as const;
export type UsageDimension = (typeof usageDimensions)[number];

export interface UsageQuery extends Days {
  readonly tenant: string;
  readonly by: readonly UsageDimension[];
  /** Only rows of this user, API key and so on. */
  readonly of: { readonly [Name in keyof RowDimensions]?: RowDimensions[Name] | undefined };
}

/** One line of an answer: what was asked for by name, and the counters. */
export interface UsageRow extends Measures {
  /** Only what the query splits by. Empty: no user, no session and so on. */
  readonly where: Partial<Readonly<Record<UsageDimension, string>>>;
  /** Whether it is what had no row of its own, because a day had too many. */
  readonly isOther: boolean;
}

/**
 * The usage of a tenant, ordered by what it is split by. What had no row of its own is left out where the query names whose
 * it wants.
 */
export async function readUsage(store: Store, query: UsageQuery): Promise<readonly UsageRow[]> {
  const { by, of } = query;
  const needsSessions = by.includes('session') || of.session !== undefined;
  const table: Table = needsSessions ? 'sessions' : 'models';
  const isSplitByDayAlone = by.every((dimension) => dimension === 'day');
  const rows = new Map<string, UsageRow>();
  for await (const { day, pairs } of readTables(store, query, table)) {
    for (const [name, text] of pairs) {
      const found = readRowName(name);
      if (!isWanted(found, of)) continue;
      const isOther = found === undefined && !isSplitByDayAlone;
      const where = Object.fromEntries(by.map((one) => [one, one === 'day' ? day : (found?.[one] ?? '')]));
      const key = JSON.stringify(usageRowKey({ where, isOther }, by));
      const sum = rows.get(key) ?? { where, isOther, ...nothingMeasured };
      rows.set(key, { ...sum, ...sumOf(sum, decodeMeasures(text)) });
    }
  }
  const keyed = [...rows.values()].map((row) => ({ row, key: usageRowKey(row, by) }));
  return keyed.toSorted((one, other) => compare(one.key, other.key)).map(({ row }) => row);
}

/** By what rows are told apart and ordered. What had no row of its own comes behind the others. */
export function usageRowKey(
  { where, isOther }: Pick<UsageRow, 'where' | 'isOther'>,
  by: readonly UsageDimension[],
): readonly string[] {
  return by.map((dimension) => (dimension === 'day' ? '' : isOther ? '1' : '0') + (where[dimension] ?? ''));
}

function compare(one: readonly string[], other: readonly string[]): number {
  const at = one.findIndex((part, index) => part !== other[index]);
  if (at === -1) return 0;
  return (one[at] ?? '') < (other[at] ?? '') ? -1 : 1;
}

function isWanted(found: RowDimensions | undefined, of: UsageQuery['of']): boolean {
  return rowDimensions.every((name) => of[name] === undefined || of[name] === found?.[name]);
}

/** What Redis reads at once, before it goes on with other work. */
const tablesOfCall = 7;

async function* readTables(store: Store, query: UsageQuery, table: Table) {
  const days = daysBetween(query);
  for (let first = 0; first < days.length; first += tablesOfCall) {
    const some = days.slice(first, first + tablesOfCall);
    const keys = some.map((day) => store.redisKeys.usageTable(query.tenant, table, day));
    const reply = await store.run(script, keys, []);
    const tables: readonly unknown[] = Array.isArray(reply) ? reply : [];
    for (const [at, day] of some.entries()) yield { day, pairs: pairsOf(tables[at]) };
  }
}

function pairsOf(reply: unknown): readonly (readonly [string, string])[] {
  const flat = Array.isArray(reply) ? reply.map(String) : [];
  return flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? ''] as const] : []));
}
