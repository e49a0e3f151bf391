import { assertNever, GatewayError } from '@ccg/kernel';
import { wholeTenant } from '@ccg/admission';
import type { Admission, Limit, LimitState } from '@ccg/admission';
import type { Limits } from '@ccg/tenancy';
import type { ServeRequest } from './request.ts';

interface Admitted {
  /** What is left of each limit. */
  readonly limits: readonly LimitState[];
  /** Ends the lease, in the background: an answer never waits for it. */
  settle(): void;
}

/** Admits a request. Its lease is kept alive until it is settled. Rejects with `GatewayError` `rate-limited`. */
export type Admit = (request: ServeRequest) => Promise<Admitted>;

export function createAdmit(admission: Admission): Admit {
  return async ({ principal: { tenant, authorization }, requestId }) => {
    const limits = toAdmissionLimits(authorization.limits);
    const decision = await admission.admit({ tenant, requestId, limits });
    if (decision.kind === 'limited') throw limited(decision.limit, decision.retryAfterMs);
    return { limits: decision.limits, settle: () => void decision.settle([]) };
  };
}

const converted = new WeakMap<Limits, readonly Limit[]>();

/** The same list for the same limits: admission remembers what follows from it. */
function toAdmissionLimits(limits: Limits): readonly Limit[] {
  const known = converted.get(limits);
  if (known !== undefined) return known;
  const made = convertLimits(limits);
  converted.set(limits, made);
  return made;
}

function convertLimits({ requestsPerMinute }: Limits): readonly Limit[] {
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
