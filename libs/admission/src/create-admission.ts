import type { Clock } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import { admitInStore } from './admit.ts';
import type { StoreDecision } from './admit.ts';
import { createCalendar } from './calendar.ts';
import { createCharging } from './charges.ts';
import { createKeeper, renewInStore } from './keeper.ts';
import type { Held } from './keeper.ts';
import { isWaitedFor } from './limits.ts';
import type { AdmissionRequest, ConcurrencyLimit, Decision } from './limits.ts';
import { createLocalFallback } from './local-fallback.ts';
import { createReservations } from './reservations.ts';
import { settleInStore, settlementCall } from './settle.ts';
import type { Settlement } from './settle.ts';
import { createSettlements } from './settlements.ts';
import type { SettlementOutcome } from './settlements.ts';
import { watchOutage } from './outage.ts';
import type { StoreMode } from './outage.ts';
import { startSweeper } from './sweep.ts';
import type { SweeperOptions } from './sweep.ts';
import { waitUntilDecided } from './wait-until-decided.ts';
import type { Decided } from './wait-until-decided.ts';
import { createWaitingRoom } from './waiting-room.ts';
import type { WaitOutcome } from './waiting-room.ts';

export interface AdmissionOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Tells this process from all others that use the store. */
  readonly replica: string;
  /** How many replicas share the limits while Redis is away; less than 1 counts as 1. */
  readonly liveReplicas: () => number;
  /** Milliseconds after which the local fallback decides instead; 100 unless given: slower than any healthy Redis, too short for a developer to notice. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds after which the reservation of a process that died lapses; 60 s unless given. */
  readonly leaseTtlMs?: number | undefined;
  /** Milliseconds after which a reservation is no longer renewed, even if its request was never settled; 24 h unless given. */
  readonly leaseMaxAgeMs?: number | undefined;
  /** Milliseconds between two sweeps of the tenants that were served lately; half of `leaseTtlMs` unless given. */
  readonly sweepIntervalMs?: number | undefined;
  /** Most usage records that a tenant keeps; 100,000 unless given. The oldest go first. */
  readonly usageRecordsMax?: number | undefined;
  /** Milliseconds for which budgets that are closed without Redis are still open when it goes away; 60 s unless given. */
  readonly budgetGraceMs?: number | undefined;
  /** Most bytes of requests that wait in this process; 64 MB unless given. */
  readonly maxWaitingBytes?: number | undefined;
  /** Called when a request has waited for a place. */
  readonly onWaited?: ((outcome: WaitOutcome, waitedMs: number) => void) | undefined;
  /** Called when the way in which limits are decided changes. */
  readonly onStoreMode?: ((mode: StoreMode) => void) | undefined;
  /** Called when a settlement was made at a later try, given up, or made for a process that had died. */
  readonly onSettlement?: ((outcome: SettlementOutcome) => void) | undefined;
  /** Called when Redis rejects a script: a fault of ours, for the log. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

/** Decides whether a request may run, with Redis or without it. */
export interface Admission {
  /**
   * Checks all limits of a request and reserves what it costs, or takes nothing. Keeps the reservation alive until it is
   * settled. Where only caps refuse a request that may wait, it waits for its turn, and is checked anew when it has come.
   * Rejects with RangeError for an impossible limit and with StoreReplyError for a fault of ours; never because Redis
   * is away.
   */
  admit(request: AdmissionRequest): Promise<Decision>;
  /** Something of a tenant has changed: its requests that wait here read their limits again. */
  recheck(this: void, tenant: string): void;
  /** How many requests of this process wait. */
  waiting(this: void): number;
  /** Waits until what has ended is settled, as far as Redis can be reached now. For the end of a process; never rejects. */
  flush(): Promise<void>;
}

const dayMs = 24 * 60 * 60 * 1000;

