import { createManualClock } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { createCollectorHealth } from './collector-health.ts';
import { failureText } from './export-failure.ts';

function setUp() {
  const clock = createManualClock();
  const told: unknown[] = [];
  const health = createCollectorHealth(clock, {
    onFailing: (reason) => told.push(reason),
    onRecovered: (dropped) => told.push(dropped),
  });
  return { clock, health, told };
}

test('a collector that fails is told once, and once when it takes spans again, with what that cost', () => {
  const { clock, health, told } = setUp();
  health.taken();
  for (let batch = 0; batch < 20; batch += 1) {
    health.dropped(5, batch === 0 ? 'HTTP status 500' : 'no connection (ECONNREFUSED)');
    clock.advance(5000);
  }
  expect(told).toEqual(['HTTP status 500']);
  clock.advance(10_000);
  for (let batch = 0; batch < 3; batch += 1) health.taken();
  expect(told).toEqual(['HTTP status 500', 100]);
  health.dropped(1, 'HTTP status 401');
  expect(told).toEqual(['HTTP status 500', 100, 'HTTP status 401']);
});

test('one that takes every other batch is told once', () => {
  const { clock, health, told } = setUp();
  for (let batch = 0; batch < 50; batch += 1) {
    health.dropped(5, 'HTTP status 503');
    clock.advance(5000);
    health.taken();
    clock.advance(4000);
  }
  expect(told).toEqual(['HTTP status 503']);
});

test.each([
  [Object.assign(new Error('Internal Server Error'), { code: 500, data: 'a secret' }), 'HTTP status 500'],
  [Object.assign(new Error('connect ECONNREFUSED 10.0.0.1'), { code: 'ECONNREFUSED' }), 'no connection (ECONNREFUSED)'],
  [new Error('Request timed out'), 'no answer in 700 ms (OTEL_EXPORTER_OTLP_TIMEOUT)'],
  [new Error('Export failed with retryable status'), 'HTTP status 429, 502, 503 or 504'],
  [new TypeError('what a client wrote'), 'TypeError'],
  [undefined, 'unknown'],
])('the failure %s of a call is told as "%s"', (error, text) => {
  expect(failureText(error, 700)).toBe(text);
});
