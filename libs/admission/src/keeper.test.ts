import { createManualClock } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { createKeeper } from './keeper.ts';
import type { Held } from './keeper.ts';

const ttlMs = 60_000;

function setUp(maxAgeMs = 1_000_000) {
  const clock = createManualClock();
  const renewals: string[] = [];
  let timers = 0;
  const counting = {
    ...clock,
    schedule(delayMs: number, callback: () => void) {
      timers += 1;
      return clock.schedule(delayMs, callback);
    },
  };
  const renew = ({ requestId }: Held) => {
    renewals.push(requestId);
  };
  const keeper = createKeeper({ clock: counting, ttlMs, maxAgeMs, renew });
  const held = (requestId: string): Held => ({
    tenant: 'acme',
    requestId,
    leaseSets: [],
    sinceMs: clock.monotonicMs(),
    soFar: () => ({ record: '', charges: [], mayBeNew: false }),
  });
  return { clock, keeper, held, renewals, timers: () => timers };
}

test('one timer renews each request every third of the TTL, by its own beginning', () => {
  const { clock, keeper, held, renewals, timers } = setUp();
  keeper.hold(held('a'));
  keeper.hold(held('b'));
  expect(timers()).toBe(1);
  clock.advance(10_000);
  keeper.hold(held('c'));
  clock.advance(10_000);
  expect(renewals).toEqual(['a', 'b']);
  clock.advance(40_000);
  expect(renewals).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b']);
});

test('a request that was let go is not renewed, and without requests no timer runs', () => {
  const { clock, keeper, held, renewals, timers } = setUp();
  const [first, second] = [held('first'), held('second')];
  keeper.hold(first);
  keeper.hold(second);
  keeper.letGo(first);
  clock.advance(ttlMs / 3);
  expect(renewals).toEqual(['second']);
  keeper.letGo(second);
  clock.advance(ttlMs / 3);
  const timersOfTwo = timers();
  clock.advance(10 * ttlMs);
  expect([renewals.length, timers()]).toEqual([1, timersOfTwo]);
  keeper.hold(held('third'));
  clock.advance(ttlMs / 3);
  expect(renewals.at(-1)).toBe('third');
});

test('a request beyond the greatest age is given up, others are renewed on', () => {
  const { clock, keeper, held, renewals } = setUp(ttlMs);
  keeper.hold(held('old'));
  clock.advance(ttlMs / 3);
  keeper.hold(held('young'));
  clock.advance((2 * ttlMs) / 3);
  expect(renewals).toEqual(['old', 'old', 'young', 'young']);
});
