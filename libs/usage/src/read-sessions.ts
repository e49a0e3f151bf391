import type { Clock } from '@ccg/kernel';
import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { idBefore } from './stream-ids.ts';
import { decodeUsageRecord } from './usage-record.ts';
import type { UsageRecord } from './usage-record.ts';

/** What a session of a caller has used in the last day. */
export interface SessionUse {
  /** As its client calls it. */
  readonly session: string;
  /** The id of the user; undefined for a service. */
  readonly user: string | undefined;
  readonly userName: string | undefined;
  /** The API key that was used last; undefined for a token. */
  readonly apiKey: string | undefined;
  /** ISO 8601: when its first request of the day began. */
  readonly startedAt: string;
  readonly lastSeenAt: string;
  /** Requests that run now. */
  readonly running: number;
  /** Requests that wait now until others have ended. */
  readonly waiting: number;
  /** All of the day, with those that run; not those that wait. */
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly costMicroDollars: number;
}

interface ReadDependencies {
  readonly store: Store;
  readonly clock: Clock;
  /** The usage records of requests that wait now. */
  readonly readWaiting: (store: Store, tenant: string) => Promise<readonly string[]>;
}

const script = loadScript(new URL('./read-sessions.lua', import.meta.url));

const dayMs = 24 * 60 * 60 * 1000;
/** What Redis reads at once, and for how long it then goes on with other work. */
const entriesOfCall = 500;
const pauseMs = 5;
/** Of the busiest tenants the list has what was used lately. */
const entriesMax = 20_000;
const runningMax = 2000;

/**
 * The sessions of a tenant that run or wait now or ran in the last day, those that run first, then those seen last. What runs is
 * some seconds old. Of the records of the day the newest 20,000 are read. Rejects with StoreUnavailableError.
 */
export async function readSessions(deps: ReadDependencies, tenant: string): Promise<readonly SessionUse[]> {
  const sessions = new Map<string, SessionUse>();
  for (const record of await readRunning(deps.store, tenant)) {
    add(sessions, record, { now: 'running', nowMs: deps.clock.now() });
  }
  for (const text of await deps.readWaiting(deps.store, tenant)) {
    const record = decodeUsageRecord(text);
    if (record !== undefined) add(sessions, record, { now: 'waiting', nowMs: deps.clock.now() });
  }
  await forEachRecord(deps, tenant, (record) => {
    add(sessions, record, undefined);
  });
  return [...sessions.values()].toSorted(
    (one, other) =>
      other.running - one.running || other.waiting - one.waiting || other.lastSeenAt.localeCompare(one.lastSeenAt),
  );
}

async function readRunning(store: Store, tenant: string): Promise<readonly UsageRecord[]> {
  const { redisKeys } = store;
  const range = [redisKeys.reservations(tenant), '-inf', '+inf', 'LIMIT', 0, runningMax];
  const ids = await store.command('zrangebyscore', range);
  const texts = await Promise.all(
    (Array.isArray(ids) ? ids : []).map((id) =>
      store.command('hget', [redisKeys.reservation(tenant, String(id)), 'record']),
    ),
  );
  return texts.flatMap((text) => (typeof text === 'string' ? (decodeUsageRecord(text) ?? []) : []));
}

async function forEachRecord(
  { store, clock }: ReadDependencies,
  tenant: string,
  take: (record: UsageRecord) => void,
): Promise<void> {
  const oldest = String(clock.now() - dayMs);
  const replaced = new Set<string>();
  let newest = '+';
  for (let read = 0; read < entriesMax; read += entriesOfCall) {
    const reply = await store.run(script, [store.redisKeys.usageRecords(tenant)], [newest, oldest, entriesOfCall]);
    const entries = entriesOf(reply);
    for (const { fields } of entries) {
      const record = decodeUsageRecord(fields.get('record') ?? '');
      if (record === undefined || replaced.has(record.id)) continue;
      // The earlier record of the request comes later here.
      if (fields.get('replaces') !== '') replaced.add(record.id);
      take(record);
    }
    newest = idBefore(entries.at(-1)?.id ?? '0-0');
    if (entries.length < entriesOfCall || newest === '') return;
    await new Promise<void>((resolve) => {
      clock.schedule(pauseMs, resolve);
    });
  }
}

interface Entry {
  readonly id: string;
  readonly fields: ReadonlyMap<string, string>;
}

function entriesOf(reply: unknown): readonly Entry[] {
  const entries: readonly unknown[] = Array.isArray(reply) ? reply : [];
  return entries.flatMap((entry) => {
    const [id, values]: readonly unknown[] = Array.isArray(entry) ? entry : [];
    const texts = Array.isArray(values) ? values.map(String) : [];
    const pairs = texts.flatMap((name, at) => (at % 2 === 0 ? [[name, texts[at + 1] ?? ''] as const] : []));
    return [{ id: String(id), fields: new Map(pairs) }];
  });
}

/** Of a request that has not ended. */
interface Open {
  readonly now: 'running' | 'waiting';
  readonly nowMs: number;
}

function add(sessions: Map<string, SessionUse>, record: UsageRecord, open: Open | undefined): void {
  const { session, user, userName, apiKey } = record;
  if (session === undefined) return;
  const endedMs = open?.nowMs ?? Date.parse(record.at);
  const startedAt = open === undefined ? isoTime(endedMs - record.durationMs) : record.at;
  const lastSeenAt = isoTime(endedMs);
  const key = JSON.stringify([user ?? apiKey, session]);
  const known = sessions.get(key) ?? { ...unused, session, user, userName, apiKey, startedAt, lastSeenAt };
  sessions.set(key, {
    ...known,
    startedAt: startedAt < known.startedAt ? startedAt : known.startedAt,
    lastSeenAt: lastSeenAt > known.lastSeenAt ? lastSeenAt : known.lastSeenAt,
    running: known.running + (open?.now === 'running' ? 1 : 0),
    waiting: known.waiting + (open?.now === 'waiting' ? 1 : 0),
    requests: known.requests + (open?.now === 'waiting' ? 0 : 1),
    inputTokens: known.inputTokens + record.inputTokens,
    outputTokens: known.outputTokens + record.outputTokens,
    cacheReadTokens: known.cacheReadTokens + record.cacheReadTokens,
    cacheWriteTokens: known.cacheWriteTokens + record.cacheWriteTokens,
    costMicroDollars: known.costMicroDollars + record.costMicroDollars,
  });
}

const unused = {
  running: 0,
  waiting: 0,
  requests: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  costMicroDollars: 0,
} as const;

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
