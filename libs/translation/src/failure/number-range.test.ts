import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isWithin, nearestWithin, rangeIn } from './number-range.ts';

const bound = fc.option(fc.integer({ min: -200, max: 200 }), { nil: undefined });
const range = fc
  .record({ minimum: bound, maximum: bound, isOpenBelow: fc.boolean(), isOpenAbove: fc.boolean() })
  .filter(({ minimum, maximum }) => minimum === undefined || maximum === undefined || minimum < maximum);
const whole = fc.integer({ min: -400, max: 400 });

test('the nearest number of a range is within it, and no other one of its steps is nearer', () => {
  fc.assert(
    fc.property(range, whole, whole, (stated, value, other) => {
      const nearest = nearestWithin(stated, value, 1);
      if (nearest === undefined) return !isWithin(stated, other);
      if (isWithin(stated, value)) return nearest === value;
      return (
        isWithin(stated, nearest) && (!isWithin(stated, other) || Math.abs(nearest - value) <= Math.abs(other - value))
      );
    }),
  );
});

test('a range is read as it was written, with its ends', () => {
  fc.assert(
    fc.property(
      whole,
      fc.integer({ min: 1, max: 400 }),
      fc.constantFrom('[', '('),
      fc.constantFrom(']', ')'),
      (from, size, open, close) => {
        expect(rangeIn(` must be in ${open}${from}, ${from + size}${close}`)).toEqual({
          minimum: from,
          maximum: from + size,
          isOpenBelow: open === '(',
          isOpenAbove: close === ')',
        });
      },
    ),
  );
});

test.each([
  [' must not be greater than 2', undefined, 2, false, false],
  [' must not be less than 1', 1, undefined, false, false],
  [' must be > 0 and < 1', 0, 1, true, true],
  [' 不能小于 0，不能大于 1', 0, 1, false, false],
  [' should be between 0 and 1 (exclusive)', 0, 1, true, true],
])('the words %s are read', (words, minimum, maximum, isOpenBelow, isOpenAbove) => {
  expect(rangeIn(words)).toEqual({ minimum, maximum, isOpenBelow, isOpenAbove });
});

test.each([' is a number', ' must be between 2 and 1', ' must be set'])('no range is read in: %s', (words) => {
  expect(rangeIn(words)).toBeUndefined();
});
