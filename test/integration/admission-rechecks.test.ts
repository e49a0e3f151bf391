import type { Admission, ConcurrencyLimit, Decision, Limit, Waiting } from '@ccg/admission';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { concurrency, openAdmissionRig, patienceMs, rate, used } from './support/admission-rig.ts';
import type { AdmissionRig } from './support/admission-rig.ts';

let rig: AdmissionRig;
let by: Admission;
/** What the limits are now, which those who wait read again. */
let limits: readonly Limit[];
let order: string[];

beforeEach(async () => {
  rig = await openAdmissionRig();
  by = rig.openAdmission();
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

async function tickets(): Promise<number> {
  const names = await rig.read('ZRANGE', rig.store.redisKeys.waiting(rig.tenant(), 'tickets'), '0', '-1');
  return (names as unknown[]).length;
}

/** A request that is in the waiting room when this resolves; its decision comes later. */
async function enter(
  id: string,
  asked: { readonly limitsNow?: Waiting['limitsNow']; readonly by?: Admission } = {},
): Promise<{ readonly decision: Promise<Decision> }> {
  const { limitsNow = () => Promise.resolve(limits) } = asked;
  const before = await tickets();
  const ofTest = order;
  const waiting: Waiting = { caller: 'ada', weight: 1, bytes: 1, signal: new AbortController().signal, limitsNow };
  const decision = rig.ask({ requestId: id, limits, waiting }, asked.by ?? by).then((one) => {
    if (one.kind === 'admitted') ofTest.push(id);
    return one;
  });
  decision.catch(() => {});
  await expect.poll(tickets, { timeout: patienceMs, interval: 2 }).toBe(before + 1);
  return { decision };
}

async function end(decision: Decision | undefined): Promise<void> {
  if (decision?.kind !== 'admitted') throw new Error(`not admitted: ${JSON.stringify(decision)}`);
  await decision.reservation.settle(used());
}

function change(now: readonly Limit[]): void {
  limits = now;
  by.recheck(rig.tenant());
}

describe('those who wait, when their limits change', () => {
  test('get the places of a cap that was raised, in their order, and no more', async () => {
    limits = [cap(1)];
    await rig.admitted(limits, 'first', by);
    for (const id of ['a', 'b', 'c']) await enter(id);
    change([cap(3)]);
    await expect.poll(() => order, { timeout: patienceMs }).toEqual(['a', 'b']);
    expect([await rig.leases(), await tickets()]).toEqual([expect.arrayContaining(['first', 'a', 'b']), 1]);
  });

  test('get them too where the tickets are those of another replica', async () => {
    limits = [cap(1)];
    await rig.admitted(limits, 'first', by);
    await enter('a', { by: rig.openAdmission({ store: await rig.openStore() }) });
    await enter('b');
    change([cap(2)]);
    await expect.poll(() => order, { timeout: patienceMs }).toEqual(['a']);
  });

  test('run at once where the cap was removed, and leave nothing in the queue', async () => {
    limits = [cap(1)];
    await rig.admitted(limits, 'first', by);
    for (const id of ['a', 'b', 'c']) await enter(id);
    change([rate({ capacity: 100 })]);
    await expect.poll(() => order.toSorted(), { timeout: patienceMs }).toEqual(['a', 'b', 'c']);
    expect([await rig.leases(), await tickets()]).toEqual([['first'], 0]);
    expect(await rig.read('EXISTS', rig.store.redisKeys.waitedFor(rig.tenant()))).toBe(0);
  });

  test('run at once where no limit is left at all', async () => {
    limits = [cap(1)];
    await rig.admitted(limits, 'first', by);
    const { decision } = await enter('a');
    change([]);
    await end(await decision);
    expect(await rig.running()).toEqual(['first']);
  });

  test('hold to a cap that was lowered: a place that is free under the old one is not taken', async () => {
    limits = [cap(2)];
    const running = [await rig.admitted(limits, 'one', by), await rig.admitted(limits, 'two', by)];
    const entered = [await enter('a'), await enter('b')];
    change([cap(1)]);
    for (const one of running) await end(one);
    await expect.poll(() => order, { timeout: patienceMs }).toEqual(['a']);
    expect([await rig.leases(), await tickets()]).toEqual([['a'], 1]);
    await end(await entered[0]?.decision);
    await expect.poll(() => order, { timeout: patienceMs }).toEqual(['a', 'b']);
  });

  test('hold to it too where only the one whose turn it is knows of it', async () => {
    limits = [cap(2)];
    const running = [await rig.admitted(limits, 'one', by), await rig.admitted(limits, 'two', by)];
    await enter('a');
    // Nothing is announced, so Redis grants a place of the old cap.
    limits = [cap(1)];
    await end(running[0]);
    await expect
      .poll(async () => [order, await rig.leases(), await tickets()], { timeout: patienceMs })
      .toEqual([[], ['two'], 1]);
    await end(running[1]);
    await expect.poll(() => order, { timeout: patienceMs }).toEqual(['a']);
  });

  test('wait for a cap that was added, each where it stood', async () => {
    limits = [cap(1)];
    const first = await rig.admitted(limits, 'first', by);
    const entered = [await enter('a'), await enter('b')];
    change([cap(5), cap(1, { subject: 'user:ada' })]);
    await expect.poll(() => order, { timeout: patienceMs }).toEqual(['a']);
    expect(await rig.leases('user:ada')).toEqual(['a']);
    await end(first);
    expect(order).toEqual(['a']);
    await end(await entered[0]?.decision);
    await expect.poll(() => order, { timeout: patienceMs }).toEqual(['a', 'b']);
  });

  test('find it out by themselves where no message comes', async () => {
    limits = [cap(1)];
    await rig.admitted(limits, 'first', by);
    await enter('a');
    limits = [cap(2)];
    await expect.poll(() => order, { timeout: patienceMs }).toEqual(['a']);
  });
});

describe('a request that may not run any more', () => {
  test('is refused when its turn has come, and its place goes to the next', async () => {
    limits = [cap(1)];
    const first = await rig.admitted(limits, 'first', by);
    const { decision } = await enter('revoked', { limitsNow: () => Promise.reject(new Error('revoked')) });
    const { decision: next } = await enter('next');
    await end(first);
    await expect(decision).rejects.toThrow('revoked');
    expect(await next).toMatchObject({ kind: 'admitted' });
    expect(await rig.leases()).toEqual(['next']);
  });

  test('is refused at once where that is announced, and leaves the queue', async () => {
    limits = [cap(1)];
    await rig.admitted(limits, 'first', by);
    const { decision } = await enter('revoked', { limitsNow: () => Promise.reject(new Error('revoked')) });
    by.recheck(rig.tenant());
    await expect(decision).rejects.toThrow('revoked');
    await expect.poll(tickets, { timeout: patienceMs }).toBe(0);
    expect(by.waiting()).toBe(0);
  });
});
