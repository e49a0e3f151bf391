import type { Limit, Reservation } from '@ccg/admission';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { budget, concurrency, openAdmissionRig, rate, used } from './support/admission-rig.ts';
import type { AdmissionRig } from './support/admission-rig.ts';

let rig: AdmissionRig;
beforeEach(async () => {
  rig = await openAdmissionRig();
});
afterEach(async () => {
  await rig.close();
});

type Step = { readonly kind: 'admit'; readonly cost: number } | { readonly kind: 'end'; readonly used: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('admit' as const), cost: fc.integer({ min: 0, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('end' as const), used: fc.integer({ min: 0, max: 6 }) }) },
);

/** Amounts so small that every kind refuses in a few steps. */
const amounts = fc.record({
  capacity: fc.integer({ min: 1, max: 6 }),
  amountMicroDollars: fc.integer({ min: 1, max: 6 }),
  maxRunning: fc.integer({ min: 1, max: 3 }),
});
type Amounts = typeof amounts extends fc.Arbitrary<infer Value> ? Value : never;

function limitsOf({ capacity, amountMicroDollars, maxRunning }: Amounts, cost: number): readonly Limit[] {
  return [rate({ capacity, cost }), budget({ amountMicroDollars, costMicroDollars: cost }), concurrency(maxRunning)];
}

/** The same limits as shadows, beside the enforced ones. */
function shadowsOf(of: Amounts, cost: number): readonly Limit[] {
  return limitsOf(of, cost).map((limit) => ({ ...limit, name: `shadow-${limit.name}`, mode: 'shadow' }));
}

/** What was admitted, step by step, and what enforced limits said was left. */
async function run(steps: readonly Step[], limits: (cost: number) => readonly Limit[]): Promise<readonly unknown[]> {
  rig.changeTenant();
  const running: { readonly limits: readonly Limit[]; readonly reservation: Reservation }[] = [];
  const seen: unknown[] = [];
  for (const one of steps) {
    if (one.kind === 'end') {
      const ended = running.shift();
      await ended?.reservation.settle(
        used(...ended.limits.flatMap((limit) => (limit.kind === 'concurrency' ? [] : [[limit, one.used] as const]))),
      );
      continue;
    }
    const asked = limits(one.cost);
    const decision = await rig.admit(asked);
    if (decision.kind === 'unreadable') throw new Error('Redis was away.');
    const states = decision.states.filter(({ limit }) => limit.mode === 'enforce');
    const levels = states.map((state) =>
      'usedMicroDollars' in state ? state.usedMicroDollars : Math.round(state.remaining),
    );
    seen.push([decision.kind, levels]);
    if (decision.kind === 'admitted') running.push({ limits: asked, reservation: decision.reservation });
  }
  for (const { reservation } of running) await reservation.settle(used());
  return seen;
}

test('limits with shadows beside them admit exactly what they admit alone', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 12 }),
      amounts,
      amounts,
      async (steps, enforced, shadows) => {
        const alone = await run(steps, (cost) => limitsOf(enforced, cost));
        expect(await run(steps, (cost) => [...limitsOf(enforced, cost), ...shadowsOf(shadows, cost)])).toEqual(alone);
        expect(await run(steps, (cost) => [...shadowsOf(shadows, cost), ...limitsOf(enforced, cost)])).toEqual(alone);
      },
    ),
    { numRuns: 40 },
  );
});

test('shadows alone refuse nobody', async () => {
  const of = { capacity: 1, amountMicroDollars: 1, maxRunning: 1 };
  for (let count = 0; count < 3; count += 1) expect((await rig.admit(shadowsOf(of, 1))).kind).toBe('admitted');
});

test.each([
  ['rate', rate({ capacity: 3 })],
  ['budget', budget({ amountMicroDollars: 30_000 })],
] as const)('a %s that was a shadow counts on when it is enforced, and back', async (_kind, limit) => {
  const shadow = { ...limit, mode: 'shadow' } as const;
  await rig.admitted([shadow]);
  await rig.admitted([shadow]);
  await rig.admitted([limit]);
  expect((await rig.admit([limit])).kind).toBe('limited');
  const { shadowed } = await rig.admitted([shadow]);
  expect(shadowed.map((refused) => refused.limit.name)).toEqual([limit.name]);
});
