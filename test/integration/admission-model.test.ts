import { sweepReservations, wholeTenant } from '@ccg/admission';
import type { Limit, LimitState, Reservation } from '@ccg/admission';
import { createScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { createManualClock } from '@ccg/testkit';
import type { ManualClock } from '@ccg/testkit';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createReference } from './support/admission-reference.ts';
import type { Costs } from './support/admission-reference.ts';
import { budget, concurrency, openAdmissionRig, rate, used } from './support/admission-rig.ts';
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
const limits = { capacities: [10, 6, 30] as const, maxRunning: 3, leaseUnits: 1.5 };
const leaseTtlMs = limits.leaseUnits * unitMs;

type Command =
  | { readonly kind: 'admit'; readonly costs: Costs }
  | { readonly kind: 'renew' | 'settle'; readonly which: number; readonly amounts: Costs; readonly twice: boolean }
  | { readonly kind: 'crash'; readonly which: number }
  | { readonly kind: 'sweep' }
  | { readonly kind: 'step'; readonly units: number };

const costs = (max: number): fc.Arbitrary<Costs> => {
  const cost = fc.integer({ min: 0, max });
  return fc.tuple(cost, cost, cost);
};
const which = fc.nat({ max: 5 });
const use = { which, amounts: costs(18), twice: fc.boolean() };
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('admit' as const), costs: costs(12) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('settle' as const, 'renew' as const), ...use }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), which }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'sweep' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('step' as const), units: fc.integer({ min: -1, max: 3 }) }) },
);

function limitsFor([first, second, money]: Costs): readonly [Limit, Limit, Limit, Limit] {
  const refillPerSecond = 1000 / unitMs;
  const [capacity, shadowCapacity, amountMicroDollars] = limits.capacities;
  return [
    rate({ name: 'first', capacity, refillPerSecond, cost: first }),
    rate({ name: 'second', capacity: shadowCapacity, refillPerSecond, cost: second, mode: 'shadow' }),
    budget({ amountMicroDollars, costMicroDollars: money }),
    concurrency(limits.maxRunning),
  ];
}

/** How much is taken of a limit; of a bucket in debt, all of it. */
function takenOf(state: LimitState | undefined): number | undefined {
  if (state === undefined) return undefined;
  if ('usedMicroDollars' in state) return state.usedMicroDollars;
  return state.limit.kind === 'rate' ? state.limit.capacity - state.remaining : undefined;
}

/** Redis has one clock, which cannot be set: all times that are stored move the other way instead. */
const stepScript = createScript(`
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
for at = 1, 2 do
  local left = tonumber(redis.call('GET', KEYS[at]) or 0) - now
  if left > 0 and left - ARGV[1] > 0 then
    redis.call('SET', KEYS[at], string.format('%.17g', now + left - ARGV[1]), 'PX', string.format('%.17g', math.ceil(left - ARGV[1])))
  else
    redis.call('DEL', KEYS[at])
  end
end
for at = 3, 4 do
  local ids = redis.call('ZRANGE', KEYS[at], 0, -1, 'WITHSCORES')
  for id = 1, #ids, 2 do
    redis.call('ZADD', KEYS[at], string.format('%.17g', ids[id + 1] - ARGV[1]), ids[id])
  end
  redis.call('PERSIST', KEYS[at])
end
return 1`);

async function stepClock(units: number): Promise<void> {
  const { redisKeys } = rig.store;
  const buckets = ['first', 'second'].map((name) => redisKeys.rateLimit(rig.tenant(), name, wholeTenant));
  const sets = [redisKeys.leases(rig.tenant(), wholeTenant), redisKeys.reservations(rig.tenant())];
  await rig.store.run(stepScript, [...buckets, ...sets], [units * unitMs]);
}

interface Running {
  readonly id: string;
  readonly limits: readonly Limit[];
  readonly reservation: Reservation;
  readonly clock: ManualClock;
  readonly calls: Calls;
}

