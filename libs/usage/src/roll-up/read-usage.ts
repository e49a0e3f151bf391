import type { Store } from '@ccg/store';
import { daysBetween } from '../days.ts';
import type { Days } from '../days.ts';
import { decodeMeasures, nothingMeasured, sumOf } from './measures.ts';
import type { Measures } from './measures.ts';
import { readRowName, rowDimensions } from './rows.ts';
import type { RowDimensions, Table } from './rows.ts';

/** What the usage of a tenant can be split by. */
export const usageDimensions = ['day', ...rowDimensions] as const;
export type UsageDimension = (typeof usageDimensions)[number];

export interface UsageQuery extends Days {
  readonly tenant: string;
  readonly by: readonly UsageDimension[];
  /** Only rows of this user, API key and so on. */
  readonly of: Partial<RowDimensions>;
}

/** One line of an answer: what was asked for by name, and the counters. */
export interface UsageRow extends Measures {
  /** Only what the query splits by. Empty: no user, no session and so on. */
  readonly where: Partial<Readonly<Record<UsageDimension, string>>>;
  /** Whether it is what had no row of its own because the day had too many. */
  readonly isOther: boolean;
}

/** The usage of a tenant, ordered by what it is split by. What had no row of its own is left out where the query names whose it wants. */
export async function readUsage(store: Store, query: UsageQuery): Promise<readonly UsageRow[]> {
  const needsSessions = query.by.includes('session') || query.of.session !== undefined;
  const table: Table = needsSessions ? 'sessions' : 'models';
  const rows = new Map<string, UsageRow>();
  for (const day of daysBetween(query)) {
    const reply = await store.command('hgetall', [store.redisKeys.usageTable(query.tenant, table, day)]);
    for (const [name, text] of pairsOf(reply)) {
      const found = readRowName(name);
      if (!isWanted(found, query.of)) continue;
      const where = Object.fromEntries(query.by.map((by) => [by, by === 'day' ? day : (found?.[by] ?? '')]));
      const key = JSON.stringify([found === undefined, ...query.by.map((by) => where[by])]);
      const sum = rows.get(key) ?? { where, isOther: found === undefined, ...nothingMeasured };
      rows.set(key, { ...sum, ...sumOf(sum, decodeMeasures(text)) });
    }
  }
  return [...rows.values()].toSorted(inOrderOf(query.by));
}

function isWanted(found: RowDimensions | undefined, of: UsageQuery['of']): boolean {
  return rowDimensions.every((name) => of[name] === undefined || of[name] === found?.[name]);
}

/** What had no row of its own comes last. */
function inOrderOf(by: readonly UsageDimension[]): (one: UsageRow, other: UsageRow) => number {
  return (one, other) => {
    if (one.isOther !== other.isOther && !by.includes('day')) return one.isOther ? 1 : -1;
    for (const dimension of by) {
      const [left = '', right = ''] = [one.where[dimension], other.where[dimension]];
      if (left !== right) return left < right ? -1 : 1;
    }
    return Number(one.isOther) - Number(other.isOther);
  };
}

/** The fields of a hash. The connection makes an object of them. */
function pairsOf(reply: unknown): readonly (readonly [string, string])[] {
  const fields = typeof reply === 'object' && reply !== null ? Object.entries(reply) : [];
  return fields.map(([name, value]) => [name, String(value)]);
}