/** Admission for one process. Its timers never keep the process alive. */
export function createAdmission({
  timeoutMs = 100,
  leaseTtlMs = 60_000,
  leaseMaxAgeMs = dayMs,
  sweepIntervalMs = leaseTtlMs / 2,
  usageRecordsMax = 100_000,
  budgetGraceMs = 60_000,
  maxWaitingBytes = 64 * 1024 * 1024,
  ...options
}: AdmissionOptions): Admission {
  const { store, clock } = options;
  const localFallback = createLocalFallback(options.liveReplicas);
  const times = { leaseTtlMs, leaseMaxAgeMs, sweepIntervalMs };
  const parts = createParts({ ...options, ...times, usageRecordsMax, maxWaitingBytes });
  const { calendar, charging, settlements, reservations, room, note, sweepLapsed } = parts;
  const outage = watchOutage({ ...options, budgetGraceMs });

  const ask = (request: AdmissionRequest, timeout: number | undefined, isGranted = false) =>
    admitInStore(store, request, { calendar, nowMs: clock.now(), timeoutMs: timeout, leaseTtlMs, isGranted });

  function admitUnlimited(request: AdmissionRequest): Decision {
    const isStored = ask(request, undefined).then(() => true, note);
    const reservation = reservations.open(request, { charged: [], isStored });
    return { kind: 'admitted', by: 'no-limit', states: [], shadowed: [], reservation };
  }

  async function admitLocally(request: AdmissionRequest): Promise<Decision> {
    const decision = await localFallback.admit(request, { budgetsOpen: outage.note() < budgetGraceMs });
    if (decision.kind !== 'admitted') return decision;
    const { release, ...admitted } = decision;
    const charged = charging.localCounters(request);
    const reservation = reservations.open(request, { charged, isStored: false, release });
    return { ...admitted, by: 'local', shadowed: [], reservation };
  }

  /** `mayWait`: it was Redis that refused, and nothing but caps. */
  async function decide(request: AdmissionRequest, isGranted: boolean): Promise<Decided> {
    let decision: StoreDecision;
    try {
      decision = await ask(request, timeoutMs, isGranted);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      const local = await admitLocally(request);
      if (local.kind !== 'admitted' && error.reason === 'timeout') reservations.cancel(request);
      return { decision: local, waitsFor: undefined };
    }
    outage.noteAnswer();
    if (decision.kind === 'limited') return { decision, waitsFor: waitedFor(decision) };
    const { charged, ...admitted } = decision;
    const release = localFallback.countRunning(request);
    const reservation = reservations.open(request, { charged, isStored: true, release });
    return { decision: { ...admitted, by: 'store', reservation }, waitsFor: undefined };
  }

  return {
    flush: settlements.flush,
    recheck: room.recheck,
    waiting: room.waiting,
    async admit(request) {
      sweepLapsed(request.tenant);
      if (request.limits.length === 0) return admitUnlimited(request);
      const first = await decide(request, false);
      return await waitUntilDecided(request, first, { store, room, decide });
    },
  };
}

function waitedFor({ refused: { limit } }: Extract<StoreDecision, { kind: 'limited' }>): ConcurrencyLimit | undefined {
  return limit.kind === 'concurrency' && isWaitedFor(limit) ? limit : undefined;
}

interface PartsOptions extends Pick<
  AdmissionOptions,
  'store' | 'clock' | 'replica' | 'onSettlement' | 'onFault' | 'onWaited'
> {
  readonly maxWaitingBytes: number;
  readonly leaseTtlMs: number;
  readonly leaseMaxAgeMs: number;
  readonly sweepIntervalMs: number;
  readonly usageRecordsMax: number;
}

/** What admitted requests are counted, kept alive and settled with. */
function createParts(options: PartsOptions) {
  const { store, clock, onSettlement, onFault, leaseTtlMs: ttlMs, leaseMaxAgeMs: maxAgeMs, usageRecordsMax } = options;

  /** What Redis does not take now lapses, or is made up for at the end of the request. */
  function note(error: unknown): false {
    if (!(error instanceof StoreUnavailableError)) onFault?.(error);
    return false;
  }

  const calendar = createCalendar();
  const charging = createCharging(store.redisKeys, calendar, clock);
  const { onWaited, maxWaitingBytes } = options;
  const room = createWaitingRoom({ store, clock, replica: options.replica, maxWaitingBytes, onWaited, note });
  const send = async (settlement: Settlement): Promise<boolean> => {
    const { isSettled, othersWait } = await settleInStore(store, settlement, { usageRecordsMax });
    if (othersWait) room.grant(settlement.tenant);
    return isSettled;
  };
  const settlements = createSettlements({ clock, send, isSent: () => store.state() !== 'down', onSettlement, onFault });
  const renew = (held: Held) => void renewInStore(store, held, ttlMs).catch(note);
  const keeper = createKeeper({ clock, ttlMs, maxAgeMs, renew });
  const callOf = (settlement: Settlement) => settlementCall(store.redisKeys, settlement, { usageRecordsMax });
  const reservations = createReservations({ clock, charging, keeper, settlements, callOf, grant: room.grant });
  const intervalMs = options.sweepIntervalMs;
  const sweepLapsed = sweepServedTenants({ store, clock, intervalMs, usageRecordsMax, onSettlement, onFault });
  return { calendar, charging, settlements, reservations, room, note, sweepLapsed };
}

/** Sweeps the tenants that were served lately: a replica that died was probably serving them too. Gives a function to call at each request. */
function sweepServedTenants({ clock, ...options }: Omit<SweeperOptions, 'tenants'>): (tenant: string) => void {
  const servedAtMs = new Map<string, number>();
  const latelyMs = 10 * options.intervalMs;
  let isStarted = false;

  function tenants(): Iterable<string> {
    for (const [tenant, atMs] of servedAtMs) if (clock.monotonicMs() - atMs > latelyMs) servedAtMs.delete(tenant);
    return [...servedAtMs.keys()];
  }

  return (tenant) => {
    servedAtMs.set(tenant, clock.monotonicMs());
    if (isStarted) return;
    isStarted = true;
    startSweeper({ ...options, clock, tenants });
  };
}
