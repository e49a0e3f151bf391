import { expect, test } from 'vitest';
import { asCount } from './json-fields.ts';

test.each([
  [0, 0],
  [7.9, 7],
  [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  [2 ** 53, undefined],
  [1e300, undefined],
  [-0.5, undefined],
  [Infinity, undefined],
  ['7', undefined],
])('%j counts as %s', (value, count) => {
  expect(asCount(value)).toBe(count);
});
