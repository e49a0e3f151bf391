import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ItemPointer } from './item.ts';
import { createShareOut } from './share-out.ts';

const itemsOf = (tenant: string, count: number): readonly ItemPointer[] =>
  Array.from({ length: count }, (_, index) => ({ tenant, id: `msgbatch_${tenant}`, index, tries: 0 }));
const waits = (tenant: string, count: number, handedOut = 0, weight = 1) => ({
  tenant,
  items: itemsOf(tenant, count),
  handedOut,
  weight,
});
const tenants = (chosen: readonly ItemPointer[]) => chosen.map(({ tenant }) => tenant).join('');

test('a tenant that has many items handed out waits until the others have as many', () => {
  expect(tenants(createShareOut()([waits('a', 100, 3), waits('b', 100)], 7))).toBe('bbbabab');
});

test('one with 100 items gets the next places beside one with 5,000 that has them all', () => {
  expect(tenants(createShareOut()([waits('a', 5000, 32), waits('b', 100)], 16))).toBe('b'.repeat(16));
});

test('what one tenant has no use for goes to the others, and no item is chosen twice', () => {
  const chosen = createShareOut()([waits('a', 5), waits('b', 1)], 10);
  expect(tenants(chosen)).toBe('abaaaa');
  expect(new Set(chosen).size).toBe(6);
});

test('of more tenants than places each has its turn', () => {
  const shareOut = createShareOut();
  const waiting = ['a', 'b', 'c', 'd', 'e'].map((tenant) => waits(tenant, 9));
  const turns = Array.from({ length: 10 }, () => tenants(shareOut(waiting, 1)));
  expect(turns.join('')).toBe('abcdeabcde');
});

test('who was idle has saved up nothing', () => {
  const shareOut = createShareOut();
  for (let turn = 0; turn < 50; turn += 1) shareOut([waits('a', 9)], 1);
  expect(tenants(shareOut([waits('a', 9), waits('b', 9)], 6))).toBe('bababa');
});

interface Tenant {
  readonly name: string;
  readonly weight: number;
  /** How many rounds an item runs. */
  readonly rounds: number;
}

const someTenants = fc
  .array(fc.record({ weight: fc.integer({ min: 1, max: 8 }), rounds: fc.integer({ min: 1, max: 9 }) }), {
    minLength: 2,
    maxLength: 5,
  })
  .map((list) => list.map((one, at): Tenant => ({ name: `t${at}`, ...one })));

test('places are shared in proportion to the weights, however long the items of each tenant run', () => {
  fc.assert(
    fc.property(someTenants, (all) => {
      const shareOut = createShareOut();
      const weights = all.reduce((sum, { weight }) => sum + weight, 0);
      const window = 4 * weights;
      let running: { readonly name: string; readonly endsAt: number }[] = [];
      for (let round = 0; round < 40; round += 1) {
        running = running.filter(({ endsAt }) => endsAt > round);
        const count = (name: string) => running.filter((one) => one.name === name).length;
        const waiting = all.map(({ name, weight }) => waits(name, window, count(name), weight));
        for (const { tenant } of shareOut(waiting, window - running.length)) {
          const rounds = all.find(({ name }) => name === tenant)?.rounds ?? 1;
          running.push({ name: tenant, endsAt: round + rounds });
        }
        for (const { name, weight } of all) expect(Math.abs(count(name) - 4 * weight)).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 30 },
  );
});
