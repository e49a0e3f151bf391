import { randomUUID } from 'node:crypto';
import { wholeTenant } from '@ccg/admission';
import type { RateLimit, Reservation } from '@ccg/admission';
import { createScript } from '@ccg/store';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { concurrency, openAdmissionRig, rate, used } from './support/admission-rig.ts';
import type { AdmissionRig } from './support/admission-rig.ts';

let rig: AdmissionRig;

beforeEach(async () => {
  rig = await openAdmissionRig();
});

afterEach(async () => {
  await rig.close();
});

// One unit flows in per 1,000 s: what flows in while a run lasts never makes a whole one. Leases lapse between two steps of the clock.
const unitMs = 1_000_000;
const leaseUnits = 1.5;
const capacities = [10, 6] as const;
const maxRunning = 3;

type Command =
  | { readonly kind: 'admit'; readonly costs: readonly [number, number] }
  | {
      readonly kind: 'settle';
      readonly which: number;
      readonly amounts: readonly [number, number];
      readonly twice: boolean;
    }
  | { readonly kind: 'crash'; readonly which: number }
  | { readonly kind: 'step'; readonly units: number };

const cost = fc.integer({ min: 0, max: 12 });
const amount = fc.integer({ min: 0, max: 18 });
const which = fc.nat({ max: 5 });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('admit' as const), costs: fc.tuple(cost, cost) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      which,
      amounts: fc.tuple(amount, amount),
      twice: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('step' as const), units: fc.integer({ min: -2, max: 5 }) }) },
);

/** What the scripts should do, in units and with a clock of its own. */
function createReference() {
  const missing = capacities.map(() => 0);
  const leases = new Map<string, number>();
  return {
    admit(id: string, costs: readonly number[]): boolean {
      const fits = capacities.every((capacity, at) => {
        return (missing[at] ?? 0) + Math.min(costs[at] ?? 0, capacity) <= capacity;
      });
      if (!fits || leases.size >= maxRunning) return false;
      for (const at of capacities.keys()) missing[at] = (missing[at] ?? 0) + (costs[at] ?? 0);
      leases.set(id, leaseUnits);
      return true;
    },
    settle(id: string, amounts: readonly number[]): void {
      leases.delete(id);
      for (const at of capacities.keys()) missing[at] = Math.max(0, (missing[at] ?? 0) - (amounts[at] ?? 0));
    },
    step(units: number): void {
      // A bucket that is full has no redis key, so a clock that goes back takes nothing from it.
      for (const [at, level] of missing.entries()) missing[at] = level === 0 ? 0 : Math.max(0, level - units);
      for (const [id, left] of leases) {
        if (left - units <= 0) leases.delete(id);
        else leases.set(id, left - units);
      }
    },
    remaining: () => capacities.map((capacity, at) => Math.max(0, capacity - (missing[at] ?? 0))),
  };
}

interface Running {
  readonly id: string;
  readonly buckets: readonly RateLimit[];
  readonly reservation: Reservation;
}

const bucket = (at: number, units: number) =>
  rate({ name: `b${at}`, capacity: capacities[at] ?? 0, refillPerSecond: 1000 / unitMs, cost: units });

/** Redis has one clock, which cannot be set: all times that are stored move the other way instead. */
const stepScript = createScript(`
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
for at = 1, #KEYS - 1 do
  local left = tonumber(redis.call('GET', KEYS[at]) or 0) - now
  if left > 0 and left - ARGV[1] > 0 then
    redis.call('SET', KEYS[at], string.format('%.17g', now + left - ARGV[1]), 'PX', string.format('%.17g', math.ceil(left - ARGV[1])))
  else
    redis.call('DEL', KEYS[at])
  end
end
local leases = redis.call('ZRANGE', KEYS[#KEYS], 0, -1, 'WITHSCORES')
for at = 1, #leases, 2 do
  redis.call('ZADD', KEYS[#KEYS], string.format('%.17g', leases[at + 1] - ARGV[1]), leases[at])
end
redis.call('PERSIST', KEYS[#KEYS])
return 1`);

async function stepClock(units: number): Promise<void> {
  const { redisKeys } = rig.store;
  const buckets = capacities.map((_, at) => redisKeys.rateLimit(rig.tenant(), `b${at}`, wholeTenant));
  await rig.store.run(stepScript, [...buckets, redisKeys.leases(rig.tenant(), wholeTenant)], [units * unitMs]);
}

test('property: whatever is admitted, settled once or twice, never settled, and however the clock steps, the scripts do what a plain reference does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 25 }), async (commands) => {
      rig.changeTenant();
      const admission = rig.openAdmission({ leaseTtlMs: leaseUnits * unitMs });
      const reference = createReference();
      const settled = new Set<string>();
      const running: Running[] = [];
      for (const one of commands) {
        switch (one.kind) {
          case 'admit': {
            const id = randomUUID();
            const buckets = one.costs.map((units, at) => bucket(at, units));
            const decision = await rig.admit([concurrency(maxRunning), ...buckets], id, admission);
            expect(decision.kind).toBe(reference.admit(id, one.costs) ? 'admitted' : 'limited');
            if (decision.kind !== 'admitted') break;
            expect(decision.states.slice(1).map((state) => 'remaining' in state && state.remaining)).toEqual(
              reference.remaining(),
            );
            running.push({ id, buckets, reservation: decision.reservation });
            break;
          }
          case 'settle': {
            const request = running[one.which];
            if (request === undefined) break;
            const total = used(...request.buckets.map((limit, at) => [limit, one.amounts[at] ?? 0] as const));
            await request.reservation.settle(total);
            if (one.twice) await request.reservation.settle(total);
            else running.splice(one.which, 1);
            const refunds = request.buckets.map((limit, at) => limit.cost - (one.amounts[at] ?? 0));
            if (!settled.has(request.id)) reference.settle(request.id, refunds);
            settled.add(request.id);
            break;
          }
          case 'crash':
            running.splice(one.which, 1);
            break;
          case 'step':
            await stepClock(one.units);
            reference.step(one.units);
            break;
        }
      }
    }),
    { numRuns: 40 },
  );
});
