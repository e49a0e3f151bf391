import type { Clock } from '@ccg/kernel';

/** Tells one request that waits when to read again what it is decided by. */
export interface Recheck {
  /** Resolves when that is due; the next call is for the next time. */
  due(this: void): Promise<'recheck'>;
  cancel(this: void): void;
}

/** Those of this process that wait, by their tenants. */
export interface Rechecks {
  open(tenant: string): Recheck;
  /** Something of a tenant has changed. */
  now(this: void, tenant: string): void;
}

/** Messages can be lost, so everybody who waits looks by themselves now and then. */
const intervalMs = 5000;

export function createRechecks(clock: Clock): Rechecks {
  const byTenant = new Map<string, Set<() => void>>();
  return {
    open(tenant) {
      const wakers = byTenant.get(tenant) ?? new Set();
      byTenant.set(tenant, wakers);
      let waking = Promise.withResolvers<'recheck'>();
      const wake = (): void => {
        waking.resolve('recheck');
      };
      let cancelTimer = schedule();
      function schedule(): () => void {
        return clock.schedule(intervalMs, () => {
          cancelTimer = schedule();
          wake();
        });
      }
      wakers.add(wake);
      return {
        async due() {
          const due = await waking.promise;
          waking = Promise.withResolvers();
          return due;
        },
        cancel() {
          cancelTimer();
          wakers.delete(wake);
          if (wakers.size === 0 && byTenant.get(tenant) === wakers) byTenant.delete(tenant);
        },
      };
    },
    now(tenant) {
      for (const wake of byTenant.get(tenant) ?? []) wake();
    },
  };
}
