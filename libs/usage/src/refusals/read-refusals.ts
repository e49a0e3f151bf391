import type { Clock } from '@ccg/kernel';
import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { daysBetween } from '../days.ts';
import type { Days } from '../days.ts';
import { decodeRefusal, readRefusalRow, ringOwnerOf } from './limit-refusal.ts';
import type { LimitRefusal, RefusalTable } from './limit-refusal.ts';
import { refusalKeptMs } from './write-refusals.ts';

interface Reader {
  readonly store: Store;
  readonly clock: Clock;
}

/** Whose refusals are wanted: those of a user, or of the API key of a service. Undefined: of all. */
type Caller = string | undefined;

const script = loadScript(new URL('./read-rings.lua', import.meta.url));
const ringsOfCall = 50;

/** The refusals that are kept whole, newest first: of a caller the last 50, else the last 1,000 of the tenant, of one day. */
export async function readRecentRefusals(
  reader: Reader,
  { tenant, caller }: { readonly tenant: string; readonly caller: Caller },
): Promise<readonly LimitRefusal[]> {
  const { redisKeys } = reader.store;
  const ring = caller === undefined ? redisKeys.recentRefusals(tenant) : redisKeys.recentRefusalsOf(tenant, caller);
  return await readRings(reader, [ring]);
}

/** The refusal of a request, while it is one of those that are kept whole. */
export async function findRefusal(
  reader: Reader,
  { tenant, caller, requestId }: { readonly tenant: string; readonly caller: Caller; readonly requestId: string },
): Promise<LimitRefusal | undefined> {
  const { redisKeys } = reader.store;
  const isIt = (refusal: LimitRefusal) =>
    refusal.requestId === requestId && (caller === undefined || ringOwnerOf(refusal) === caller);
  const found = (await readRings(reader, [redisKeys.recentRefusals(tenant)])).find(isIt);
  if (found !== undefined) return found;
  // A storm of somebody else's pushes it out of the tenant's ring, not out of its caller's.
  const callers = caller === undefined ? await readCallers(reader, tenant) : [caller];
  for (let at = 0; at < callers.length; at += ringsOfCall) {
    const some = callers.slice(at, at + ringsOfCall).map((one) => redisKeys.recentRefusalsOf(tenant, one));
    const one = (await readRings(reader, some)).find(isIt);
    if (one !== undefined) return one;
  }
  return undefined;
}

async function readCallers({ store }: Reader, tenant: string): Promise<readonly string[]> {
  const reply = await store.command('zrange', [store.redisKeys.refusedCallers(tenant), 0, -1]);
  return Array.isArray(reply) ? reply.map(String) : [];
}

/** Newest first of each ring, without those that are too old to be shown. */
async function readRings({ store, clock }: Reader, rings: readonly string[]): Promise<readonly LimitRefusal[]> {
  const reply = await store.run(script, rings, []);
  const oldestMs = clock.now() - refusalKeptMs;
  const texts = Array.isArray(reply) ? (reply as readonly (readonly string[])[]) : [];
  return texts.flatMap((ring) => ring.toReversed().map(decodeRefusal)).filter(({ atMs }) => atMs > oldestMs);
}

export interface RefusalCountQuery extends Days {
  readonly tenant: string;
  /** Undefined: of both modes. */
  readonly mode?: LimitRefusal['mode'] | undefined;
}

/** How often a limit refused a caller, or would have. Without names: those for whom the days had no room. */
export interface CallerRefusals {
  readonly mode: LimitRefusal['mode'];
  readonly limit?: string | undefined;
  readonly level?: string | undefined;
  readonly kind?: string | undefined;
  readonly user?: string | undefined;
  readonly userName?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly count: number;
}

/** Whom limits refused in some days, or would have refused, most often first. */
export async function readRefusalsByCaller(store: Store, query: RefusalCountQuery): Promise<readonly CallerRefusals[]> {
  const sums = new Map<string, CallerRefusals>();
  for (const day of daysBetween(query)) {
    for (const { row, mode, parts, count } of await readCounts(store, query, 'callers', day)) {
      const [limit, level, kind, user, userName, apiKey] = (parts ?? []).map((part) =>
        part === '' ? undefined : part,
      );
      const before = sums.get(row)?.count ?? 0;
      sums.set(row, { mode, limit, level, kind, user, userName, apiKey, count: before + count });
    }
  }
  return [...sums.values()].toSorted((one, other) => other.count - one.count);
}

/** How often a limit refused in a minute, or would have. */
export interface MinuteRefusals {
  /** ISO 8601, the beginning of the minute; of what a day had no room for, that of the day. */
  readonly at: string;
  readonly mode: LimitRefusal['mode'];
  readonly limit?: string | undefined;
  readonly count: number;
}

/** When limits refused in some days, oldest first. */
export async function readRefusalsByMinute(store: Store, query: RefusalCountQuery): Promise<readonly MinuteRefusals[]> {
  const rows: MinuteRefusals[] = [];
  for (const day of daysBetween(query)) {
    for (const { mode, parts, count } of await readCounts(store, query, 'minutes', day)) {
      const [limit, minute = '00:00'] = parts ?? [];
      rows.push({ at: `${day}T${minute}:00.000Z`, mode, limit, count });
    }
  }
  return rows.toSorted((one, other) => (one.at < other.at ? -1 : Number(one.at > other.at)));
}

async function readCounts(store: Store, { tenant, mode }: RefusalCountQuery, table: RefusalTable, day: string) {
  const reply = await store.command('hgetall', [store.redisKeys.refusalCounts(tenant, table, day)]);
  const fields = typeof reply === 'object' && reply !== null ? Object.entries(reply) : [];
  return fields
    .map(([row, count]) => ({ row, ...readRefusalRow(row), count: Number(count) }))
    .filter((one) => mode === undefined || one.mode === mode);
}
