import { randomUUID } from 'node:crypto';
import { systemClock } from '@ccg/kernel';
import { createManualClock } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { budget, concurrency, openAdmissionRig, rate, used } from './support/admission-rig.ts';
import type { AdmissionRig } from './support/admission-rig.ts';

let rig: AdmissionRig;

beforeEach(async () => {
  rig = await openAdmissionRig();
});

afterEach(async () => {
  await rig.close();
});

describe('a budget', () => {
  test('is spent to the last micro-dollar and not beyond, and says when its period begins and ends', async () => {
    const limit = budget({ amountMicroDollars: 30_000 });
    for (const spent of [10_000, 20_000, 30_000]) {
      expect(await rig.admit([limit])).toMatchObject({ kind: 'admitted', states: [{ usedMicroDollars: spent }] });
    }
    const decision = await rig.admit([{ ...limit, costMicroDollars: 1 }]);
    expect(decision).toMatchObject({ kind: 'limited', states: [{ usedMicroDollars: 30_000 }] });
    if (decision.kind !== 'limited' || !('resetsAtMs' in decision.refused.state)) throw new Error('no budget');
    const { retryAfterMs, state } = decision.refused;
    const begin = new Date(state.startsAtMs).toISOString();
    expect(begin).toMatch(/-01T00:00:00\.000Z$/u);
    expect(new Date(state.resetsAtMs).toISOString()).toMatch(/-01T00:00:00\.000Z$/u);
    expect(Math.abs(Date.now() + retryAfterMs - state.resetsAtMs)).toBeLessThan(60_000);
  });

  test('of 20 requests at once on a budget for 3 lets in 3', async () => {
    const other = rig.openAdmission({ store: await rig.openStore() });
    const limit = budget({ amountMicroDollars: 30_000 });
    const decisions = await Promise.all(
      Array.from({ length: 20 }, (_, at) => rig.admit([limit], randomUUID(), at % 2 === 0 ? undefined : other)),
    );
    expect(decisions.filter(({ kind }) => kind === 'admitted').length).toBe(3);
  });

  test('refuses a request that costs more than all of it, however full it is', async () => {
    expect(await rig.admit([budget({ costMicroDollars: 1_000_001 })])).toMatchObject({ kind: 'limited' });
    expect(await rig.admit([budget({ costMicroDollars: 1_000_000 })])).toMatchObject({ kind: 'admitted' });
  });

  test('gets back what was not spent, and owes what was spent beyond the estimate', async () => {
    const limit = budget({ costMicroDollars: 400_000 });
    const { reservation } = await rig.admitted([limit]);
    await reservation.settle(used([limit, 100_000]));
    const second = await rig.admitted([limit]);
    expect(second.states).toMatchObject([{ usedMicroDollars: 500_000 }]);
    await second.reservation.settle(used([limit, 1_900_000]));
    expect(await rig.admit([budget({ costMicroDollars: 0 })])).toMatchObject({
      kind: 'limited',
      states: [{ usedMicroDollars: 2_000_000 }],
    });
  });

  test('reserves the price of the estimated output, in whole micro-dollars', async () => {
    const limit = budget({ costMicroDollars: 0, microDollarsPerOutputToken: 0.3 });
    const decision = await rig.ask({ limits: [limit], output: { model: 'm', maxTokens: 11 } });
    expect(decision).toMatchObject({ kind: 'admitted', states: [{ usedMicroDollars: 4 }] });
  });

  test('is all or nothing with the other limits', async () => {
    const [bucket, cap] = [rate(), concurrency(5)];
    const poor = budget({ costMicroDollars: 2_000_000 });
    expect(await rig.admit([bucket, cap, poor])).toMatchObject({ kind: 'limited', refused: { limit: poor } });
    expect(await rig.remaining(bucket)).toEqual([3]);
    expect(await rig.leases()).toEqual([]);
    expect(await rig.admit([rate({ cost: 3 })])).toMatchObject({ kind: 'admitted' });
    expect(await rig.admit([budget(), rate()])).toMatchObject({
      kind: 'limited',
      refused: { limit: { kind: 'rate' } },
    });
    expect(await rig.admit([budget()])).toMatchObject({ states: [{ usedMicroDollars: 10_000 }] });
  });

  test('is one of its period, of its subject and of its name', async () => {
    await rig.admitted([budget()]);
    const others = [
      budget({ per: 'day' }),
      budget({ subject: 'user:ada' }),
      budget({ name: 'other' }),
      budget({ timeZone: 'Pacific/Kiritimati', per: 'day', name: 'far' }),
    ];
    for (const limit of others) {
      expect(await rig.admit([limit])).toMatchObject({ states: [{ usedMicroDollars: 10_000 }] });
    }
  });

  test('is counted in the period of Redis, whatever the clock of the gateway says', async () => {
    for (const offMs of [0, -40 * 86_400_000, 40 * 86_400_000, 400 * 86_400_000]) {
      const clock = createManualClock();
      clock.advance(systemClock.now() + offMs - clock.now());
      const wrong = rig.openAdmission({ clock });
      const decision = await rig.admit([budget({ costMicroDollars: 1 })], randomUUID(), wrong);
      if (decision.kind !== 'admitted') throw new Error('not admitted');
      const [state] = decision.states;
      expect(state !== undefined && 'startsAtMs' in state && new Date(state.startsAtMs).toISOString().slice(0, 7)).toBe(
        new Date().toISOString().slice(0, 7),
      );
      await decision.reservation.settle(used([decision.states[0]?.limit ?? budget(), 5]));
    }
    expect(await rig.admit([budget({ costMicroDollars: 0 })])).toMatchObject({ states: [{ usedMicroDollars: 20 }] });
  });

  test('is settled in the period that was reserved from, however late', async () => {
    const clock = createManualClock();
    clock.advance(systemClock.now() - clock.now());
    const limit = budget({ costMicroDollars: 500 });
    const { reservation } = await rig.admitted([limit], randomUUID(), rig.openAdmission({ clock }));
    clock.advance(45 * 86_400_000);
    await reservation.settle(used([limit, 700]));
    expect(await rig.admit([budget({ costMicroDollars: 0 })])).toMatchObject({ states: [{ usedMicroDollars: 700 }] });
  });

  test('outlives its period by a day, and expires then', async () => {
    await rig.admitted([budget({ per: 'day' })]);
    const { redisKeys } = rig.store;
    const today = new Date().toISOString().slice(0, 10);
    const left = Number(await rig.read('PTTL', redisKeys.budget(rig.tenant(), today, 'budget', 'tenant')));
    const untilTomorrow = Date.parse(today) + 86_400_000 - Date.now();
    expect(left).toBeGreaterThan(untilTomorrow + 24 * 3_600_000);
    expect(left).toBeLessThan(untilTomorrow + 26 * 3_600_000);
  });
});

