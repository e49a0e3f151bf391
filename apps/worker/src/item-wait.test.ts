import { GatewayError } from '@ccg/kernel';
import type { ErrorCode, GatewayErrorDetails } from '@ccg/kernel';
import { expect, test } from 'vitest';
import { waitOf } from './item-wait.ts';

test.each<[ErrorCode, GatewayErrorDetails, object]>([
  [
    'budget-exceeded',
    { retryAfterSeconds: 3600, reason: 'user-budget-day' },
    { reason: 'budget', name: 'user-budget-day', untilMs: 3_601_000 },
  ],
  ['budget-exceeded', {}, { reason: 'budget', untilMs: 1500 }],
  ['rate-limited', { retryAfterSeconds: 90, reason: 'requests' }, { reason: 'limit', name: 'requests', untilMs: 1500 }],
  ['too-many-running', { reason: 'cap' }, { reason: 'limit', name: 'cap', untilMs: 1500 }],
  ['upstream-rate-limited', { upstreamWaitSeconds: 9 }, { reason: 'provider', name: 'anthropic', untilMs: 1500 }],
  ['upstream-unreachable', {}, { reason: 'provider', name: 'anthropic', untilMs: 1500 }],
  ['store-unavailable', {}, { reason: 'gateway', untilMs: 1500 }],
  ['limit-unreadable', { reason: 'requests' }, { reason: 'gateway', untilMs: 1500 }],
  ['draining', {}, { reason: 'gateway', untilMs: 1500 }],
])('an item that failed with %s and %j says what it waits for', (code, details, wait) => {
  const waited = waitOf(new GatewayError(code, 'text', details), { delayMs: 500, nowMs: 1000, provider: 'anthropic' });
  expect(waited).toEqual({ delayMs: 500, wait });
});
