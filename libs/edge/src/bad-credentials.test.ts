import { systemClock } from '@ccg/kernel';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  badCredentialsMax,
  badCredentialsWindowSeconds,
  createBadCredentials,
  slowLookUpsPerSecond,
} from './bad-credentials.ts';
import type { BadCredentials } from './bad-credentials.ts';

let guard: BadCredentials;

beforeEach(() => {
  vi.useFakeTimers();
  guard = createBadCredentials(systemClock);
});

afterEach(() => {
  vi.useRealTimers();
});

async function showBad(source: string, count: number): Promise<void> {
  for (let shown = 0; shown < count; shown += 1) await guard.noteBad(source, `guess ${shown}`);
}

/** How many of ten look-ups are allowed. */
async function allowedOfTen(source: string): Promise<number> {
  let allowed = 0;
  for (let asked = 0; asked < 10; asked += 1) {
    if ((await guard.mayLookUp(source)).kind === 'allowed') allowed += 1;
  }
  return allowed;
}

test('look-ups are free until thirty distinct bad credentials came from one source', async () => {
  await showBad('a', badCredentialsMax - 1);
  expect(await allowedOfTen('a')).toBe(10);
  await guard.noteBad('a', 'the last guess');
  expect(await allowedOfTen('a')).toBe(slowLookUpsPerSecond);
});

test('a slowed source has five look-ups in every second, and is told when the next is', async () => {
  await showBad('a', badCredentialsMax);
  await allowedOfTen('a');
  const { retryAfterMs } = { retryAfterMs: 0, ...(await guard.mayLookUp('a')) };
  expect(retryAfterMs).toBeGreaterThan(0);
  expect(retryAfterMs).toBeLessThanOrEqual(1000);
  vi.advanceTimersByTime(1000);
  expect(await allowedOfTen('a')).toBe(slowLookUpsPerSecond);
});

test('other sources are not slowed', async () => {
  await showBad('a', badCredentialsMax);
  expect(await allowedOfTen('b')).toBe(10);
});

test('one bad credential that is shown again and again counts once', async () => {
  for (let shown = 0; shown < 100; shown += 1) await guard.noteBad('a', 'the same');
  expect(await allowedOfTen('a')).toBe(10);
});

test('after a minute a source is as free as before', async () => {
  await showBad('a', badCredentialsMax);
  vi.advanceTimersByTime(badCredentialsWindowSeconds * 1000);
  expect(await allowedOfTen('a')).toBe(10);
  await showBad('a', badCredentialsMax);
  expect(await allowedOfTen('a')).toBe(slowLookUpsPerSecond);
});
