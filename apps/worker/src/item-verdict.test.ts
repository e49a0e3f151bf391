import { GatewayError } from '@ccg/kernel';
import { expect, test } from 'vitest';
import { retryDelayMs } from './item-verdict.ts';

const most = () => 1;
const least = () => 0;

test.each([
  'rate-limited',
  'budget-unreadable',
  'upstream-rate-limited',
  'upstream-overloaded',
  'upstream-failed',
  'upstream-unreachable',
  'upstream-timeout',
] as const)('an item that failed with %s is tried again', (code) => {
  expect(retryDelayMs(new GatewayError(code, 'text'), 0, least)).toBe(500);
  expect(retryDelayMs(new GatewayError(code, 'text'), 0, most)).toBe(1500);
});

test.each(['model-denied', 'upstream-refused', 'model-unknown', 'upstream-credential-rejected', 'suspended'] as const)(
  'an item that failed with %s is not tried again',
  (code) => {
    expect(retryDelayMs(new GatewayError(code, 'text'), 0, most)).toBeUndefined();
  },
);

test('it waits longer after each failure, and never hours unless it was asked to', () => {
  const error = new GatewayError('upstream-overloaded', 'text');
  expect([0, 1, 4, 30].map((tries) => retryDelayMs(error, tries, least))).toEqual([500, 1000, 8000, 150_000]);
  expect([0, 1, 4, 30].map((tries) => retryDelayMs(error, tries, most))).toEqual([1500, 3000, 24_000, 450_000]);
});

test('it is never tried earlier than was asked for, nor all items at the same time', () => {
  const asked = new GatewayError('upstream-overloaded', 'text', { retryAfterSeconds: 40 });
  expect([least, most].map((random) => retryDelayMs(asked, 0, random))).toEqual([40_000, 60_000]);
});

test('a wait that is too long for clients is not too long for an item', () => {
  const hour = { retry: 'never', upstreamWaitSeconds: 3600 } as const;
  expect(retryDelayMs(new GatewayError('upstream-rate-limited', 'text', hour), 0, least)).toBe(3_600_000);
  const quota = { status: 429, retry: 'never' } as const;
  expect(retryDelayMs(new GatewayError('upstream-account-empty', 'text', quota), 0, least)).toBe(500);
  const debt = { retry: 'never', retryAfterSeconds: 120 } as const;
  expect(retryDelayMs(new GatewayError('rate-limited', 'text', debt), 0, least)).toBe(120_000);
});

test('a limit of ours may be raised, so it is tried again after some minutes', () => {
  const limited = new GatewayError('rate-limited', 'text', { retryAfterSeconds: 3600 });
  expect(retryDelayMs(limited, 0, least)).toBe(300_000);
});

test('a place among the requests that run is asked for every other second, however often it was taken', () => {
  const crowded = new GatewayError('too-many-running', 'text', { retryAfterSeconds: 5 });
  expect([0, 4, 30].map((tries) => retryDelayMs(crowded, tries, least))).toEqual([1000, 1000, 1000]);
  expect(retryDelayMs(crowded, 30, most)).toBe(2000);
});

test('a budget is tried soon, then more and more seldom, and when it begins anew', () => {
  const spent = new GatewayError('budget-exceeded', 'text', { retryAfterSeconds: 86_400 });
  expect([0, 1, 4, 30].map((tries) => retryDelayMs(spent, tries, least))).toEqual([1000, 2000, 16_000, 300_000]);
  const almost = new GatewayError('budget-exceeded', 'text', { retryAfterSeconds: 3 });
  expect([least, most].map((random) => retryDelayMs(almost, 30, random))).toEqual([3000, 4500]);
});
