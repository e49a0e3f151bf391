import type { ItemPointer } from './item.ts';

/** A tenant whose items wait to be handed out. */
export interface WaitingTenant {
  readonly tenant: string;
  readonly items: readonly ItemPointer[];
  /** How many of its items are handed out and have not ended. */
  readonly handedOut: number;
  /** How many it may have handed out where others have one; above 0. */
  readonly weight: number;
}

/**
 * Shares out so many items by deficit round robin over the tenants. What a tenant has handed out is what it owes: each item
 * goes to whoever owes the least for its weight, and of those that owe the same to whoever was served longest ago. So slow items
 * of one tenant take no places of another's, one with many does not hold up one with a few, and nobody saves up by idling.
 */
export function createShareOut(): (waiting: readonly WaitingTenant[], free: number) => readonly ItemPointer[] {
  let servedAt = new Map<string, number>();
  let turn = 0;
  return (waiting, free) => {
    // Who has nothing waiting comes back as one who was never served.
    servedAt = new Map(waiting.map(({ tenant }) => [tenant, servedAt.get(tenant) ?? 0]));
    const chosen: ItemPointer[] = [];
    const queues = waiting.map((one) => ({ ...one, at: 0, owes: one.handedOut / one.weight }));
    while (chosen.length < free) {
      const [first, ...others] = queues.filter(({ items, at }) => at < items.length);
      if (first === undefined) break;
      const next = others.reduce((one, other) => (comesBefore(other, one, servedAt) ? other : one), first);
      const item = next.items[next.at];
      if (item !== undefined) chosen.push(item);
      next.at += 1;
      next.owes += 1 / next.weight;
      turn += 1;
      servedAt.set(next.tenant, turn);
    }
    return chosen;
  };
}

interface Standing {
  readonly tenant: string;
  readonly owes: number;
}

/** Sums of fractions differ in their last digits. */
const roundingError = 1e-9;

function comesBefore(one: Standing, other: Standing, servedAt: ReadonlyMap<string, number>): boolean {
  const more = one.owes - other.owes;
  if (Math.abs(more) > roundingError) return more < 0;
  return (servedAt.get(one.tenant) ?? 0) < (servedAt.get(other.tenant) ?? 0);
}
