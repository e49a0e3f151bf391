import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countElementsOf, countValues, valuesCountMax } from './body-size.ts';

const bytes = (value: unknown, space = 0) => Buffer.from(JSON.stringify(value, null, space));

test('of any JSON all values are counted, names of members are not', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 8 }), fc.nat({ max: 2 }), (value, space) => {
      expect(countValues(bytes(value, space))).toBe(valuesIn(value));
    }),
  );
});

test('of any list the elements are counted, not what is in them', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ maxDepth: 8 })), fc.nat({ max: 2 }), (list, space) => {
      expect(countElementsOf(bytes(list, space))).toBe(list.length);
    }),
  );
});

test('what is no list has no elements', () => {
  for (const value of [null, 'a,b', { a: 1, b: [1, 2] }]) expect(countElementsOf(bytes(value))).toBe(0);
  expect(countElementsOf(undefined)).toBe(0);
});

test('counting values stops at 1,000,000', () => {
  const list = Array.from({ length: 1_200_000 }, () => 0);
  expect(countValues(bytes(list))).toBe(valuesCountMax);
});

function valuesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, inner) => sum + valuesIn(inner), 1);
}
