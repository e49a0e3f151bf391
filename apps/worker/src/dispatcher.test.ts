import { expect, test } from 'vitest';
import { shareOut } from './dispatcher.ts';

const itemsOf = (tenant: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({ tenant, id: `msgbatch_${tenant}`, index, tries: 0 }));
const tenants = (chosen: ReturnType<typeof shareOut>) => chosen.map(({ tenant }) => tenant).join('');

test('a tenant that has many items handed out waits until the others have as many', () => {
  const waiting = new Map([
    ['a', itemsOf('a', 100)],
    ['b', itemsOf('b', 100)],
  ]);
  expect(tenants(shareOut(waiting, new Map([['a', 3]]), 7))).toBe('bbbabab');
});

test('what one tenant has no use for goes to the others, and no item is chosen twice', () => {
  const waiting = new Map([
    ['a', itemsOf('a', 5)],
    ['b', itemsOf('b', 1)],
  ]);
  const chosen = shareOut(waiting, new Map(), 10);
  expect(tenants(chosen)).toBe('abaaaa');
  expect(new Set(chosen).size).toBe(6);
});
