import { expect, test } from 'vitest';

import { createTurns } from './turns.ts';

interface Lungs {
  readonly yieldToEventLoop: () => Promise<void>;
  readonly waiting: () => number;
  take(): Promise<void>;
}

/** Everything that a breath sets going is a chain of promises. */
async function settle(): Promise<void> {
  for (let step = 0; step < 20; step += 1) await Promise.resolve();
}

/** Breaths that the test takes. */
function lungs(): Lungs {
  const waiting: (() => void)[] = [];
  return {
    yieldToEventLoop: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
      }),
    waiting: () => waiting.length,
    async take() {
      waiting.shift()?.();
      await settle();
    },
  };
}

test('work that fits is done at once, and more only after a breath', async () => {
  const air = lungs();
  const turns = createTurns(air.yieldToEventLoop, 10);
  expect(turns.take(6)).toBeUndefined();
  expect(turns.take(4)).toBeUndefined();
  let done = false;
  const later = turns.take(1)?.then(() => {
    done = true;
  });
  await Promise.resolve();
  expect(done).toBe(false);
  await air.take();
  await later;
  expect(done).toBe(true);
});

test('between two breaths nobody exceeds the bound together, and whoever waits longest comes first', async () => {
  const air = lungs();
  const turns = createTurns(air.yieldToEventLoop, 10);
  const order: string[] = [];
  let sinceBreath = 0;
  const most: number[] = [];
  const worker = async (name: string) => {
    for (let round = 0; round < 3; round += 1) {
      await turns.take(4);
      order.push(name);
      sinceBreath += 4;
    }
  };
  const all = Promise.all(['a', 'b', 'c', 'd'].map(worker));
  await settle();
  while (air.waiting() > 0) {
    most.push(sinceBreath);
    sinceBreath = 0;
    await air.take();
  }
  await all;
  expect(Math.max(...most)).toBeLessThanOrEqual(10);
  expect(order.toSorted()).toEqual(['a', 'a', 'a', 'b', 'b', 'b', 'c', 'c', 'c', 'd', 'd', 'd']);
  expect(order.slice(0, 4).toSorted()).toEqual(['a', 'b', 'c', 'd']);
});

test('work above the bound gets a turn of its own', async () => {
  const air = lungs();
  const turns = createTurns(air.yieldToEventLoop, 10);
  expect(turns.take(50)).toBeUndefined();
  let done = false;
  void turns.take(50)?.then(() => {
    done = true;
  });
  await air.take();
  expect(done).toBe(true);
});
