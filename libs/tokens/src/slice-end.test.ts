import { decodeText, encodeText, RawText } from '@ccg/wire';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { sliceEnd } from './slice-end.ts';

function slicesOf(source: string, maxLength: number): string[] {
  const slices: string[] = [];
  for (let start = 0; start < source.length;) {
    const end = sliceEnd(source, start, source.length, maxLength);
    slices.push(source.slice(start, end));
    start = end;
  }
  return slices;
}

function decode(slice: string): string {
  return decodeText(new RawText(slice, 0, slice.length));
}

const escapeAll = (text: string): string =>
  text.replace(/[^ ]/gu, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);

test('slices of any literal decode, one by one, to what the whole does', () => {
  const text = fc.string({ unit: fc.constantFrom('a', ' ', '\n', '"', '\\', 'é', '漢', '/'), maxLength: 80 });
  const written = fc.oneof(
    text.map((one) => ({ one, content: encodeText(JSON.stringify(one)).slice(1, -1) })),
    text.map((one) => ({ one, content: escapeAll(one) })),
  );
  fc.assert(
    fc.property(written, fc.integer({ min: 8, max: 20 }), ({ one, content }, maxLength) => {
      const slices = slicesOf(content, maxLength);
      expect(slices.map(decode).join('')).toBe(one);
      expect(slices.every((slice) => slice.length > 0 && slice.length <= maxLength)).toBe(true);
    }),
  );
});

test('characters of four bytes stay whole', () => {
  const content = encodeText('🚀'.repeat(20));
  expect(slicesOf(content, 10).map(decode).join('')).toBe('🚀'.repeat(20));
});

test('a slice ends before a space when one is near', () => {
  expect(slicesOf('one two three four', 10)).toEqual(['one two', ' three', ' four']);
});

test('what follows the slices of a text does not move them', () => {
  const text = 'lorem ipsum dolor sit amet '.repeat(40);
  const longer = slicesOf(`${text}and more`, 100);
  expect(longer.slice(0, 9)).toEqual(slicesOf(text, 100).slice(0, 9));
});
