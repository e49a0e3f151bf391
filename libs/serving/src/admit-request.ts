import { assertNever, GatewayError } from '@ccg/kernel';
import { wholeTenant } from '@ccg/admission';
import type { Admission, Limit, LimitState } from '@ccg/admission';
import type { Limits } from '@ccg/tenancy';
import type { ServeRequest } from './serve-request.ts';

export interface Admitted {
  /** What is left of each limit. */
  readonly limits: readonly LimitState[];
  /** Gives the lease back, in the background: an answer never waits for it. */
  release(): void;
}

/**
 * Admits a request. Its lease is kept alive until it is released.
 *
 * @throws GatewayError `rate-limited`, with the seconds until a retry can succeed.
 */
export async function admitRequest(request: ServeRequest, admission: Admission): Promise<Admitted> {
  const { tenant, authorization } = request.principal;
  const decision = await admission.admit({
    tenant,
    requestId: request.requestId,
    limits: toAdmissionLimits(authorization.limits),
  });
  if (decision.kind === 'limited') throw limited(decision.limit, decision.retryAfterMs);
  return { limits: decision.limits, release: () => void decision.settle([]) };
}

function toAdmissionLimits({ requestsPerMinute }: Limits): readonly Limit[] {
  if (requestsPerMinute === undefined) return [];
  const refillPerSecond = requestsPerMinute / 60;
  return [
    { kind: 'rate', name: 'requests', subject: wholeTenant, capacity: requestsPerMinute, refillPerSecond, cost: 1 },
  ];
}

function limited(limit: Limit, retryAfterMs: number): GatewayError {
  // Claude Code gives up at once above 60 seconds, and a bucket of requests never needs longer.
  const retryAfterSeconds = Math.min(60, Math.max(1, Math.ceil(retryAfterMs / 1000)));
  return new GatewayError('rate-limited', `${describe(limit)} is used up. Try again in ${retryAfterSeconds} s.`, {
    retryAfterSeconds,
  });
}

function describe(limit: Limit): string {
  switch (limit.kind) {
    case 'rate':
      return `Your team's limit of ${limit.capacity} ${limit.name} per minute`;
    case 'concurrency':
      return `Your team's limit of ${limit.maxRunning} requests at the same time`;
    default:
      return assertNever(limit);
  }
}
