import { createManualClock } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { createTokenRefresher } from './token-refresher.ts';
import type { Token } from './token-refresher.ts';

const minuteMs = 60_000;

test('a token is fetched once for all who wait, and then is at hand', async () => {
  const { refresher, fetched } = rig();
  const [one, other] = await Promise.all([refresher.token(), refresher.token()]);
  expect([one.value, other.value, fetched.length]).toEqual(['token-0', 'token-0', 1]);
  expect(refresher.token()).toBe(one);
});

test('it is renewed before it expires, with nobody waiting', async () => {
  const { refresher, clock, fetched } = rig();
  await refresher.token();
  clock.advance(55 * minuteMs);
  expect(fetched.length).toBe(2);
  await settled();
  expect(refresher.token()).toMatchObject({ value: 'token-1' });
});

test('while the source fails the old token serves until it expires, and attempts come ever more seldom', async () => {
  const { refresher, clock, fetched, fail } = rig();
  await refresher.token();
  fail(new Error('down'));
  for (let second = 0; second < 59 * 60 + 45; second += 1) {
    clock.advance(1000);
    await settled();
  }
  expect(refresher.token()).toMatchObject({ value: 'token-0' });
  expect(fetched).toEqual([0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  clock.advance(minuteMs);
  await settled();
  await expect(refresher.token()).rejects.toThrow('down');
  fail(undefined);
  clock.advance(minuteMs);
  await settled();
  expect(refresher.token()).toMatchObject({ value: expect.stringMatching(/^token-/u) });
});

test('between two attempts nobody waits, and the source is not asked', async () => {
  const { refresher, clock, fetched, fail } = rig();
  fail(new Error('down'));
  await expect(refresher.token()).rejects.toThrow('down');
  await expect(refresher.token()).rejects.toThrow('down');
  expect(fetched.length).toBe(1);
  fail(undefined);
  clock.advance(1000);
  await settled();
  expect(refresher.token()).toMatchObject({ value: 'token-1' });
});

test('a rejected token is replaced once for all to whom it happens, and its successor is not replaced at once', async () => {
  const { refresher, clock, fetched } = rig();
  const first = await refresher.token();
  const renewed = await Promise.all([refresher.renew(first), refresher.renew(first)]);
  expect(renewed.map((token) => token?.value)).toEqual(['token-1', 'token-1']);
  expect((await refresher.renew(first))?.value).toBe('token-1');
  const second = await refresher.token();
  expect(await refresher.renew(second)).toBeUndefined();
  expect(fetched.length).toBe(2);
  clock.advance(minuteMs);
  expect((await refresher.renew(second))?.value).toBe('token-2');
});

test('a source that gives the rejected token again has no other', async () => {
  const token = { value: 'same', expiresAtMs: Infinity };
  const refresher = createTokenRefresher({ fetchToken: () => Promise.resolve(token), clock: createManualClock() });
  expect(await refresher.renew(await refresher.token())).toBeUndefined();
});

test('a closed refresher asks nobody any more', async () => {
  const { refresher, clock, fetched } = rig();
  await refresher.token();
  refresher.close();
  clock.advance(120 * minuteMs);
  expect(fetched.length).toBe(1);
});

/** A source whose tokens live for an hour; `fetched` holds how often it had failed before each question. */
function rig() {
  const clock = createManualClock();
  const fetched: number[] = [];
  let error: Error | undefined;
  const fetchToken = (failures: number): Promise<Token> => {
    fetched.push(failures);
    if (error !== undefined) return Promise.reject(error);
    return Promise.resolve({ value: `token-${fetched.length - 1}`, expiresAtMs: clock.now() + 60 * minuteMs });
  };
  const refresher = createTokenRefresher({ fetchToken, clock });
  return {
    refresher,
    clock,
    fetched,
    fail(next: Error | undefined) {
      error = next;
    },
  };
}

/** What promises set off has happened. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}
