import type { Clock } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import { admitInStore } from './admit.ts';
import type { StoreDecision } from './admit.ts';
import { createLeaseKeeper, renewInStore } from './leases.ts';
import { estimatedOutput, reservedBy } from './limits.ts';
import type { AdmissionRequest, Decision, FinalUse, Reservation } from './limits.ts';
import { createLocalFallback } from './local-fallback.ts';
import type { LocalFallback } from './local-fallback.ts';
import type { Refund } from './settle.ts';
import { createSettlements } from './settlements.ts';
import type { SettlementOutcome } from './settlements.ts';

export interface AdmissionOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** How many replicas share the limits while Redis is away; less than 1 counts as 1. */
  readonly liveReplicas: () => number;
  /** Milliseconds after which the local fallback decides instead; 100 unless given: slower than any healthy Redis, too short for a developer to notice. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds after which the lease of a process that died lapses; 60 s unless given. */
  readonly leaseTtlMs?: number | undefined;
  /** Milliseconds after which a lease is no longer renewed, even if its request was never settled; 24 h unless given. */
  readonly leaseMaxAgeMs?: number | undefined;
  /** Called when the local fallback takes over, and when Redis decides again. */
  readonly onLocalFallback?: ((inFallback: boolean) => void) | undefined;
  /** Called when a settlement was made at a later try, or given up. */
  readonly onSettlement?: ((outcome: SettlementOutcome) => void) | undefined;
  /** Called when Redis rejects a renewal or a settlement: a fault of ours, for the log. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

/** Decides whether a request may run, with Redis or without it. */
export interface Admission {
  /**
   * Checks all limits of a request and takes what it costs, or takes nothing. Keeps the request's leases alive
   * until the decision is settled. Rejects with RangeError for an impossible limit and with StoreReplyError for a fault of
   * ours; never because Redis is away.
   */
  admit(request: AdmissionRequest): Promise<Decision>;
  /** Waits until what has ended is settled, as far as Redis can be reached now. For the end of a process; never rejects. */
  flush(): Promise<void>;
}

const dayMs = 24 * 60 * 60 * 1000;

/** Admission for one process. It holds one timer, which never keeps the process alive. */
export function createAdmission({
  store,
  clock,
  liveReplicas,
  timeoutMs = 100,
  leaseTtlMs = 60_000,
  leaseMaxAgeMs = dayMs,
  onLocalFallback,
  onSettlement,
  onFault,
}: AdmissionOptions): Admission {
  const localFallback = createLocalFallback(liveReplicas);
  const keeper = createLeaseKeeper({
    clock,
    ttlMs: leaseTtlMs,
    maxAgeMs: leaseMaxAgeMs,
    renew: (leases) => void renewInStore(store, leases, leaseTtlMs).catch(letLapse),
  });
  const settlements = createSettlements({ store, clock, onSettlement, onFault });
  let inFallback = false;

  function note(now: boolean): void {
    if (now === inFallback) return;
    inFallback = now;
    onLocalFallback?.(now);
  }

  /** A lease that cannot be renewed now lapses by itself. */
  function letLapse(error: unknown): void {
    if (!(error instanceof StoreUnavailableError)) onFault?.(error);
  }

  function admitted(
    request: AdmissionRequest,
    { lease, states }: Extract<StoreDecision, { kind: 'admitted' }>,
  ): Decision {
    if (lease.subjects.length > 0) keeper.hold(lease);
    const reservation = endedOnce(async (used) => {
      keeper.letGo(lease);
      const refunds = refundsOf(request, used);
      if (lease.subjects.length === 0 && refunds.length === 0) return;
      await settlements.settle(lease, refunds);
    });
    return { kind: 'admitted', by: 'store', states, shadowed: [], reservation };
  }

  return {
    flush: settlements.flush,
    async admit(given) {
      // Shadow limits are not counted yet.
      const request = { ...given, limits: given.limits.filter(({ mode }) => mode === 'enforce') };
      if (request.limits.length === 0) return withoutLimit;
      let decision: StoreDecision;
      try {
        decision = await admitInStore(store, request, { timeoutMs, leaseTtlMs });
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        note(true);
        return await admitLocally(localFallback, request);
      }
      note(false);
      return decision.kind === 'limited' ? { ...decision, states: [], shadowed: [] } : admitted(request, decision);
    },
  };
}

async function admitLocally(localFallback: LocalFallback, request: AdmissionRequest): Promise<Decision> {
  const decision = await localFallback.admit(request);
  if (decision.kind === 'limited') return { ...decision, states: [], shadowed: [] };
  const { states, release } = decision;
  return { kind: 'admitted', by: 'local', states, shadowed: [], reservation: endedOnce(async () => release()) };
}

/** What each rate limit gets back: what it reserved less what was used. A negative amount is charged. */
function refundsOf(request: AdmissionRequest, { amounts }: FinalUse): readonly Refund[] {
  const outputTokens = estimatedOutput(request);
  return request.limits.flatMap((limit) => {
    const used = amounts.get(limit);
    if (limit.kind !== 'rate' || used === undefined) return [];
    const amount = reservedBy(limit, outputTokens) - used;
    return amount === 0 ? [] : [{ limit, amount }];
  });
}

const withoutLimit: Decision = {
  kind: 'admitted',
  by: 'no-limit',
  states: [],
  shadowed: [],
  reservation: { watch() {}, settle: () => Promise.resolve() },
};

/** Redis does not remember which leases were settled, so the handle does. */
function endedOnce(settle: Reservation['settle']): Reservation {
  let settled = false;
  return {
    watch() {},
    async settle(used) {
      if (settled) return;
      settled = true;
      await settle(used);
    },
  };
}
