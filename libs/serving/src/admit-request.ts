import { GatewayError } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { Admission, Bucket } from '@ccg/admission';
import type { Limits } from './limits.ts';
import type { ServeRequest } from './serve-request.ts';

interface AdmitDependencies {
  readonly admission: Admission;
  readonly limits: Limits;
  readonly clock: Clock;
}

export interface Admitted {
  /** Gives the lease back, in the background: an answer never waits for it. */
  release(): void;
}

const leaseTtlMs = 60_000;

/**
 * Admits a request, and keeps its lease alive until it is released.
 *
 * @throws GatewayError `rate-limited`, with the seconds until a retry can succeed.
 */
export async function admitRequest(request: ServeRequest, dependencies: AdmitDependencies): Promise<Admitted> {
  const { admission, clock, limits } = dependencies;
  const { tenant } = request.principal;
  const leaseId = request.requestId;
  const decision = await admission.admit({
    tenant,
    buckets: bucketsOf(limits),
    lease: { id: leaseId, ttlMs: leaseTtlMs },
  });
  if (decision.kind === 'limited') throw limited(limits, decision.retryAfterMs);
  let cancel = scheduleRenewal();
  return {
    release() {
      cancel();
      void admission.settle({ tenant, leaseId, credits: [] });
    },
  };

  function scheduleRenewal(): () => void {
    return clock.schedule(leaseTtlMs / 3, () => {
      void admission.renew(tenant, leaseId, leaseTtlMs);
      cancel = scheduleRenewal();
    });
  }
}

function bucketsOf(limits: Limits): Bucket[] {
  const perMinute = limits.requestsPerMinute;
  if (perMinute === undefined) return [];
  return [{ name: 'requests', capacity: perMinute, refillPerSecond: perMinute / 60, cost: 1 }];
}

function limited(limits: Limits, retryAfterMs: number): GatewayError {
  // Claude Code gives up at once above 60 seconds, and a bucket of requests never needs longer.
  const retryAfterSeconds = Math.min(60, Math.max(1, Math.ceil(retryAfterMs / 1000)));
  return new GatewayError(
    'rate-limited',
    `Your team's limit of ${limits.requestsPerMinute} requests per minute is used up. Try again in ${retryAfterSeconds} s.`,
    { retryAfterSeconds },
  );
}
