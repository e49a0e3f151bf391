import { GatewayError } from '@ccg/kernel';
import { expect, test } from 'vitest';
import { retryDelayMs } from './item-verdict.ts';

const most = () => 1;

test.each([
  'rate-limited',
  'budget-exceeded',
  'upstream-overloaded',
  'upstream-failed',
  'upstream-unreachable',
] as const)('an item that failed with %s is tried again', (code) => {
  expect(retryDelayMs(new GatewayError(code, 'text'), 0, most)).toBe(1000);
});

test.each(['model-denied', 'upstream-refused', 'model-unknown', 'upstream-credential-rejected', 'suspended'] as const)(
  'an item that failed with %s is not tried again',
  (code) => {
    expect(retryDelayMs(new GatewayError(code, 'text'), 0, most)).toBeUndefined();
  },
);

test('it waits longer after each failure, never shorter than it was asked to, and never hours', () => {
  const error = new GatewayError('upstream-overloaded', 'text');
  expect([0, 1, 4, 30].map((tries) => retryDelayMs(error, tries, most))).toEqual([1000, 2000, 16_000, 300_000]);
  const asked = (retryAfterSeconds: number) => new GatewayError('rate-limited', 'text', { retryAfterSeconds });
  expect(retryDelayMs(asked(40), 0, most)).toBe(40_000);
  expect(retryDelayMs(asked(86_400), 0, most)).toBe(900_000);
});
