import { listActiveBatches, listBatchTenants } from '@ccg/batches';
import type { Transitions } from '@ccg/batches';
import type { Clock } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import type { ItemQueue } from './item-queue.ts';
import type { ItemPointer } from './item.ts';
import { createShareOut } from './share-out.ts';
import type { WaitingTenant } from './share-out.ts';
import type { TenantWeights } from './tenant-weights.ts';

export interface DispatcherDependencies {
  readonly store: Store;
  readonly transitions: Transitions;
  readonly queue: Pick<ItemQueue, 'handedOut' | 'add' | 'remove'>;
  readonly weights: TenantWeights;
  readonly clock: Clock;
  /** Tells this worker from all others. */
  readonly worker: string;
  /** How many items this worker runs at the same time. */
  readonly slots: number;
}

export interface Dispatcher {
  /** Says that this worker is there. One of them hands out items; resolves with whether it is this one, and found any batch. */
  beat(): Promise<{ readonly leads: boolean; readonly isBusy: boolean }>;
  /** Tells the others that this worker is gone. */
  leave(): Promise<void>;
}

const beatLapsesMs = 15_000;
const leadLapsesMs = 5000;
/** For each place of a worker one item runs and one waits. */
const windowOfSlot = 2;

/** Hands out items of all batches: so many at a time as the workers have use for, shared over the tenants by their weights. */
export function createDispatcher(deps: DispatcherDependencies): Dispatcher {
  const { store, clock, worker, slots } = deps;
  const { batches } = store.redisKeys;
  const member = `${worker}/${slots}`;
  const progress: Progress = { cursors: new Map(), shareOut: createShareOut() };

  async function leads(): Promise<boolean> {
    const key = batches.dispatcher();
    if ((await store.command('set', [key, worker, 'PX', leadLapsesMs, 'NX'])) !== null) return true;
    if ((await store.command('get', [key])) !== worker) return false;
    await store.command('set', [key, worker, 'PX', leadLapsesMs]);
    return true;
  }

  async function windowOfAll(): Promise<number> {
    const reply = await store.command('zrangebyscore', [batches.workers(), clock.now(), '+inf']);
    const members = Array.isArray(reply) ? reply.map(String) : [];
    return windowOfSlot * members.reduce((sum, name) => sum + Number(name.split('/')[1] ?? 0), 0);
  }

  return {
    async beat() {
      await store.command('zadd', [batches.workers(), clock.now() + beatLapsesMs, member]);
      if (!(await leads())) return { leads: false, isBusy: false };
      const isBusy = await handOut(deps, await windowOfAll(), progress);
      return { leads: true, isBusy };
    },
    async leave() {
      await store.command('zrem', [batches.workers(), member]);
      const key = batches.dispatcher();
      if ((await store.command('get', [key])) === worker) await store.command('del', [key]);
    },
  };
}

/** What the one that hands out items remembers from round to round. */
interface Progress {
  /** Where it looks next for items of a batch. */
  readonly cursors: Map<string, number>;
  readonly shareOut: ReturnType<typeof createShareOut>;
}

async function handOut(
  deps: DispatcherDependencies,
  window: number,
  { cursors, shareOut }: Progress,
): Promise<boolean> {
  const { store, queue } = deps;
  const active: { readonly tenant: string; readonly ids: readonly string[] }[] = [];
  for (const tenant of await listBatchTenants(store)) {
    const ids = await listActiveBatches(store, tenant);
    if (ids.length > 0) active.push({ tenant, ids });
  }
  const known = new Set(active.flatMap(({ ids }) => ids));
  for (const id of cursors.keys()) if (!known.has(id)) cursors.delete(id);
  if (active.length === 0) return false;
  const { now, later } = await queue.handedOut();
  const held = await holdBack(queue, later);
  const free = window - now.length;
  if (free <= 0) return true;
  const taken = countBy([...now, ...later], ({ id }) => id);
  const names = new Set([...now, ...later].map(nameOf));
  const waiting: WaitingTenant[] = [];
  const weights = await deps.weights(active.map(({ tenant }) => tenant));
  const running = countBy(now, ({ tenant }) => tenant);
  for (const { tenant, ids } of active) {
    const found: ItemPointer[] = [];
    for (const id of ids) {
      // Items that fail again and again must not fill the queue, nor hold up other batches.
      const room = held.has(id) ? 0 : Math.min(free - found.length, window - (taken.get(id) ?? 0));
      if (room > 0) found.push(...(await findItems(deps, { tenant, id }, room, { names, cursors })));
    }
    waiting.push({ tenant, items: found, handedOut: running.get(tenant) ?? 0, weight: weights.get(tenant) ?? 1 });
  }
  const chosen = shareOut(waiting, free);
  if (chosen.length > 0) await queue.add(chosen);
  return true;
}

/**
 * The batches that wait for a budget. One item of each is tried now and then, and the others with it no more: they go
 * back into their batch until that one runs.
 */
async function holdBack(queue: Pick<ItemQueue, 'remove'>, later: readonly ItemPointer[]): Promise<ReadonlySet<string>> {
  const held = new Set<string>();
  for (const pointer of later) {
    if (pointer.waitsForBudget !== true) continue;
    if (held.has(pointer.id)) await queue.remove(pointer);
    held.add(pointer.id);
  }
  return held;
}

/** Looks for items from where it looked last, and from the beginning again after the last one: those that failed are there. */
async function findItems(
  { transitions }: DispatcherDependencies,
  place: { readonly tenant: string; readonly id: string },
  wanted: number,
  { names, cursors }: { readonly names: ReadonlySet<string>; readonly cursors: Map<string, number> },
): Promise<readonly ItemPointer[]> {
  const found: ItemPointer[] = [];
  let from = cursors.get(place.id) ?? 0;
  while (found.length < wanted) {
    const { indexes, next } = await transitions.undone(place, from, wanted, true);
    for (const index of indexes) {
      const pointer = { ...place, index, tries: 0 };
      if (found.length < wanted && !names.has(nameOf(pointer))) found.push(pointer);
    }
    // What stands before a piece without items to hand out is looked at again in the next round.
    if (found.length === 0) cursors.set(place.id, next ?? 0);
    if (next === undefined) break;
    from = next;
  }
  return found;
}

function nameOf({ id, index }: ItemPointer): string {
  return `${id}-${index}`;
}

function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}
