import { createManualClock } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { createBreaker } from './breaker.ts';

function setUp(probeAnswers: () => boolean) {
  const clock = createManualClock();
  const states: boolean[] = [];
  let probes = 0;
  const breaker = createBreaker({
    clock,
    threshold: 3,
    probeIntervalMs: 1000,
    async probe() {
      probes += 1;
      if (!probeAnswers()) throw new Error('still away');
    },
    onChange: () => states.push(breaker.isOpen()),
  });
  const fail = (times: number) => {
    for (let time = 0; time < times; time += 1) breaker.failed();
  };
  return { clock, breaker, states, fail, probes: () => probes };
}

/** Lets the promises of a probe settle. */
async function settle(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

test('failures open it only when they are consecutive', () => {
  const { breaker, fail } = setUp(() => true);
  fail(2);
  breaker.succeeded();
  fail(2);
  expect(breaker.isOpen()).toBe(false);
  fail(1);
  expect(breaker.isOpen()).toBe(true);
});

test('while it is open it probes once an interval, however many calls fail, and an answer closes it', async () => {
  let answers = false;
  const { breaker, clock, states, fail, probes } = setUp(() => answers);
  fail(50);
  clock.advance(999);
  expect(probes()).toBe(0);
  clock.advance(1);
  await settle();
  expect([probes(), breaker.isOpen()]).toEqual([1, true]);
  answers = true;
  clock.advance(1000);
  await settle();
  expect([probes(), breaker.isOpen()]).toEqual([2, false]);
  clock.advance(10_000);
  expect(probes()).toBe(2);
  expect(states).toEqual([true, false]);
});

test('after it closed it takes the full number of failures to open it again', async () => {
  const { breaker, clock, fail } = setUp(() => true);
  fail(3);
  clock.advance(1000);
  await settle();
  fail(2);
  expect(breaker.isOpen()).toBe(false);
});

test('a closed-down breaker never probes', () => {
  const { breaker, clock, fail, probes } = setUp(() => true);
  fail(3);
  breaker.close();
  clock.advance(60_000);
  expect(probes()).toBe(0);
});
