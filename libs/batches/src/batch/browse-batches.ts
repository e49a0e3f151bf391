import type { Store } from '@ccg/store';
import type { Batch, BatchPlace, BatchStatus } from './batch-record.ts';
import { listActiveBatches, pageOfIds, readBatch } from './read-batches.ts';

export interface BatchSearch {
  readonly tenants: readonly string[];
  /** Whose batches; undefined for all of the tenants. */
  readonly owner: string | undefined;
  /** Undefined for any. */
  readonly status: BatchStatus | undefined;
  readonly limit: number;
  /** The page begins after this id; the newest batches come first. */
  readonly after: string | undefined;
}

export interface FoundBatches {
  readonly batches: readonly Batch[];
  /** Where the next page begins. A page may have fewer batches than the limit although there are more. */
  readonly next: string | undefined;
}

/** So many pieces of the lists are looked through for one page. */
const piecesMax = 5;
const tenantsAtOnce = 50;

/** Reads a page of the batches of several tenants, the newest first. Rejects with StoreUnavailableError. */
export async function browseBatches(store: Store, search: BatchSearch): Promise<FoundBatches> {
  const { limit, owner, status } = search;
  const found: Batch[] = [];
  let { after } = search;
  for (let pieces = 0; pieces < piecesMax; pieces += 1) {
    const places = await placesAfter(store, search, after);
    const batches = await Promise.all(places.map((place) => readBatch(store, place)));
    for (const [at, batch] of batches.entries()) {
      if (found.length === limit) return { batches: found, next: after };
      after = places[at]?.id;
      const isOwners = owner === undefined || batch?.record.owner === owner;
      if (batch !== undefined && isOwners && (status === undefined || batch.status === status)) found.push(batch);
    }
    if (places.length <= limit) return { batches: found, next: undefined };
  }
  return { batches: found, next: after };
}

/** The places that come next, one more than the page has if there are as many. */
async function placesAfter(
  store: Store,
  { tenants, owner, status, limit }: BatchSearch,
  after: string | undefined,
): Promise<readonly BatchPlace[]> {
  const idsOf = async (tenant: string): Promise<readonly string[]> => {
    if (status === undefined || status === 'ended') return await pageOfIds(store, { tenant, owner, limit, after });
    return (await listActiveBatches(store, tenant)).filter((id) => after === undefined || id < after);
  };
  const places = await inTurn(tenants, async (tenant) => (await idsOf(tenant)).map((id) => ({ tenant, id })));
  // Ids begin with the time of their creation.
  return places.toSorted((one, other) => (one.id < other.id ? 1 : -1)).slice(0, limit + 1);
}

/** Finds the tenant of a batch. Rejects with StoreUnavailableError. */
export async function findBatch(store: Store, tenants: readonly string[], id: string): Promise<Batch | undefined> {
  const found = await inTurn(tenants, async (tenant) => {
    const batch = await readBatch(store, { tenant, id });
    return batch === undefined ? [] : [batch];
  });
  return found[0];
}

/** Asks for many tenants, and keeps Redis busy with a few of them at a time. */
async function inTurn<Item>(
  tenants: readonly string[],
  read: (tenant: string) => Promise<readonly Item[]>,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (let at = 0; at < tenants.length; at += tenantsAtOnce) {
    items.push(...(await Promise.all(tenants.slice(at, at + tenantsAtOnce).map(read))).flat());
  }
  return items;
}
