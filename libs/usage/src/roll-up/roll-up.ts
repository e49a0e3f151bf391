import type { Clock } from '@ccg/kernel';
import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { additionsOf } from './rows.ts';
import type { Addition, StreamEntry, Table } from './rows.ts';

/** How long usage is kept, and how much of it. */
export interface RollUpOptions {
  readonly recordDays: number;
  readonly rollUpDays: number;
  /** Rows of a table of one day: users, API keys and models; then sessions. What is beyond is added up in one row. */
  readonly rowsMax: Readonly<Record<Table, number>>;
}

export interface RollUpDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly options: RollUpOptions;
}

/** What one round has done for one tenant. */
export interface RolledUp {
  /** Records that were applied by this call. */
  readonly applied: number;
  /** Applied too, but counted nowhere: no record, or one of a newer version. */
  readonly unreadable: number;
  /** How old the oldest record is that is still to be applied; 0 if there is none. */
  readonly lagMs: number;
  /** Whether the stream had lost records before they were applied, because it is capped. */
  readonly hasGap: boolean;
}

const addRowsScript = loadScript(new URL('./add-rows.lua', import.meta.url));
const readScript = loadScript(new URL('./read-entries.lua', import.meta.url));
const trimScript = loadScript(new URL('./trim.lua', import.meta.url));

const dayMs = 24 * 60 * 60 * 1000;
const batchSize = 500;
/** What a call applies at most, so that no tenant holds up the others. */
const batchesMax = 20;

/**
 * Applies the records of a tenant that were appended since the last call. Safe beside other processes that do the same, and
 * after a call that broke off anywhere. Rejects with StoreUnavailableError.
 */
export async function rollUpUsage({ store, clock, options }: RollUpDependencies, tenant: string): Promise<RolledUp> {
  let result: RolledUp = { applied: 0, unreadable: 0, lagMs: 0, hasGap: false };
  for (let batch = 0; batch < batchesMax; batch += 1) {
    const { position, entries, hasGap } = await readEntries(store, tenant, batchSize);
    const last = entries.at(-1);
    if (last === undefined) return { ...result, lagMs: 0 };
    const { additions, unreadable } = additionsOf(entries);
    const isDone = await addRows({ store, clock, options }, tenant, { position, to: last.id, additions });
    // Otherwise another process has applied them, and tells of them.
    if (isDone) {
      result = {
        applied: result.applied + entries.length,
        unreadable: result.unreadable + unreadable,
        lagMs: Math.max(0, clock.now() - timeOf(last.id)),
        hasGap: result.hasGap || hasGap,
      };
    }
  }
  return result;
}

/** Removes records that are too old, never one that is still to be applied. Rejects with StoreUnavailableError. */
export async function trimUsage({ store, clock, options }: RollUpDependencies, tenant: string): Promise<void> {
  const oldestMs = clock.now() - options.recordDays * dayMs;
  const { redisKeys } = store;
  const { position, entries } = await readEntries(store, tenant, 1);
  const { at } = position;
  if (at === '') return;
  // The entry at the position goes only if nothing is behind it, as with a tenant that asks nothing any more.
  const isIdle = entries.length === 0 && timeOf(at) < oldestMs;
  const oldest = isIdle ? nextId(at) : timeOf(at) < oldestMs ? at : `${oldestMs}-0`;
  await store.run(
    trimScript,
    [redisKeys.usagePosition(tenant), redisKeys.usageRecords(tenant)],
    [at, oldest, position.isAnchored && !isIdle ? '1' : '0'],
  );
}

interface Position {
  /** Id of the last entry that was applied; empty before the first. */
  readonly at: string;
  /** Whether that entry should still be in the stream: if it is not, those behind it may be gone, too. */
  readonly isAnchored: boolean;
}

interface Unapplied {
  readonly position: Position;
  readonly entries: readonly StreamEntry[];
  readonly hasGap: boolean;
}

/** The entries behind the position. They are read together with the one at the position, which shows that none is missing. */
async function readEntries(store: Store, tenant: string, max: number): Promise<Unapplied> {
  const { redisKeys } = store;
  const keys = [redisKeys.usagePosition(tenant), redisKeys.usageRecords(tenant)];
  const reply = await store.run(readScript, keys, [max + 1]);
  const [at = '', anchored, rows]: readonly unknown[] = Array.isArray(reply) ? reply : [];
  const position = { at: String(at), isAnchored: anchored === '1' };
  const entries = entriesOf(rows);
  const isThere = entries[0]?.id === position.at;
  return {
    position,
    entries: isThere ? entries.slice(1) : entries.slice(0, max),
    hasGap: position.isAnchored && !isThere,
  };
}

/** The entries of a reply of XRANGE or XREVRANGE. */
function entriesOf(reply: unknown): readonly StreamEntry[] {
  const rows = Array.isArray(reply) ? (reply as readonly (readonly [string, readonly string[]])[]) : [];
  return rows.map(([id, fields]) => ({ id, record: fieldOf(fields, 'record'), replaces: fieldOf(fields, 'replaces') }));
}

function fieldOf(fields: readonly string[], name: string): string {
  const at = fields.findIndex((field, index) => index % 2 === 0 && field === name);
  return at === -1 ? '' : (fields[at + 1] ?? '');
}

interface Step {
  readonly position: Position;
  readonly to: string;
  readonly additions: readonly Addition[];
}

/** False where another process has moved the position since it was read. */
async function addRows(
  { store, clock, options: { rollUpDays, rowsMax } }: RollUpDependencies,
  tenant: string,
  { position, to, additions }: Step,
): Promise<boolean> {
  const { redisKeys } = store;
  const nowMs = clock.now();
  const expiryOf = ({ day }: Addition) => Date.parse(day) + (rollUpDays + 1) * dayMs - nowMs;
  const kept = additions.filter((addition) => expiryOf(addition) > 0);
  const reply = await store.run(
    addRowsScript,
    [redisKeys.usagePosition(tenant), ...kept.map(({ table, day }) => redisKeys.usageTable(tenant, table, day))],
    [
      position.at,
      to,
      ...kept.flatMap((addition) => {
        const { table, rows } = addition;
        return [expiryOf(addition), rowsMax[table], rows.size, ...[...rows].flat()];
      }),
    ],
  );
  return reply === 1;
}

/** The first id behind another. */
function nextId(streamId: string): string {
  const [time = '', sequence = ''] = streamId.split('-');
  return `${time}-${Number(sequence) + 1}`;
}

function timeOf(streamId: string): number {
  return Number(streamId.split('-', 1)[0]);
}
