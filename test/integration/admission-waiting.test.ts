import type { Admission, ConcurrencyLimit, Decision, Limit, Waiting, WaitOutcome } from '@ccg/admission';
import { createScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { createManualClock, startTargetProxy } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { concurrency, openAdmissionRig, patienceMs, rate, used } from './support/admission-rig.ts';
import type { AdmissionRig } from './support/admission-rig.ts';

let rig: AdmissionRig;
let order: string[];

beforeEach(async () => {
  rig = await openAdmissionRig();
  order = [];
});

afterEach(async () => {
  await rig.close();
});

const cap = (maxRunning: number, changes: Partial<ConcurrencyLimit> = {}): ConcurrencyLimit => ({
  ...concurrency(maxRunning),
  maxWaitMs: 60_000,
  maxWaiting: 1000,
  ...changes,
});

interface Asked {
  readonly by?: Admission;
  readonly caller?: string;
  readonly weight?: number;
  readonly bytes?: number;
  readonly signal?: AbortSignal;
}

/** A request that is in the waiting room when this resolves; its decision comes later. */
async function enter(
  id: string,
  limits: readonly Limit[],
  asked: Asked = {},
): Promise<{ decision: Promise<Decision> }> {
  const { by, caller = 'ada', weight = 1, bytes = 100, signal = new AbortController().signal } = asked;
  const before = await waiting();
  const waits: Waiting = { caller, weight, bytes, signal };
  const ofTest = order;
  const decision = rig.ask({ requestId: id, limits, waiting: waits }, by).then((one) => {
    ofTest.push(id);
    return one;
  });
  decision.catch(() => {});
  await expect.poll(waiting, { timeout: patienceMs, interval: 2 }).toBe(before + 1);
  return { decision };
}

async function waiting(): Promise<number> {
  const tickets = await rig.read('ZRANGE', rig.store.redisKeys.waiting(rig.tenant(), 'tickets'), '0', '-1');
  return (tickets as unknown[]).length;
}

/** Ends a request, and waits for whoever comes next. */
async function end(decision: Decision | undefined): Promise<void> {
  if (decision?.kind !== 'admitted') throw new Error(`not admitted: ${JSON.stringify(decision)}`);
  await decision.reservation.settle(used());
}

describe('a request that a cap refuses', () => {
  test('waits until another one ends, and runs then', async () => {
    const first = await rig.admitted([cap(1)], 'first');
    const { decision: second } = await enter('second', [cap(1)]);
    expect(order).toEqual([]);
    await end(first);
    expect(await second).toMatchObject({ kind: 'admitted', by: 'store' });
    expect([await rig.leases(), await waiting()]).toEqual([['second'], 0]);
  });

  test('is refused at once where it may not wait, the rule says so, or it is a rate that refuses', async () => {
    await rig.admitted([cap(1)], 'first');
    expect(await rig.admit([cap(1)])).toMatchObject({ kind: 'limited' });
    const signal = new AbortController().signal;
    const waits: Waiting = { caller: 'ada', weight: 1, bytes: 1, signal };
    expect(await rig.ask({ limits: [cap(1, { maxWaitMs: 0 })], waiting: waits })).toMatchObject({ kind: 'limited' });
    const empty = rate({ cost: 1, capacity: 1 });
    await rig.admitted([empty]);
    expect(await rig.ask({ limits: [cap(1), empty], waiting: waits })).toMatchObject({
      refused: { limit: { kind: 'rate' } },
    });
    expect(await waiting()).toBe(0);
  });

  test('has its rates checked when its turn has come, takes none of them before, and leaves the place to the next', async () => {
    const first = await rig.admitted([cap(1)], 'first');
    const last = rate({ capacity: 1 });
    const { decision: second } = await enter('second', [cap(1), last]);
    const { decision: third } = await enter('third', [cap(1)]);
    expect(await rig.remaining(last)).toEqual([1]);
    await rig.admitted([last], 'faster');
    await end(first);
    expect(await second).toMatchObject({ kind: 'limited', refused: { limit: { kind: 'rate' } } });
    expect(await third).toMatchObject({ kind: 'admitted' });
    expect(await rig.leases()).toEqual(['third']);
  });

  test('waits for as long as it may, and is refused then', async () => {
    await rig.admitted([cap(1)], 'first');
    const outcomes: WaitOutcome[] = [];
    const by = rig.openAdmission({ onWaited: (outcome) => outcomes.push(outcome) });
    const { decision: second } = await enter('second', [cap(1, { maxWaitMs: 150 })], { by });
    expect(await second).toMatchObject({ kind: 'limited', wait: 'over', refused: { limit: { kind: 'concurrency' } } });
    await expect.poll(waiting, { timeout: patienceMs }).toBe(0);
    expect([outcomes, by.waiting()]).toEqual([['over'], 0]);
  });

  test('is refused where too many wait already, in the tenant or in the memory of the process', async () => {
    await rig.admitted([cap(1)], 'first');
    const by = rig.openAdmission({ maxWaitingBytes: 250 });
    const limits = [cap(1, { maxWaiting: 2 })];
    await enter('second', limits, { by });
    const waits: Waiting = { caller: 'ada', weight: 1, bytes: 151, signal: new AbortController().signal };
    expect(await rig.ask({ limits, waiting: waits }, by)).toMatchObject({ kind: 'limited', wait: 'full' });
    await enter('third', limits, { by });
    expect(await rig.ask({ limits, waiting: { ...waits, bytes: 1 } }, rig.openAdmission())).toMatchObject({
      kind: 'limited',
      wait: 'full',
    });
    expect(await waiting()).toBe(2);
  });

  test('whose client leaves gives up its ticket at once, and a place that was granted meanwhile', async () => {
    const first = await rig.admitted([cap(1)], 'first');
    const leaving = new AbortController();
    const { decision: second } = await enter('second', [cap(1)], { signal: leaving.signal });
    const { decision: third } = await enter('third', [cap(1)]);
    leaving.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    await expect.poll(waiting, { timeout: patienceMs }).toBe(1);
    await end(first);
    expect(await third).toMatchObject({ kind: 'admitted' });
    expect(await rig.leases()).toEqual(['third']);
  });
});

describe('whose turn it is', () => {
  test('one user is served in the order of arrival', async () => {
    let running: Decision = await rig.admitted([cap(1)], 'first');
    const entered: Promise<Decision>[] = [];
    for (const id of ['a', 'b', 'c', 'd']) entered.push((await enter(id, [cap(1)])).decision);
    for (const next of entered) {
      await end(running);
      running = await next;
    }
    expect(order).toEqual(['a', 'b', 'c', 'd']);
  });

  test('users take turns by their weights, and the tickets of one replica stand beside those of another', async () => {
    let running: Decision = await rig.admitted([cap(1)], 'first');
    const other = rig.openAdmission({ store: await rig.openStore() });
    const entered: Record<string, Promise<Decision>> = {};
    for (const [id, caller, weight] of [
      ['a1', 'ada', 1],
      ['a2', 'ada', 1],
      ['a3', 'ada', 1],
      ['b1', 'bob', 2],
      ['b2', 'bob', 2],
      ['b3', 'bob', 2],
      ['b4', 'bob', 2],
    ] as const) {
      const by = weight === 2 ? other : undefined;
      const { decision } = await enter(id, [cap(1)], { caller, weight, ...(by === undefined ? {} : { by }) });
      entered[id] = decision;
    }
    while (order.length < 7) {
      const served = order.length;
      await end(running);
      await expect.poll(() => order.length, { timeout: patienceMs, interval: 2 }).toBe(served + 1);
      running = (await entered[order.at(-1) ?? '']) ?? running;
    }
    expect(order).toEqual(['a1', 'b1', 'b2', 'a2', 'b3', 'b4', 'a3']);
  });

  test('a newcomer does not overtake those who wait for the same limit, and no place stays free for others', async () => {
    const [team, ada, bob] = [cap(2), cap(1, { subject: 'user:ada' }), cap(1, { subject: 'user:bob' })];
    const first = await rig.admitted([team, ada], 'of ada');
    await enter('also of ada', [team, ada]);
    // Ada waits for her own limit alone, so Bob goes through the waiting room at once.
    const signal = new AbortController().signal;
    const bobs = await rig.ask({ limits: [team, bob], waiting: { caller: 'bob', weight: 1, bytes: 1, signal } });
    expect(bobs).toMatchObject({ kind: 'admitted' });
    expect(await rig.admit([ada])).toMatchObject({ kind: 'limited' });
    await end(first);
    await expect.poll(() => order, { timeout: patienceMs }).toEqual(['also of ada']);
  });
});

describe('nothing is lost', () => {
  test('a place whose lease lapses goes to the next', async () => {
    const dying = rig.openAdmission({ clock: createManualClock(), leaseTtlMs: 1000 });
    await rig.admitted([cap(1)], 'of the dead', dying);
    const waits: Waiting = { caller: 'ada', weight: 1, bytes: 1, signal: new AbortController().signal };
    expect(await rig.ask({ limits: [cap(1)], waiting: waits })).toMatchObject({ kind: 'admitted' });
  });

  test('the tickets of a replica that died lapse within 5 s, and so does the place that it was granted', async () => {
    const first = await rig.admitted([cap(1)], 'first');
    const dead = rig.openAdmission({ store: deaf(await rig.openStore()), clock: createManualClock() });
    await enter('of the dead', [cap(1)], { by: dead, caller: 'bob' });
    const { decision: next } = await enter('next', [cap(1)]);
    await expect.poll(waiting, { timeout: patienceMs }).toBe(1);
    await end(first);
    expect(await next).toMatchObject({ kind: 'admitted' });
  });

  test('a grant of which nobody was told is found by the next look', async () => {
    const first = await rig.admitted([cap(1)], 'first');
    const by = rig.openAdmission({ store: deaf(await rig.openStore()) });
    const { decision: next } = await enter('next', [cap(1)], { by });
    await end(first);
    expect(await next).toMatchObject({ kind: 'admitted' });
  });

  test('tickets that Redis has lost go back to where they were', async () => {
    const first = await rig.admitted([cap(1)], 'first');
    const entered = [await enter('a', [cap(1)]), await enter('b', [cap(1)]), await enter('c', [cap(1)])];
    const { redisKeys } = rig.store;
    const parts = (['tickets', 'turns', 'later', 'replicas'] as const).map((part) =>
      redisKeys.waiting(rig.tenant(), part),
    );
    const keys = [...parts, redisKeys.waitingRoom(rig.tenant()), redisKeys.waitedFor(rig.tenant())];
    await rig.store.run(createScript("return redis.call('DEL', unpack(KEYS))"), keys, []);
    await expect.poll(waiting, { timeout: patienceMs }).toBe(3);
    await end(first);
    for (const { decision } of entered) await end(await decision);
    expect(order).toEqual(['a', 'b', 'c']);
  });

  test('who waits when Redis goes away is decided upon without it', async () => {
    const proxy = await startTargetProxy(rig.redis);
    const by = rig.openAdmission({ store: await rig.openStore(proxy.target) });
    await rig.admitted([cap(1)], 'first');
    const { decision: a } = await enter('a', [cap(1)], { by });
    const { decision: b } = await enter('b', [cap(1)], { by });
    proxy.cut();
    const decisions = await Promise.all([a, b]);
    expect(decisions).toContainEqual(expect.objectContaining({ kind: 'admitted', by: 'local' }));
    expect(decisions).toContainEqual(expect.objectContaining({ kind: 'limited', wait: 'over' }));
    await proxy.close();
  });
});

/** A replica that hears of no grant. */
function deaf(store: Store): Store {
  return { ...store, subscribe: () => ({ active: Promise.resolve(), cancel() {} }) };
}

test('what a waiting room keeps in Redis expires', async () => {
  const first = await rig.admitted([cap(1)], 'first');
  const { decision: next } = await enter('next', [cap(1)]);
  await end(first);
  await end(await next);
  const room = rig.store.redisKeys.waitingRoom(rig.tenant());
  const left = Number(await rig.read('PTTL', room));
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(60_000);
  expect(await rig.read('EXISTS', rig.store.redisKeys.waitedFor(rig.tenant()))).toBe(0);
});
