import type { Clock } from '@ccg/kernel';
import { loadScript, StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import { reservationKeptMs } from './reservation-kept.ts';
import { settleInStore } from './settle.ts';
import type { Charge, Settlement } from './settle.ts';
import type { SettlementOutcome } from './settlements.ts';

export interface SweepOptions {
  /** Most usage records that a tenant keeps. */
  readonly usageRecordsMax: number;
}

const script = loadScript(new URL('./lapsed.lua', import.meta.url));
const reservationsPerRead = 100;

/**
 * Settles the reservations of a tenant that nobody has renewed in time, because their process died: at what their last
 * renewal said, or at what was reserved where there was none. Gives their number. Rejects with StoreUnavailableError.
 */
export async function sweepReservations(store: Store, tenant: string, options: SweepOptions): Promise<number> {
  let swept = 0;
  for (;;) {
    const ids = await store.run(script, [store.redisKeys.reservations(tenant)], [reservationsPerRead]);
    if (!Array.isArray(ids)) throw new TypeError('The script returned no list.');
    for (const id of ids) {
      const fields = await store.command('hgetall', [store.redisKeys.reservation(tenant, String(id))]);
      const settlement = settlementOf(tenant, String(id), new Map(Object.entries(Object(fields))));
      if ((await settleInStore(store, settlement, options)).isSettled) swept += 1;
    }
    if (ids.length < reservationsPerRead) return swept;
  }
}

/** How a reservation names what was used of a counter; `used:rate:{redis key}`. */
const usedField = /^used:(?<kind>rate|budget):(?<redisKey>.+)$/su;

/** A field of renew.lua. */
export function usedFieldOf({ kind, redisKey }: Charge): string {
  return `used:${kind}:${redisKey}`;
}

function settlementOf(tenant: string, requestId: string, fields: ReadonlyMap<string, string>): Settlement {
  const charges: Charge[] = [];
  for (const [field, value] of fields) {
    const { kind, redisKey } = usedField.exec(field)?.groups ?? {};
    if (redisKey === undefined) continue;
    const counter = { redisKey, total: Number(value) };
    charges.push(
      kind === 'rate' ? { kind, ...counter } : { kind: 'budget', ...counter, expiresInMs: reservationKeptMs },
    );
  }
  const record = fields.get('record') ?? '';
  return { tenant, requestId, kind: 'lapsed', leaseSets: [], charges, record, output: undefined };
}

export interface SweeperOptions extends SweepOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** The tenants to sweep; reading them may reject with StoreUnavailableError. */
  readonly tenants: () => AsyncIterable<string> | Iterable<string>;
  /** Called for each reservation that was settled. */
  readonly onSettlement?: ((outcome: SettlementOutcome) => void) | undefined;
  /** Called when Redis rejects a sweep: a fault of ours, for the log. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

/** Sweeps the reservations of tenants again and again, in the background. The returned function ends it, and resolves when nothing runs any more. */
export function startSweeper({ store, clock, ...options }: SweeperOptions): () => Promise<void> {
  const { intervalMs, tenants, onSettlement, onFault } = options;
  let running: Promise<void> = Promise.resolve();
  let isOver = false;
  let cancel = clock.schedule(intervalMs, tick);

  function tick(): void {
    running = sweep().finally(() => {
      if (!isOver) cancel = clock.schedule(intervalMs, tick);
    });
  }

  async function sweep(): Promise<void> {
    try {
      for await (const tenant of tenants()) {
        if (isOver) return;
        await sweepTenant(tenant);
      }
    } catch (error) {
      // What could not be swept now is swept later.
      if (!(error instanceof StoreUnavailableError)) onFault?.(error);
    }
  }

  /** A tenant whose data has a fault does not hold up the others. */
  async function sweepTenant(tenant: string): Promise<void> {
    try {
      const count = await sweepReservations(store, tenant, options);
      for (let at = 0; at < count; at += 1) onSettlement?.('swept');
    } catch (error) {
      if (error instanceof StoreUnavailableError) throw error;
      onFault?.(error);
    }
  }

  return async () => {
    isOver = true;
    cancel();
    await running;
  };
}
