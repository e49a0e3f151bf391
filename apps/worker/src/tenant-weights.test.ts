import { createManualClock } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { createTenantWeights } from './tenant-weights.ts';

function openWeights() {
  const clock = createManualClock();
  const stored = new Map([
    ['a', 1],
    ['b', 3],
  ]);
  const reads: string[] = [];
  const weights = createTenantWeights(clock, async (tenant) => {
    reads.push(tenant);
    return await Promise.resolve(stored.get(tenant) ?? 1);
  });
  return { clock, stored, reads, weights };
}

test('weights are read once in two seconds, and a change is seen then', async () => {
  const { clock, stored, reads, weights } = openWeights();
  for (let beat = 0; beat < 50; beat += 1) {
    expect([...(await weights(['a', 'b']))]).toEqual([
      ['a', 1],
      ['b', 3],
    ]);
  }
  expect(reads).toEqual(['a', 'b']);
  stored.set('a', 5);
  clock.advance(1999);
  expect((await weights(['a', 'b'])).get('a')).toBe(1);
  clock.advance(1);
  expect((await weights(['a', 'b'])).get('a')).toBe(5);
});

test('a tenant that comes is read at once, and one that has gone is forgotten', async () => {
  const { reads, weights } = openWeights();
  await weights(['a']);
  expect((await weights(['b'])).get('b')).toBe(3);
  expect((await weights(['b'])).has('a')).toBe(false);
  expect(reads).toEqual(['a', 'b']);
});

test('weights that could not be read are read again the next time', async () => {
  const clock = createManualClock();
  let isAway = true;
  const weights = createTenantWeights(clock, async () => {
    if (isAway) throw new Error('The store is away.');
    return await Promise.resolve(4);
  });
  await expect(weights(['a'])).rejects.toThrow('away');
  isAway = false;
  expect((await weights(['a'])).get('a')).toBe(4);
});
