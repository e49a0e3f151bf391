import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyJsonText, anyText } from '../../test/arbitrary-json.ts';
import { encodeText } from '../bytes.ts';
import { copyJson, copyText } from './json-value.ts';
import { readJson } from './read-json.ts';
import { writeJson } from './write-json.ts';

test('the copy of a text is the same text', () => {
  fc.assert(fc.property(anyText, (text) => copyText(text) === text));
});

test('the copy of a value is written as the value is', () => {
  fc.assert(
    fc.property(anyJsonText, (text) => {
      const value = readJson(encodeText(text), { rawKeys: new Set(['input', '']) });
      expect(writeJson(copyJson(value))).toBe(writeJson(value));
    }),
  );
});
