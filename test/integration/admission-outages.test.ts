import { randomUUID } from 'node:crypto';
import type { AdmissionOptions, Limit } from '@ccg/admission';
import { sendRedisCommand } from '@ccg/local';
import { connectStore } from '@ccg/store';
import type { Store } from '@ccg/store';
import { createManualClock, redisBinary, startRedisProcess, startTargetProxy } from '@ccg/testkit';
import type { TargetProxy } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { budget, concurrency, openAdmissionRig, patienceMs, rate, used } from './support/admission-rig.ts';
import type { AdmissionRig } from './support/admission-rig.ts';

let rig: AdmissionRig;
let proxy: TargetProxy;
let through: Store;

beforeEach(async () => {
  rig = await openAdmissionRig();
  proxy = await startTargetProxy(rig.redis);
  through = await rig.openStore(proxy.target);
});

afterEach(async () => {
  await rig.close();
  await proxy.close();
});

function replica(options: Partial<AdmissionOptions> = {}) {
  const admission = rig.openAdmission({ store: through, ...options });
  return {
    ask: (...limits: readonly Limit[]) => rig.admit(limits, randomUUID(), admission),
    admitted: (...limits: readonly Limit[]) => rig.admitted(limits, randomUUID(), admission),
    flush: () => admission.flush(),
  };
}

async function comeBack(): Promise<void> {
  proxy.restore();
  await through.whenReady(patienceMs);
}

describe('what a limit does without Redis', () => {
  test('a closed one refuses, an open one counts nothing, and neither takes from the others', async () => {
    const { ask } = replica();
    const local = rate({ name: 'local', capacity: 1 });
    const open = rate({ name: 'open', capacity: 1, onStoreError: 'open' });
    const closed = rate({ name: 'closed', capacity: 100, onStoreError: 'closed' });
    proxy.cut();
    expect(await ask(local, open, closed)).toEqual({ kind: 'unreadable', limit: closed });
    expect(await ask(closed, concurrency(1))).toMatchObject({ kind: 'unreadable' });
    expect(await ask(open, concurrency(1))).toMatchObject({ kind: 'admitted', by: 'local' });
    expect(await ask(open)).toMatchObject({ kind: 'admitted', by: 'local' });
    expect(await ask(local)).toMatchObject({ kind: 'admitted', by: 'local' });
    expect(await ask(local)).toMatchObject({ kind: 'limited', refused: { limit: local } });
  });

  test('the share of a cap counts what the replica runs already, also what Redis has let in', async () => {
    const { ask, admitted } = replica({ liveReplicas: () => 2 });
    const cap = concurrency(4);
    const before = [await admitted(cap), await admitted(cap), await admitted(cap)];
    expect(before.map(({ by }) => by)).toEqual(['store', 'store', 'store']);
    proxy.cut();
    expect(await ask(cap)).toMatchObject({ kind: 'limited', refused: { limit: cap } });
    for (const { reservation } of before.slice(1)) await reservation.settle(used());
    expect(await ask(cap)).toMatchObject({ kind: 'admitted', by: 'local' });
    expect(await ask(cap)).toMatchObject({ kind: 'limited', refused: { limit: cap } });
  });

  test('a limit in shadow mode refuses nobody, even a closed one', async () => {
    const { ask } = replica();
    proxy.cut();
    const shadow = { mode: 'shadow', onStoreError: 'closed' } as const;
    expect(await ask(rate(shadow), budget(shadow))).toMatchObject({ kind: 'admitted', by: 'local' });
  });

  test('a budget is open for the time of grace, then closed until Redis is back; an open one is not closed', async () => {
    const clock = createManualClock(Date.now());
    const modes: string[] = [];
    const { ask } = replica({ clock, budgetGraceMs: 60_000, onStoreMode: (now) => modes.push(now) });
    const open = budget({ name: 'open', onStoreError: 'open' });
    proxy.cut();
    expect(await ask(budget())).toMatchObject({ kind: 'admitted', by: 'local' });
    clock.advance(59_000);
    expect(await ask(budget())).toMatchObject({ kind: 'admitted', by: 'local' });
    clock.advance(1000);
    expect(await ask(budget())).toEqual({ kind: 'unreadable', limit: budget() });
    expect(await ask(open)).toMatchObject({ kind: 'admitted', by: 'local' });
    expect(modes).toEqual(['local', 'closed']);
    await comeBack();
    expect(await ask(budget())).toMatchObject({ kind: 'admitted', by: 'store' });
    expect(modes).toEqual(['local', 'closed', 'shared']);
  });

  test('an outage is over when Redis is ready, also if nobody asks', async () => {
    const clock = createManualClock(Date.now());
    const modes: string[] = [];
    const { ask } = replica({ clock, onStoreMode: (now) => modes.push(now) });
    proxy.cut();
    await ask(rate());
    await comeBack();
    expect(modes).toEqual(['local']);
    clock.advance(1000);
    expect(modes).toEqual(['local', 'shared']);
  });
});

