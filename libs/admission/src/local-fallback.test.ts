import { describe, expect, test } from 'vitest';
import { wholeTenant } from './limits.ts';
import type { ConcurrencyLimit, Limit, RateLimit } from './limits.ts';
import { createLocalFallback } from './local-fallback.ts';
import type { LocalFallback } from './local-fallback.ts';

const frame = { subject: wholeTenant, mode: 'enforce', onStoreError: 'local' } as const;

function rate(changes: Partial<RateLimit> = {}): RateLimit {
  const numbers = { capacity: 6000, refillPerSecond: 100, cost: 1, costPerOutputToken: 0 } as const;
  return { ...frame, name: 'requests', ...numbers, ...changes, kind: 'rate' };
}

function admit(localFallback: LocalFallback, limits: readonly Limit[], tenant = 'acme') {
  const request = { tenant, requestId: 'req_1', limits, output: undefined, record: '' };
  return localFallback.admit(request, { budgetsOpen: false });
}

/** How many of many requests at once are let in. */
async function admitted(replicas: number, ...limits: readonly Limit[]): Promise<number> {
  const localFallback = createLocalFallback(() => replicas);
  const decisions = await Promise.all(Array.from({ length: 1200 }, () => admit(localFallback, limits)));
  return decisions.filter(({ kind }) => kind === 'admitted').length;
}

describe('a replica lets through its share of what a limit allows in ten seconds', () => {
  test.each([
    [1, 1000],
    [3, 333],
    [0, 1000],
    [5000, 1],
  ])('of %i replicas: %i', async (replicas, share) => {
    expect(await admitted(replicas, rate())).toBe(share);
  });

  test('of a slow limit one unit, in the time in which its share of one flows in', async () => {
    const slow = rate({ capacity: 10, refillPerSecond: 0.01 });
    expect(await admitted(2, slow)).toBe(1);
    const localFallback = createLocalFallback(() => 2);
    await admit(localFallback, [slow]);
    const decision = await admit(localFallback, [slow]);
    const waitMs = decision.kind === 'limited' ? decision.refused.retryAfterMs : 0;
    expect(Math.round(waitMs / 1000)).toBe(200);
  });

  test('in a window of one second at least, a fast bucket by its refill', async () => {
    expect(await admitted(1, rate({ capacity: 1, refillPerSecond: 700 }))).toBe(700);
  });
});

test('tenants, subjects and names do not share', async () => {
  const localFallback = createLocalFallback(() => 1);
  const one = rate({ capacity: 1, refillPerSecond: 0.001 });
  expect(await admit(localFallback, [one], 'a')).toMatchObject({ kind: 'admitted' });
  expect(await admit(localFallback, [one], 'b')).toMatchObject({ kind: 'admitted' });
  expect(await admit(localFallback, [{ ...one, name: 'other' }], 'a')).toMatchObject({ kind: 'admitted' });
  expect(await admit(localFallback, [{ ...one, subject: 'user:ada' }], 'a')).toMatchObject({ kind: 'admitted' });
  expect(await admit(localFallback, [one], 'a')).toMatchObject({ kind: 'limited' });
});

test('a refusal takes nothing from the other limits and says when to come back', async () => {
  const localFallback = createLocalFallback(() => 1);
  const narrow = rate({ name: 'narrow', capacity: 1, refillPerSecond: 0.01 });
  const wide = rate({ name: 'wide', capacity: 2, refillPerSecond: 0.2 });
  const running: ConcurrencyLimit = { ...frame, name: 'running', kind: 'concurrency', maxRunning: 2 };
  const all = [running, wide, narrow];
  expect(await admit(localFallback, all)).toMatchObject({
    kind: 'admitted',
    states: [
      { limit: running, remaining: 1 },
      { limit: wide, remaining: 1 },
      { limit: narrow, remaining: 0 },
    ],
  });
  for (let refused = 0; refused < 5; refused += 1) {
    const decision = await admit(localFallback, all);
    expect(decision).toMatchObject({ kind: 'limited', refused: { limit: narrow } });
    const waitMs = decision.kind === 'limited' ? decision.refused.retryAfterMs : 0;
    expect(waitMs > 0 && waitMs <= 100_000).toBe(true);
  }
  expect(await admit(localFallback, [running, wide])).toMatchObject({
    kind: 'admitted',
    states: [{ remaining: 0 }, { remaining: 0 }],
  });
});

test('a replica runs its share of a concurrency limit, and the end of one request lets in the next', async () => {
  const limit: ConcurrencyLimit = { ...frame, name: 'running', kind: 'concurrency', maxRunning: 5 };
  expect(await admitted(2, limit)).toBe(2);
  expect(await admitted(50, limit)).toBe(1);
  const localFallback = createLocalFallback(() => 5);
  const first = await admit(localFallback, [limit]);
  expect(await admit(localFallback, [limit])).toMatchObject({
    kind: 'limited',
    refused: { limit, retryAfterMs: 1000 },
  });
  if (first.kind === 'admitted') first.release();
  expect(await admit(localFallback, [limit])).toMatchObject({ kind: 'admitted' });
});

test('a cost above the share is let in once, and keeps others out until so much would have flowed in', async () => {
  const large = rate({ cost: 5000 });
  expect(await admitted(2, large)).toBe(1);
  const localFallback = createLocalFallback(() => 2);
  await admit(localFallback, [large]);
  const decision = await admit(localFallback, [rate()]);
  const waitMs = decision.kind === 'limited' ? decision.refused.retryAfterMs : 0;
  expect(Math.round(waitMs / 1000)).toBe(100);
});
