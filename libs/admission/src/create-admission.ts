import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import { admitInStore } from './admit.ts';
import type { AdmissionRequest } from './admit.ts';
import { createLocalFallback } from './create-local-fallback.ts';
import type { Decision } from './decision.ts';
import { renewInStore } from './renew.ts';
import { settleInStore } from './settle.ts';
import type { Settlement } from './settle.ts';

export interface AdmissionOptions {
  readonly store: Store;
  /** How many replicas share the limits while the store is away; less than 1 counts as 1. */
  readonly liveReplicas: () => number;
  /** Milliseconds after which the insurance decides instead; 100 unless given: more than any healthy Redis takes, less than a developer notices. */
  readonly timeoutMs?: number | undefined;
  /** Called when the store stops deciding, and when it decides again. */
  readonly onLocalFallback?: ((inFallback: boolean) => void) | undefined;
  /** Called when Redis refused to renew or settle a lease: a fault of ours, for the log. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

/** Decides who may come in, whether Redis is there or not. */
export interface Admission {
  /** Rejects with RangeError for an impossible bucket and with StoreReplyError for a fault of ours; never for a store that is away. */
  admit(request: AdmissionRequest): Promise<Decision>;
  /** To be called every third of the TTL while a request runs. A lease that the store does not know stays unknown. Never rejects. */
  renew(tenant: string, leaseId: string, ttlMs: number): Promise<void>;
  /** Once per admitted request; for one that the insurance admitted, or a lapsed lease, it does nothing. Never rejects. */
  settle(settlement: Settlement): Promise<void>;
}

export function createAdmission({
  store,
  liveReplicas,
  timeoutMs = 100,
  onLocalFallback,
  onFault,
}: AdmissionOptions): Admission {
  const localFallback = createLocalFallback(liveReplicas);
  let inFallback = false;

  function note(now: boolean): void {
    if (now === inFallback) return;
    inFallback = now;
    onLocalFallback?.(now);
  }

  /** A lease that cannot be renewed or settled now lapses by itself. */
  function letLapse(error: unknown): void {
    if (!(error instanceof StoreUnavailableError)) onFault?.(error);
  }

  return {
    async admit(request) {
      try {
        const decision = await admitInStore(store, request, timeoutMs);
        note(false);
        return decision;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        note(true);
        return localFallback.admit(request.tenant, request.buckets);
      }
    },
    async renew(tenant, leaseId, ttlMs) {
      await renewInStore(store, tenant, { id: leaseId, ttlMs }).catch(letLapse);
    },
    async settle(settlement) {
      await settleInStore(store, settlement).catch(letLapse);
    },
  };
}
