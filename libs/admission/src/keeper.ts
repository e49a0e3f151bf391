import type { Clock } from '@ccg/kernel';
import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { reservationKeptMs } from './reservation-kept.ts';
import type { Charge } from './settle.ts';
import { usedFieldOf } from './sweep.ts';

/** A running request, whose reservation and leases are kept alive. */
export interface Held {
  readonly tenant: string;
  readonly requestId: string;
  /** Redis keys of the lease sets in which it holds a lease. */
  readonly leaseSets: readonly string[];
  /** When it was admitted, by the monotonic clock. */
  readonly sinceMs: number;
  /** What it has used so far, as it would be settled, and whether Redis may not have its reservation yet. */
  readonly soFar: () => { readonly record: string; readonly charges: readonly Charge[]; readonly mayBeNew: boolean };
}

interface KeeperOptions {
  readonly clock: Clock;
  /** Each request is renewed when a third of it has passed. */
  readonly ttlMs: number;
  /** A request that runs longer is given up: one that never settles must not count for ever. */
  readonly maxAgeMs: number;
  readonly renew: (held: Held) => void;
}

/** Keeps the running requests of this process alive in Redis, with one timer for all of them. */
export interface Keeper {
  hold(held: Held): void;
  letGo(held: Held): void;
}

/** Requests are renewed in so many portions, so that many of them do not hold up the event loop at once. */
const ticksPerRenewal = 10;

export function createKeeper({ clock, ttlMs, maxAgeMs, renew }: KeeperOptions): Keeper {
  /** When each was renewed, the longest ago first. */
  const renewedAtMs = new Map<Held, number>();
  const intervalMs = ttlMs / 3;
  let isTicking = false;

  /** Runs only while a request is held, so that an idle process has no timer and nothing needs to be closed. */
  function tick(): void {
    if (isTicking || renewedAtMs.size === 0) return;
    isTicking = true;
    clock.schedule(intervalMs / ticksPerRenewal, () => {
      isTicking = false;
      renewDue(clock.monotonicMs());
      tick();
    });
  }

  function renewDue(nowMs: number): void {
    for (const [held, atMs] of renewedAtMs) {
      if (nowMs - atMs < intervalMs) return;
      renewedAtMs.delete(held);
      if (nowMs - held.sinceMs >= maxAgeMs) continue;
      renewedAtMs.set(held, nowMs);
      renew(held);
    }
  }

  return {
    hold(held) {
      renewedAtMs.set(held, held.sinceMs);
      tick();
    },
    letGo(held) {
      renewedAtMs.delete(held);
    },
  };
}

const script = loadScript(new URL('./renew.lua', import.meta.url));

/** Gives a running request another TTL and stores what it has used so far. Rejects with StoreUnavailableError. */
export async function renewInStore(store: Store, held: Held, ttlMs: number): Promise<void> {
  const { tenant, requestId, leaseSets } = held;
  const { record, charges, mayBeNew } = held.soFar();
  const { redisKeys } = store;
  const keys = [redisKeys.reservation(tenant, requestId), redisKeys.reservations(tenant), ...leaseSets];
  const fields = charges.flatMap((charge) => [usedFieldOf(charge), charge.total]);
  await store.run(script, keys, [requestId, Math.ceil(ttlMs), reservationKeptMs, mayBeNew ? 1 : 0, record, ...fields]);
}
