import { loadScript } from '@ccg/store';
import type { RedisKeys, Script, Store } from '@ccg/store';
import { reservationKeptMs } from './reservation-kept.ts';

/**
 * How a request came to its end: `ended` in the usual way, `guarded` the same within a script that makes it once, `unreserved`
 * Redis was away when it began or has lost its reservation, `cancelled` it was not let in after all, `lapsed` nobody has renewed
 * its reservation.
 */
type SettlementKind = 'ended' | 'guarded' | 'unreserved' | 'cancelled' | 'lapsed';

/** What is charged to one counter in all, in the unit in which it is stored. */
export type Charge =
  | { readonly kind: 'rate'; readonly redisKey: string; readonly total: number }
  | {
      readonly kind: 'budget';
      readonly redisKey: string;
      readonly total: number;
      /** Milliseconds until the counter expires, if it has to be made anew. */
      readonly expiresInMs: number;
    };

export interface Settlement {
  readonly tenant: string;
  readonly requestId: string;
  readonly kind: SettlementKind;
  /** Redis keys of the lease sets in which the request holds a lease. */
  readonly leaseSets: readonly string[];
  readonly charges: readonly Charge[];
  /** The usage record; empty if none is to be appended. */
  readonly record: string;
  readonly output: { readonly model: string; readonly sample: number } | undefined;
  /** Milliseconds since its rates should have been charged; 0 unless given. */
  readonly chargedLateMs?: number;
}

/** The script that settles a request, for whoever makes it a part of another script: see `AdmissionRequest.handOver`. */
export const settleScript: Script = loadScript(new URL('./settle.lua', import.meta.url));

/** The redis keys, of one tenant, and the arguments with which `settleScript` settles a request. */
export interface SettlementCall {
  readonly keys: readonly string[];
  readonly args: readonly (string | number)[];
}

export interface SettleOptions {
  /** Most usage records that a tenant keeps. */
  readonly usageRecordsMax: number;
}

export interface Settled {
  /** False if there was nothing to settle. */
  readonly isSettled: boolean;
  /** A lease ended for which other requests wait. */
  readonly othersWait: boolean;
}

/**
 * Settles a request, once however often it is asked for: a try that timed out may have been made all the same. Rejects with
 * StoreUnavailableError.
 */
export async function settleInStore(store: Store, settlement: Settlement, options: SettleOptions): Promise<Settled> {
  const { keys, args } = settlementCall(store.redisKeys, settlement, options);
  return readSettled(await store.run(settleScript, keys, args));
}

/** What the script has returned. */
export function readSettled(reply: unknown): Settled {
  const number = Number(reply);
  return { isSettled: number % 2 === 1, othersWait: number >= 2 };
}

export function settlementCall(redisKeys: RedisKeys, settlement: Settlement, options: SettleOptions): SettlementCall {
  const { tenant, requestId, kind, leaseSets, charges, record, output, chargedLateMs = 0 } = settlement;
  const keys = [
    redisKeys.reservation(tenant, requestId),
    redisKeys.reservations(tenant),
    redisKeys.usageRecords(tenant),
    redisKeys.waitedFor(tenant),
  ];
  keys.push(...leaseSets);
  const totals: number[] = [];
  let buckets = 0;
  for (const charge of charges) {
    if (charge.kind !== 'rate') continue;
    buckets += 1;
    keys.push(charge.redisKey);
    totals.push(charge.total);
  }
  for (const charge of charges) {
    if (charge.kind !== 'budget') continue;
    keys.push(charge.redisKey);
    totals.push(charge.total, charge.expiresInMs);
  }
  if (output !== undefined) keys.push(redisKeys.outputEstimate(tenant, output.model));
  const counts = [leaseSets.length, buckets, charges.length - buckets, chargedLateMs];
  const sample = output?.sample ?? '';
  const fixed = [requestId, kind, reservationKeptMs, options.usageRecordsMax, record, sample];
  return { keys, args: [...fixed, ...counts, ...totals] };
}
