import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compactJson } from './compact-json.ts';

test('any JSON with white space becomes the same without', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(1, 2, '\t', '\r\n '), (value, space) => {
      expect(compactJson(` ${JSON.stringify(value, null, space)}\n`)).toBe(JSON.stringify(value));
    }),
  );
});

test('white space, quotes and backslashes in strings stay', () => {
  const json = String.raw`{"a \" b\\":["\\\"  ", "x \\"]}`;
  expect(compactJson(json.replaceAll(',', ' ,\n'))).toBe(json.replaceAll(', ', ','));
});
