import { setImmediate } from 'node:timers/promises';
import { createGate, createManualClock } from '@ccg/testkit';
import type { Gate } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { keepBeating } from './keep-beating.ts';

/** A dispatcher that leads and finds work; each of its beats waits for the gate. */
function openBeating(gate: Gate) {
  const clock = createManualClock();
  const counted = { begun: 0 };
  const beating = keepBeating({
    clock,
    dispatcher: {
      async beat() {
        counted.begun += 1;
        await gate.opened;
        return { leads: true, isBusy: true };
      },
    },
    sweep: async () => {},
    onFault(error) {
      throw error;
    },
    onFollow() {},
  });
  const advance = async (ms: number) => {
    clock.advance(ms);
    await setImmediate();
  };
  return { beating, counted, advance };
}

test('items that end one right after the other do not put off that more are handed out', async () => {
  const gate = createGate();
  gate.open();
  const { beating, counted, advance } = openBeating(gate);
  await advance(1);
  const before = counted.begun;
  // An item ends every 5 ms, for less time than there is between beats that nothing hurries.
  for (let ended = 0; ended < 40; ended += 1) {
    beating.soon();
    await advance(5);
  }
  expect(counted.begun - before).toBeGreaterThanOrEqual(5);
  await beating.stop();
});

test('an item that ends while others are handed out makes the next round come soon', async () => {
  const first = createGate();
  first.open();
  let gate = first;
  const { beating, counted, advance } = openBeating({
    get opened() {
      return gate.opened;
    },
    open() {},
  });
  await advance(1);
  gate = createGate();
  beating.soon();
  await advance(20);
  beating.soon();
  expect(counted.begun).toBe(2);
  gate.open();
  await setImmediate();
  await advance(20);
  expect(counted.begun).toBe(3);
  await beating.stop();
});
