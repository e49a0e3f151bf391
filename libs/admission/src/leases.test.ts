import { createManualClock } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { createLeaseKeeper } from './leases.ts';
import type { Lease } from './leases.ts';

const ttlMs = 60_000;

function setUp(maxAgeMs = 1_000_000) {
  const clock = createManualClock();
  const renewals: string[][] = [];
  let timers = 0;
  const counting = {
    ...clock,
    schedule(delayMs: number, callback: () => void) {
      timers += 1;
      return clock.schedule(delayMs, callback);
    },
  };
  const renew = (leases: readonly Lease[]) => {
    renewals.push(leases.map(({ id }) => id));
  };
  const keeper = createLeaseKeeper({ clock: counting, ttlMs, maxAgeMs, renew });
  return { clock, keeper, renewals, timers: () => timers };
}

function lease(id: string): Lease {
  return { tenant: 'acme', id, subjects: ['tenant'] };
}

test('one timer renews all leases every third of their TTL', () => {
  const { clock, keeper, renewals, timers } = setUp();
  for (const id of ['a', 'b', 'c']) keeper.hold(lease(id));
  expect(timers()).toBe(1);
  clock.advance(ttlMs);
  expect(renewals).toEqual([
    ['a', 'b', 'c'],
    ['a', 'b', 'c'],
    ['a', 'b', 'c'],
  ]);
});

test('a lease that was let go is not renewed, and without leases no timer runs', () => {
  const { clock, keeper, renewals, timers } = setUp();
  const [first, second] = [lease('first'), lease('second')];
  keeper.hold(first);
  keeper.hold(second);
  keeper.letGo(first);
  clock.advance(ttlMs / 3);
  expect(renewals).toEqual([['second']]);
  keeper.letGo(second);
  clock.advance(10 * ttlMs);
  expect([renewals.length, timers()]).toEqual([1, 2]);
  keeper.hold(first);
  clock.advance(ttlMs / 3);
  expect(renewals.at(-1)).toEqual(['first']);
});

test('a lease beyond the greatest age is given up, others are renewed on', () => {
  const { clock, keeper, renewals } = setUp(ttlMs);
  keeper.hold(lease('old'));
  clock.advance(ttlMs / 3);
  keeper.hold(lease('young'));
  clock.advance((2 * ttlMs) / 3);
  expect(renewals).toEqual([['old'], ['old', 'young'], ['young']]);
});
