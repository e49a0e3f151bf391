import { assertNever } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { RedisKeys } from '@ccg/store';
import { reservationKeptMs } from './reservation-kept.ts';
import type { Charged } from './admit.ts';
import type { Calendar } from './calendar.ts';
import { estimatedOutput, leaseSubjectOf, refillMs, reservedBy } from './limits.ts';
import type { AdmissionRequest, BudgetLimit, Limit, Used } from './limits.ts';
import type { Charge } from './settle.ts';

/** Turns what a request has used into what is charged to counters in Redis. */
export interface Charging {
  /** `charged` names the counters. */
  chargesOf(request: AdmissionRequest, charged: Charged, amounts: Used['amounts']): readonly Charge[];
  /**
   * The counters of a request that this process let in by itself: they are charged when Redis is back. Its lease sets are among
   * them, in case that Redis has let it in too.
   */
  localCounters(request: AdmissionRequest): Charged;
  /** What a request has used that this process let in by itself: as Redis reserved nothing, that of every rate. */
  localAmounts(request: AdmissionRequest, amounts: Used['amounts']): Used['amounts'];
  /** Takes everything back that may have been reserved. */
  nothing(request: AdmissionRequest): readonly Charge[];
}

export function createCharging(redisKeys: RedisKeys, calendar: Calendar, clock: Clock): Charging {
  const periodsOf = ({ per, timeZone }: BudgetLimit) => calendar.periodsAt(clock.now(), per, timeZone);

  function chargeOf(limit: Limit, redisKey: string, amount: number): readonly Charge[] {
    switch (limit.kind) {
      case 'rate':
        return [{ kind: 'rate', redisKey, total: refillMs(limit, amount) }];
      case 'budget': {
        const expiresInMs = Math.ceil(periodsOf(limit).bounds[1] - clock.now()) + reservationKeptMs;
        return [{ kind: 'budget', redisKey, total: Math.round(amount), expiresInMs }];
      }
      case 'concurrency':
        return [];
      default:
        return assertNever(limit);
    }
  }

  function countersOf(tenant: string, limit: Limit): readonly string[] {
    const { name, subject } = limit;
    switch (limit.kind) {
      case 'rate':
        return [redisKeys.rateLimit(tenant, name, subject)];
      case 'concurrency':
        return [redisKeys.leases(tenant, leaseSubjectOf(limit))];
      case 'budget':
        return periodsOf(limit).names.map((begins) => redisKeys.budget(tenant, begins, name, subject));
      default:
        return assertNever(limit);
    }
  }

  return {
    chargesOf({ limits }, charged, amounts) {
      const charges: Charge[] = [];
      for (const [at, limit] of limits.entries()) {
        const [redisKey, amount] = [charged[at], amounts.get(limit)];
        if (redisKey !== undefined && amount !== undefined) charges.push(...chargeOf(limit, redisKey, amount));
      }
      return charges;
    },
    localCounters: ({ tenant, limits }) => limits.map((limit) => countersOf(tenant, limit)[0]),
    localAmounts(request, amounts) {
      const all = new Map(amounts);
      for (const limit of request.limits) {
        if (limit.kind === 'rate' && !all.has(limit)) all.set(limit, reservedBy(limit, estimatedOutput(request)));
      }
      return all;
    },
    nothing: ({ tenant, limits }) =>
      limits.flatMap((limit) => countersOf(tenant, limit).flatMap((redisKey) => chargeOf(limit, redisKey, 0))),
  };
}