describe('what was let in without Redis', () => {
  test('is charged to budgets and rates and recorded when Redis is back, once', async () => {
    const { admitted, flush } = replica();
    const [money, tokens, requests] = [
      budget(),
      rate({ name: 'tokens', capacity: 100, cost: 40 }),
      rate({ capacity: 10 }),
    ];
    proxy.cut();
    const { reservation } = await admitted(money, tokens, requests);
    await reservation.settle({ ...used([money, 123_456], [tokens, 25]), record: 'the record' });
    await comeBack();
    await flush();
    await flush();
    expect(await rig.remaining(tokens, requests)).toEqual([75, 9]);
    expect((await rig.records()).filter(([, record]) => record !== '')).toEqual([
      [expect.any(String), 'the record', ''],
    ]);
    const decision = await rig.admit([{ ...money, costMicroDollars: 0 }]);
    expect(decision).toMatchObject({ kind: 'admitted', states: [{ usedMicroDollars: 123_456 }] });
  });

  test('is charged to a bucket as of when it began: what has flowed in since is not lost twice', async () => {
    const clock = createManualClock(Date.now());
    const { admitted, flush } = replica({ clock });
    // One token a second.
    const tokens = rate({ name: 'tokens', capacity: 60, refillPerSecond: 1, cost: 30, onStoreError: 'open' });
    proxy.cut();
    const early = await admitted(tokens);
    clock.advance(20_000);
    const late = await admitted(tokens);
    await early.reservation.settle(used());
    await late.reservation.settle(used());
    await comeBack();
    clock.advance(20_000);
    await flush();
    // The first used 30 and 40 flowed in since, which is all; of the second 20 have come back.
    const [left = 0] = await rig.remaining(tokens);
    expect(left).toBeGreaterThanOrEqual(50);
    expect(left).toBeLessThan(60);
  });

  test('is charged where the limits are kept also if it ends long after Redis has come back', async () => {
    const { admitted } = replica({ leaseTtlMs: 300 });
    const money = budget();
    proxy.cut();
    const { reservation } = await admitted(money);
    await comeBack();
    await expect.poll(() => rig.running(), { timeout: patienceMs }).toHaveLength(1);
    await reservation.settle(used([money, 70_000]));
    expect(await rig.running()).toEqual([]);
    const decision = await rig.admit([{ ...money, costMicroDollars: 0 }]);
    expect(decision).toMatchObject({ states: [{ usedMicroDollars: 70_000 }] });
  });
});

test.each([
  ['is full', ['CONFIG', 'SET', 'maxmemory', '1']],
  ['has become a replica', ['REPLICAOF', '127.0.0.1', '1']],
])('a Redis that %s has not gone, and cannot count: each replica does', async (_what, command) => {
  const binary = redisBinary();
  if (binary === undefined) throw new Error('This test hurts a Redis of its own: apt-get install redis-server.');
  const server = await startRedisProcess({ binary });
  const store = connectStore({ url: server.url, keyPrefix: 'test:', commandTimeoutMs: 2000 });
  try {
    await store.whenReady(patienceMs);
    const admission = rig.openAdmission({ store });
    const ask = () => rig.admit([rate()], randomUUID(), admission);
    expect(await ask()).toMatchObject({ kind: 'admitted', by: 'store' });
    await sendRedisCommand(server.socketPath, command, patienceMs);
    expect(await ask()).toMatchObject({ kind: 'admitted', by: 'local' });
  } finally {
    await store.close();
    await server.stop();
  }
});