/** Its calls are sent twice where they should be, and can be waited for. */
interface Calls {
  readonly store: Store;
  twice: boolean;
  ended(): Promise<unknown>;
}

function watchCalls(): Calls {
  const pending = new Set<Promise<unknown>>();
  const calls: Calls = {
    twice: false,
    ended: () => Promise.all(pending),
    store: {
      ...rig.store,
      async run(...call) {
        const answer = rig.store.run(...call).then(async (first) => {
          if (calls.twice) await rig.store.run(...call);
          return first;
        });
        pending.add(answer);
        return answer.finally(() => pending.delete(answer));
      },
    },
  };
  return calls;
}

/** A process of its own for each request, which dies when nobody moves its clock any more. */
async function admit(
  id: string,
  asked: Costs,
): Promise<{ readonly running?: Running; readonly shadowed: boolean; readonly taken: readonly unknown[] }> {
  const [clock, calls] = [createManualClock(), watchCalls()];
  const { store } = calls;
  const admission = rig.openAdmission({ clock, store, leaseTtlMs, sweepIntervalMs: Number.POSITIVE_INFINITY });
  const ofRequest = limitsFor(asked);
  const decision = await rig.ask({ requestId: id, limits: ofRequest, record: `begun ${id}` }, admission);
  if (decision.kind === 'unreadable') throw new Error('Redis is away.');
  const taken = decision.states.slice(0, 3).map(takenOf);
  const shadowed = decision.shadowed.length > 0;
  if (decision.kind === 'limited') return { shadowed, taken };
  return { running: { id, limits: ofRequest, reservation: decision.reservation, clock, calls }, shadowed, taken };
}

test('property: whatever is admitted, renewed, settled once or twice, never settled and swept, and however the clock steps, the scripts do what a plain reference does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 40 }), async (commands) => {
      rig.changeTenant();
      const reference = createReference(limits);
      const running: Running[] = [];
      const levels = () =>
        reference.levels().map((level, at) => Math.min(level, at === 2 ? level : (limits.capacities[at] ?? 0)));
      for (const [at, one] of commands.entries()) {
        switch (one.kind) {
          case 'admit': {
            const id = `r${at}`;
            const expected = reference.admit(id, one.costs, `begun ${id}`);
            const actual = await admit(id, one.costs);
            const isAdmitted = actual.running !== undefined;
            expect({ isAdmitted, isShadowed: actual.shadowed }).toEqual(expected);
            expect(actual.taken).toEqual(levels());
            if (actual.running !== undefined) running.push(actual.running);
            break;
          }
          case 'renew':
          case 'settle': {
            const place = one.which % Math.max(1, running.length);
            const request = running[place];
            if (request === undefined) break;
            const { id, reservation, clock, calls } = request;
            const amounts = used(...one.amounts.map((amount, of) => [request.limits[of] ?? rate(), amount] as const));
            const record = `${one.kind} ${at}`;
            calls.twice = one.twice;
            reference[one.kind](id, one.amounts, record);
            if (one.kind === 'renew') {
              reservation.watch(() => ({ ...amounts, record }));
              clock.advance(leaseTtlMs / 3);
              await calls.ended();
            } else {
              await reservation.settle({ ...amounts, record });
              running.splice(place, 1);
            }
            break;
          }
          case 'crash':
            running.splice(one.which % Math.max(1, running.length), 1);
            break;
          case 'sweep':
            reference.sweep();
            await sweepReservations(rig.store, rig.tenant(), { usageRecordsMax: 1000 });
            break;
          case 'step':
            await stepClock(one.units);
            reference.step(one.units);
            break;
        }
      }
      expect(new Set((await rig.running()) as string[])).toEqual(new Set(reference.running()));
      const sorted = (records: readonly (readonly string[])[]) => records.map((record) => record.join(' ')).toSorted();
      expect(sorted(await rig.records())).toEqual(sorted(reference.records()));
    }),
    { numRuns: 300 },
  );
});
