import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { leaseSubjectOf } from './limits.ts';
import type { AdmissionRequest } from './limits.ts';

/** A request that waits for a place among the running ones. */
export interface Ticket {
  readonly tenant: string;
  readonly requestId: string;
  readonly caller: string;
  readonly weight: number;
  readonly maxWaiting: number;
  /** The usage record of the request, for whoever asks who waits. */
  readonly record: string;
  /** The lease sets in which it needs a place, and how many leases each may have. */
  readonly leaseSets: readonly (readonly [redisKey: string, maxRunning: number])[];
}

export interface WaitStep {
  readonly tenant: string;
  /** Empty for a process that has nobody waiting. */
  readonly replica: string;
  readonly kind: 'enter' | 'leave' | 'look';
  /** Not of a look. */
  readonly ticket?: Ticket | undefined;
  /** Where the ticket was in the queue; the last unless given. */
  readonly place?: string | undefined;
  /** Lease sets for which others wait, as far as known. */
  readonly otherSets: Iterable<string>;
}

/** What a step has found and done. */
export interface WaitReply {
  readonly status: 'waiting' | 'granted' | 'full' | 'done';
  /** The ticket's place in the queue. */
  readonly place: string;
  /** How many of the replica's requests wait now. */
  readonly waiting: number;
  /** The replica's requests that were granted a place. */
  readonly granted: readonly string[];
  /** Those of others, who have to be told. */
  readonly grantedElsewhere: readonly { readonly replica: string; readonly requestId: string }[];
  /** Unless empty, nothing could be granted: another step has to name these lease sets. */
  readonly missingSets: readonly string[];
}

const script = loadScript(new URL('./wait.lua', import.meta.url));

/** After so long without a step the tickets of a replica lapse. With the time between two looks of the others it is 5 s. */
const deadAfterMs = 4000;
/** A granted place is taken within one call to Redis, unless the process dies. */
const grantKeptMs = 5000;
const roomKeptMs = 60_000;

const statuses = ['waiting', 'granted', 'full', 'done'] as const;

/** Takes one step in the waiting room of a tenant. Rejects with StoreUnavailableError. */
export async function stepInStore(store: Store, step: WaitStep): Promise<WaitReply> {
  const { tenant, replica, kind, ticket, place = '', otherSets } = step;
  const { redisKeys } = store;
  const keys = [redisKeys.waitingRoom(tenant)];
  for (const part of ['tickets', 'turns', 'later', 'replicas'] as const) keys.push(redisKeys.waiting(tenant, part));
  keys.push(redisKeys.waitedFor(tenant));
  const own = ticket?.leaseSets ?? [];
  const names = new Set(own.map(([redisKey]) => redisKey));
  for (const redisKey of otherSets) names.add(redisKey);
  keys.push(...names);
  const times = [deadAfterMs, grantKeptMs, roomKeptMs];
  const who = [ticket?.requestId ?? '', ticket?.caller ?? '', ticket?.weight ?? 1, place, ticket?.maxWaiting ?? 0];
  const record = ticket?.record ?? '';
  const reply = await store.run(script, keys, [kind, replica, ...times, ...who, record, ...own.map(([, max]) => max)]);
  return toReply(reply);
}

function toReply(reply: unknown): WaitReply {
  if (!Array.isArray(reply)) throw new TypeError('The script of the waiting room returned no list.');
  const [status, place, waiting, granted, others, missing] = reply as readonly unknown[];
  const grants = textsOf(others);
  return {
    status: statuses.find((one) => one === status) ?? 'done',
    place: String(place),
    waiting: Number(waiting),
    granted: textsOf(granted),
    grantedElsewhere: grants.flatMap((replica, at) =>
      at % 2 === 0 ? [{ replica, requestId: grants[at + 1] ?? '' }] : [],
    ),
    missingSets: textsOf(missing),
  };
}

function textsOf(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.map(String) : [];
}

// What tickets are made of is separated by these in Redis.
const separators = /\p{Cc}/u;

/** The ticket of a request that waits; undefined for names that cannot stand in one. */
export function ticketOf({ redisKeys }: Store, request: AdmissionRequest, maxWaiting: number): Ticket | undefined {
  const { tenant, requestId, limits, waiting, record } = request;
  if (waiting === undefined) return undefined;
  const leaseSets = limits.flatMap((limit) => {
    if (limit.kind !== 'concurrency' || limit.mode === 'shadow') return [];
    return [[redisKeys.leases(tenant, leaseSubjectOf(limit)), limit.maxRunning] as const];
  });
  const { caller, weight } = waiting;
  const names = [caller, requestId, ...leaseSets.map(([redisKey]) => redisKey)];
  if (names.some((name) => separators.test(name))) return undefined;
  return { tenant, requestId, caller, weight, maxWaiting, record, leaseSets };
}
