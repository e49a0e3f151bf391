import { expect, test } from 'vitest';
import { readRetryAfterSeconds } from './retry-after.ts';

test.each<[Readonly<Record<string, string>>, number | undefined]>([
  [{ 'retry-after': '7' }, 7],
  [{ 'retry-after': '1.2' }, 2],
  [{ 'retry-after': 'Sun, 22 Nov 2026 10:00:30 GMT', date: 'Sun, 22 Nov 2026 10:00:00 GMT' }, 30],
  [{ 'retry-after': 'Sun, 22 Nov 2026 10:00:30 GMT' }, undefined],
  [{ 'retry-after': 'soon' }, undefined],
  [{ 'retry-after-ms': '1500' }, 2],
  [{ 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1m30s' }, 90],
  [{ 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '20ms' }, 1],
  [{ 'x-ratelimit-remaining-tokens': '5', 'x-ratelimit-reset-tokens': '20s' }, undefined],
  [{ 'x-ratelimit-reset': '1795341612500', date: 'Sun, 22 Nov 2026 10:00:00 GMT' }, 13],
  [{ 'x-ratelimit-reset': '1795341612500' }, undefined],
  [{ 'x-ratelimit-reset': '40', date: 'Sun, 22 Nov 2026 10:00:00 GMT' }, undefined],
  [{ 'x-ratelimit-reset-requests': '6h30m' }, 23_400],
  [{ 'ratelimit-reset': '12' }, 12],
  [{ 'x-ratelimit-remaining-requests': '3', 'x-ratelimit-reset-requests': '6h30m' }, undefined],
  [{}, undefined],
])('%j is a wait of %s seconds', (headers, seconds) => {
  expect(readRetryAfterSeconds(Object.entries(headers))).toBe(seconds);
});