describe('shadow limits', () => {
  test('a lower cap beside the enforced one of its level counts the same requests, and tells who would wait', async () => {
    const limits = [concurrency(2), { ...concurrency(1), name: 'lower', mode: 'shadow' } as const];
    const first = await rig.admitted(limits, 'first');
    const second = await rig.admitted(limits, 'second');
    expect([first.shadowed, second.shadowed].map((shadowed) => shadowed.map(({ limit }) => limit.name))).toEqual([
      [],
      ['lower'],
    ]);
    expect(await rig.admit(limits)).toMatchObject({ kind: 'limited', refused: { limit: limits[0] } });
    expect(await rig.leases()).toEqual(['first', 'second']);
    for (const { reservation } of [first, second]) await reservation.settle(used());
    expect(await rig.leases()).toEqual([]);
  });

  test('refuse nobody, say whom they would have refused, and count as if they had', async () => {
    const shadow = { mode: 'shadow' } as const;
    const limits = [
      budget({ ...shadow, amountMicroDollars: 10_000 }),
      rate({ ...shadow, capacity: 1 }),
      { ...concurrency(1), ...shadow },
    ];
    const first = await rig.admitted(limits);
    expect(first.shadowed).toEqual([]);
    for (const _ of [1, 2]) {
      const next = await rig.admitted(limits);
      expect(next.shadowed.map(({ limit }) => limit.kind)).toEqual(['budget', 'rate', 'concurrency']);
      expect(next.states).toMatchObject([{ usedMicroDollars: 10_000 }, { remaining: 0 }, { remaining: 0 }]);
      // It was charged nothing, so nothing comes back.
      await next.reservation.settle(used(...limits.map((limit) => [limit, 0] as const)));
    }
    await first.reservation.settle(used());
    expect((await rig.admitted([{ ...concurrency(1), ...shadow }])).shadowed).toEqual([]);
  });

  test('of running requests stand beside the one that is enforced, and count those that they would let in', async () => {
    const caps = [concurrency(3), { ...concurrency(1), name: 'tighter', mode: 'shadow' as const }];
    const [first, second] = [await rig.admitted(caps), await rig.admitted(caps)];
    expect([first, second].map(({ shadowed }) => shadowed.length)).toEqual([0, 1]);
    await first.reservation.settle(used());
    expect((await rig.admitted(caps)).shadowed).toEqual([]);
    await rig.admitted(caps);
    expect(await rig.admit(caps)).toMatchObject({ kind: 'limited', shadowed: [{ limit: { name: 'tighter' } }] });
  });

  test('are told beside the limit that refuses', async () => {
    const shadow = rate({ name: 'shadow', mode: 'shadow', capacity: 1, cost: 1 });
    await rig.admitted([shadow]);
    expect(await rig.admit([shadow, budget({ costMicroDollars: 2_000_000 })])).toMatchObject({
      kind: 'limited',
      refused: { limit: { kind: 'budget' } },
      shadowed: [{ limit: { name: 'shadow' } }],
    });
  });
});

describe('the estimate of output', () => {
  const output = { model: 'm', maxTokens: 100_000 };
  const tokens = rate({ name: 'output', capacity: 1_000_000, cost: 0, costPerOutputToken: 1 });
  const reserved = async (maxTokens = 100_000, model = 'm'): Promise<number> => {
    const before = (await rig.remaining(tokens))[0] ?? 0;
    const decision = await rig.ask({ limits: [tokens], output: { model, maxTokens } });
    if (decision.kind !== 'admitted') throw new Error('not admitted');
    const after = (await rig.remaining(tokens))[0] ?? 0;
    await decision.reservation.settle(used([tokens, 0]));
    expect(decision.estimatedOutput).toBe(before - after);
    return before - after;
  };
  async function answer(outputSample: number): Promise<void> {
    const decision = await rig.ask({ limits: [], output });
    if (decision.kind !== 'admitted') throw new Error('not admitted');
    await decision.reservation.settle({ ...used(), outputSample });
  }

  test('is 4,096 tokens or what the request allows, and after 20 answers what 90 % of the last 100 stay within', async () => {
    expect([await reserved(), await reserved(50)]).toEqual([4096, 50]);
    for (let sample = 1; sample < 20; sample += 1) await answer(sample);
    expect(await reserved()).toBe(4096);
    await answer(20);
    expect([await reserved(), await reserved(7), await reserved(100_000, 'other')]).toEqual([18, 7, 4096]);
    for (let sample = 0; sample < 100; sample += 1) await answer(1000 + sample);
    expect(await reserved()).toBe(1089);
  });
});
