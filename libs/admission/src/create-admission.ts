import type { Clock } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import { admitInStore } from './admit.ts';
import type { StoreDecision } from './admit.ts';
import { createLeaseKeeper, renewInStore } from './leases.ts';
import type { AdmissionRequest, Decision } from './limits.ts';
import { createLocalFallback } from './local-fallback.ts';
import type { LocalFallback } from './local-fallback.ts';
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

  function admitted({ lease, limits }: Extract<StoreDecision, { kind: 'admitted' }>): Decision {
    if (lease.subjects.length > 0) keeper.hold(lease);
    const settle = once(async (refunds) => {
      keeper.letGo(lease);
      if (lease.subjects.length === 0 && refunds.length === 0) return;
      await settlements.settle(lease, refunds);
    });
    return { kind: 'admitted', by: 'store', limits, settle };
  }

  return {
    flush: settlements.flush,
    async admit(request) {
      if (request.limits.length === 0) return { kind: 'admitted', by: 'no-limit', limits: [], settle: nothing };
      let decision: StoreDecision;
      try {
        decision = await admitInStore(store, request, { timeoutMs, leaseTtlMs });
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        note(true);
        return await admitLocally(localFallback, request);
      }
      note(false);
      return decision.kind === 'limited' ? decision : admitted(decision);
    },
  };
}

async function admitLocally(localFallback: LocalFallback, request: AdmissionRequest): Promise<Decision> {
  const decision = await localFallback.admit(request);
  if (decision.kind === 'limited') return decision;
  const { limits, release } = decision;
  return { kind: 'admitted', by: 'local-fallback', limits, settle: once(async () => release()) };
}

async function nothing(): Promise<void> {}

type Settle = Extract<Decision, { kind: 'admitted' }>['settle'];

/** Redis does not remember which leases were settled, so the handle does. */
function once(settle: Settle): Settle {
  let settled = false;
  return async (refunds) => {
    if (settled) return;
    settled = true;
    await settle(refunds);
  };
}
