import { decodeUsageRecord } from '../usage-record.ts';
import type { UsageRecord } from '../usage-record.ts';
import { encodeMeasures, measuresOf, nothingMeasured, sumOf } from './measures.ts';
import type { Measures } from './measures.ts';

/** What usage is rolled up by, beside day and tenant. Each may be empty: a service has no user, a token no API key. */
export const rowDimensions = ['session', 'user', 'apiKey', 'model'] as const;
export type RowDimensions = Readonly<Record<(typeof rowDimensions)[number], string>>;

/**
 * The two tables of a day: `models` counts by user, API key and model, and `sessions` by session as well. The first is
 * small, so that most questions need no look at the second, whose rows are as many as there are sessions.
 */
const tables = ['models', 'sessions'] as const;
export type Table = (typeof tables)[number];

/** Where all goes for which a table has no room. No row is called so: the others are lists. */
const otherRow = 'other';

/** The name of a row in its table. */
function rowName(table: Table, { session, user, apiKey, model }: RowDimensions): string {
  return JSON.stringify(table === 'models' ? [user, apiKey, model] : [user, apiKey, model, session]);
}

/** Undefined for the row that has all others, and for a name that is none. */
export function readRowName(name: string): RowDimensions | undefined {
  if (name === otherRow) return undefined;
  const parts: unknown = parse(name);
  if (!Array.isArray(parts)) return undefined;
  const [user = '', apiKey = '', model = '', session = ''] = parts.map(String);
  return { session, user, apiKey, model };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The model that answered, as `{provider}:{model}`; the requested one where none was asked. */
function dimensionsOf(record: UsageRecord): RowDimensions {
  const { session = '', user = '', apiKey = '', provider, model, requestedModel } = record;
  const target = provider === undefined ? requestedModel : `${provider}:${model ?? requestedModel}`;
  return { session, user, apiKey, model: target };
}

/** An entry of a tenant's stream of records. */
export interface StreamEntry {
  readonly id: string;
  readonly record: string;
  /** The record that this one replaces, or empty. */
  readonly replaces: string;
}

/** What entries add to one table of one day. */
export interface Addition {
  /** `2026-11-28`, in UTC. */
  readonly day: string;
  readonly table: Table;
  /** Name of the row → what it gains, encoded. */
  readonly rows: ReadonlyMap<string, string>;
}

export interface Additions {
  readonly additions: readonly Addition[];
  /** Entries whose record is none, or of a version that is not known here. */
  readonly unreadable: number;
}

/** Adds up what entries add to the tables. A record that replaces another takes away what that one has added. */
export function additionsOf(entries: readonly StreamEntry[]): Additions {
  const sums = new Map<string, { day: string; table: Table; rows: Map<string, Measures> }>();
  let unreadable = 0;
  const add = (record: UsageRecord, factor: 1 | -1) => {
    const day = record.at.slice(0, dayLength);
    const [dimensions, counted] = [dimensionsOf(record), measuresOf(record)];
    for (const table of tables) {
      const key = `${day} ${table}`;
      const sum = sums.get(key) ?? { day, table, rows: new Map<string, Measures>() };
      sums.set(key, sum);
      const name = rowName(table, dimensions);
      sum.rows.set(name, sumOf(sum.rows.get(name) ?? nothingMeasured, counted, factor));
    }
  };
  for (const { record: text, replaces } of entries) {
    const record = decodeUsageRecord(text);
    if (record === undefined) {
      unreadable += 1;
      continue;
    }
    const replaced = replaces === '' ? undefined : decodeUsageRecord(replaces);
    if (replaced !== undefined) add(replaced, -1);
    add(record, 1);
  }
  const additions = [...sums.values()].map(({ rows, ...where }) => ({
    ...where,
    rows: new Map([...rows].map(([name, counted]) => [name, encodeMeasures(counted)])),
  }));
  return { additions, unreadable };
}

const dayLength = '2026-11-28'.length;
