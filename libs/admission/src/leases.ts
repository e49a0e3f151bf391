import type { Clock } from '@ccg/kernel';
import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';

/** The leases of one running request: an entry in the lease set of every subject whose running requests are limited. */
export interface Lease {
  readonly tenant: string;
  readonly id: string;
  readonly subjects: readonly string[];
}

interface LeaseKeeperOptions {
  readonly clock: Clock;
  /** All leases are renewed every third of it. */
  readonly ttlMs: number;
  /** A lease that is held longer is given up: a request that never settles must not count for ever. */
  readonly maxAgeMs: number;
  readonly renew: (leases: readonly Lease[]) => void;
}

/** Keeps the leases of this process alive, with one timer for all of them. */
export interface LeaseKeeper {
  hold(lease: Lease): void;
  letGo(lease: Lease): void;
}

export function createLeaseKeeper({ clock, ttlMs, maxAgeMs, renew }: LeaseKeeperOptions): LeaseKeeper {
  const heldSinceMs = new Map<Lease, number>();
  let ticking = false;

  /** Runs only while a lease is held, so that an idle process has no timer and nothing needs to be closed. */
  function tick(): void {
    if (ticking || heldSinceMs.size === 0) return;
    ticking = true;
    clock.schedule(ttlMs / 3, () => {
      ticking = false;
      for (const [lease, sinceMs] of heldSinceMs) {
        if (clock.now() - sinceMs >= maxAgeMs) heldSinceMs.delete(lease);
      }
      if (heldSinceMs.size > 0) renew([...heldSinceMs.keys()]);
      tick();
    });
  }

  return {
    hold(lease) {
      heldSinceMs.set(lease, clock.now());
      tick();
    },
    letGo(lease) {
      heldSinceMs.delete(lease);
    },
  };
}

const script = loadScript(new URL('./renew.lua', import.meta.url));
/** Keeps one call short, for Redis runs nothing else meanwhile. */
const leasesPerCall = 1000;

/** Gives leases another TTL, with one call per lease set for up to 1,000 of them. Rejects with StoreUnavailableError. */
export async function renewInStore(store: Store, leases: readonly Lease[], ttlMs: number): Promise<void> {
  const idsByLeaseSet = new Map<string, string[]>();
  for (const { tenant, id, subjects } of leases) {
    for (const subject of subjects) {
      const redisKey = store.redisKeys.leases(tenant, subject);
      const ids = idsByLeaseSet.get(redisKey) ?? [];
      idsByLeaseSet.set(redisKey, ids);
      ids.push(id);
    }
  }
  const calls: Promise<unknown>[] = [];
  for (const [redisKey, ids] of idsByLeaseSet) {
    for (let at = 0; at < ids.length; at += leasesPerCall) {
      calls.push(store.run(script, [redisKey], [Math.ceil(ttlMs), ...ids.slice(at, at + leasesPerCall)]));
    }
  }
  await Promise.all(calls);
}
