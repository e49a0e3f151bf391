import { createManualClock } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { createIssuerKeys, keptMs, missedIntervalMs, refreshIntervalMs } from './issuer-keys.ts';

const keySet = JSON.stringify({
  keys: [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }],
});

/** Keys whose loading gives what `answers` says in turn, and then the last of it; a text that is no key set fails. */
async function start(...answers: readonly string[]) {
  const clock = createManualClock();
  const faults: (string | undefined)[] = [];
  let loads = 0;
  const keys = createIssuerKeys({
    load: () => Promise.resolve(answers[Math.min(loads++, answers.length - 1)] ?? ''),
    clock,
    random: () => 0.5,
    onLoaded: (fault) => faults.push(fault?.name),
  });
  await keys.started;
  return { keys, clock, faults, loads: () => loads, settle: () => new Promise((resolve) => setImmediate(resolve)) };
}

test('keys are loaded at once and again every five minutes', async () => {
  const { keys, clock, loads, settle } = await start(keySet);
  expect(keys.current()?.jwks().keys).toHaveLength(1);
  clock.advance(refreshIntervalMs - 1);
  expect(keys.ageMs()).toBe(refreshIntervalMs - 1);
  expect(loads()).toBe(1);
  clock.advance(1);
  await settle();
  clock.advance(refreshIntervalMs);
  expect(loads()).toBe(3);
});

test('the last set is kept for a day while loading fails, and no longer', async () => {
  const { keys, clock, settle } = await start(keySet, 'oops');
  clock.advance(refreshIntervalMs);
  await settle();
  clock.advance(keptMs - refreshIntervalMs - 1);
  expect(keys.current()).toBeDefined();
  clock.advance(1);
  expect(keys.current()).toBeUndefined();
});

test.each([
  ['no JSON', '<html>'],
  ['no key set', '{"error":"not found"}'],
  ['a set without a key', '{"keys":[]}'],
])('%s does not replace the keys', async (_name, text) => {
  const { keys, clock, faults, settle } = await start(keySet, text);
  clock.advance(refreshIntervalMs);
  await settle();
  expect(faults).toHaveLength(2);
  expect(faults[1]).toBeDefined();
  expect(keys.current()?.jwks().keys).toHaveLength(1);
});

test('a load that failed is tried again after 5 s, then after twice as long each time, and at most every five minutes', async () => {
  const { clock, loads, settle } = await start('oops');
  const pauses: number[] = [];
  for (let waitedMs = 0; pauses.length < 8;) {
    const before = loads();
    clock.advance(5000);
    waitedMs += 5000;
    await settle();
    if (loads() === before) continue;
    pauses.push(waitedMs);
    waitedMs = 0;
  }
  expect(pauses).toEqual([5000, 10_000, 20_000, 40_000, 80_000, 160_000, refreshIntervalMs, refreshIntervalMs]);
});

test('missing keys ask for one load in thirty seconds', async () => {
  const { keys, clock, loads, settle } = await start(keySet);
  for (let asked = 0; asked < 1000; asked += 1) keys.missed();
  await settle();
  expect(loads()).toBe(2);
  clock.advance(missedIntervalMs - 1);
  keys.missed();
  expect(loads()).toBe(2);
  clock.advance(1);
  keys.missed();
  expect(loads()).toBe(3);
});

test('one load runs at a time, however long it takes', async () => {
  const clock = createManualClock();
  let loads = 0;
  const keys = createIssuerKeys({
    load: () => {
      loads += 1;
      return new Promise(() => {});
    },
    clock,
    random: () => 0.5,
  });
  clock.advance(refreshIntervalMs);
  keys.missed();
  expect(loads).toBe(1);
  expect(keys.current()).toBeUndefined();
  expect(keys.ageMs()).toBe(Infinity);
});

test('nothing is loaded after the end', async () => {
  const { keys, clock, loads } = await start(keySet);
  keys.close();
  clock.advance(refreshIntervalMs * 2);
  expect(loads()).toBe(1);
});
