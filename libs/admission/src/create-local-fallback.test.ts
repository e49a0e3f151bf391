import { describe, expect, test } from 'vitest';
import type { Bucket } from './bucket.ts';
import { createLocalFallback } from './create-local-fallback.ts';

function bucket(changes: Partial<Bucket> = {}): Bucket {
  // A window of a thousand seconds: no test lasts that long.
  return { name: 'requests', capacity: 1000, refillPerSecond: 1, cost: 1, ...changes };
}

/** How many of many requests at once are let in. */
async function admitted(replicas: number, ...buckets: readonly Bucket[]): Promise<number> {
  const localFallback = createLocalFallback(() => replicas);
  const decisions = await Promise.all(Array.from({ length: 1200 }, () => localFallback.admit('acme', buckets)));
  return decisions.filter(({ kind }) => kind === 'admitted').length;
}

describe('a replica lets through its share of the limit', () => {
  test.each([
    [1, 1000],
    [3, 333],
    [0, 1000],
    [5000, 1],
  ])('of %i replicas: %i', async (replicas, share) => {
    expect(await admitted(replicas, bucket())).toBe(share);
  });

  test('in a window of one second at least, a fast bucket by its refill', async () => {
    expect(await admitted(1, bucket({ capacity: 1, refillPerSecond: 700 }))).toBe(700);
  });
});

test('tenants and buckets do not share', async () => {
  const localFallback = createLocalFallback(() => 1);
  const one = bucket({ capacity: 1, refillPerSecond: 0.001 });
  expect(await localFallback.admit('a', [one])).toMatchObject({ kind: 'admitted' });
  expect(await localFallback.admit('b', [one])).toMatchObject({ kind: 'admitted' });
  expect(await localFallback.admit('a', [{ ...one, name: 'other' }])).toMatchObject({ kind: 'admitted' });
  expect(await localFallback.admit('a', [one])).toMatchObject({ kind: 'limited' });
});

test('a refusal takes nothing from the other buckets and says when to come back', async () => {
  const localFallback = createLocalFallback(() => 1);
  const narrow = bucket({ name: 'narrow', capacity: 1, refillPerSecond: 0.01 });
  const wide = bucket({ name: 'wide', capacity: 2, refillPerSecond: 0.01 });
  expect(await localFallback.admit('acme', [wide, narrow])).toMatchObject({
    kind: 'admitted',
    by: 'local-fallback',
    buckets: [
      { name: 'wide', remaining: 1 },
      { name: 'narrow', remaining: 0 },
    ],
  });
  for (let refused = 0; refused < 5; refused += 1) {
    const decision = await localFallback.admit('acme', [wide, narrow]);
    expect(decision).toMatchObject({ kind: 'limited', bucket: 'narrow' });
    expect(decision.kind === 'limited' && decision.retryAfterMs > 0 && decision.retryAfterMs <= 100_000).toBe(true);
  }
  expect(await localFallback.admit('acme', [wide])).toMatchObject({ kind: 'admitted', buckets: [{ remaining: 0 }] });
});

test('a cost above the share is let in once and fills the window', async () => {
  expect(await admitted(2, bucket({ cost: 100_000 }))).toBe(1);
});
