import { encodeRefusal, onceOf, otherRowOf, ringOwnerOf, rowsOfRefusal } from './limit-refusal.ts';
import type { LimitRefusal, RefusalTable } from './limit-refusal.ts';

/** What one write to the store takes of one tenant. */
export interface RefusalBatch {
  readonly counts: readonly RefusalCounts[];
  readonly entries: readonly RingEntry[];
}

interface RefusalCounts {
  readonly table: RefusalTable;
  readonly day: string;
  /** Row → how many. */
  readonly rows: ReadonlyMap<string, number>;
}

/** A refusal that is kept for a day: in the ring of the tenant, of its caller, or both. */
interface RingEntry {
  readonly text: string;
  readonly inTenantRing: boolean;
  /** Undefined where the caller's ring does not get it. */
  readonly owner: string | undefined;
  /** Another of the same name is kept only when an hour is over. */
  readonly once: string | undefined;
}

/** How much of each is kept, in memory between two writes and in the store. */
export const ringSizes = { tenant: 1000, owner: 50, owners: 1000 } as const;

const rowsMax = 2000;
const entriesOfBatch = 250;

/** The refusals of one tenant that are not written yet: however many they are, they take the same memory at most. */
export interface PendingRefusals {
  /** Gives by how many rows and refusals it has grown. Without room it keeps a new one for an old one. */
  add(refusal: LimitRefusal, hasRoom: boolean): number;
  /** In the order in which they must be written. */
  batches(): readonly RefusalBatch[];
}

/** Its text alone is kept: what a client sent may be a piece of something much larger. */
interface Kept {
  readonly atMs: number;
  readonly text: string;
  readonly once: string | undefined;
}

export function createPendingRefusals(): PendingRefusals {
  const counts = new Map<string, { table: RefusalTable; day: string; rows: Map<string, number> }>();
  const tenantRing: Kept[] = [];
  const ownerRings = new Map<string, Kept[]>();
  const onces = new Set<string>();
  let rowCount = 0;

  function count(table: RefusalTable, { day, row, hasRoom }: { day: string; row: string; hasRoom: boolean }): 0 | 1 {
    const key = `${day} ${table}`;
    const counted = counts.get(key) ?? { table, day, rows: new Map<string, number>() };
    counts.set(key, counted);
    const isNew = !counted.rows.has(row);
    const isOther = isNew && (rowCount >= rowsMax || !hasRoom);
    const name = isOther ? otherRowOf(row) : row;
    counted.rows.set(name, (counted.rows.get(name) ?? 0) + 1);
    if (!isNew || isOther) return 0;
    rowCount += 1;
    return 1;
  }

  function keep(refusal: LimitRefusal, hasRoom: boolean): number {
    const once = onceOf(refusal);
    if (once !== undefined) {
      if (onces.has(once) || onces.size >= ringSizes.tenant) return 0;
      onces.add(once);
    }
    const kept = { atMs: refusal.atMs, text: encodeRefusal(refusal), once };
    const grown = push(tenantRing, kept, { max: ringSizes.tenant, hasRoom });
    const owner = ringOwnerOf(refusal);
    const ring = ownerRings.get(owner) ?? [];
    if (!ownerRings.has(owner) && (!hasRoom || ownerRings.size >= ringSizes.owners)) return grown;
    ownerRings.set(owner, ring);
    return grown + push(ring, kept, { max: ringSizes.owner, hasRoom });
  }

  return {
    add(refusal, hasRoom) {
      const { day, rows } = rowsOfRefusal(refusal);
      const grown =
        count('minutes', { day, row: rows.minutes, hasRoom }) + count('callers', { day, row: rows.callers, hasRoom });
      // What a shadow limit finds is counted alone: it would push out what people ask about.
      return refusal.mode === 'enforce' ? grown + keep(refusal, hasRoom) : grown;
    },
    batches() {
      const ofTenant = new Set(tenantRing);
      const owners = new Map([...ownerRings].flatMap(([owner, ring]) => ring.map((one) => [one, owner] as const)));
      const entries = [...new Set([...ofTenant, ...owners.keys()])]
        .toSorted((one, other) => one.atMs - other.atMs)
        .map((one) => ({ text: one.text, inTenantRing: ofTenant.has(one), owner: owners.get(one), once: one.once }));
      const batchCount = Math.max(1, Math.ceil(entries.length / entriesOfBatch));
      return Array.from({ length: batchCount }, (_, at) => ({
        counts: at === 0 ? [...counts.values()] : [],
        entries: entries.slice(at * entriesOfBatch, (at + 1) * entriesOfBatch),
      }));
    },
  };
}

/** Gives by how many the ring has grown. */
function push(ring: Kept[], kept: Kept, { max, hasRoom }: { readonly max: number; readonly hasRoom: boolean }): 0 | 1 {
  const isFull = ring.length >= max || !hasRoom;
  if (isFull && ring.shift() === undefined) return 0;
  ring.push(kept);
  return isFull ? 0 : 1;
}
