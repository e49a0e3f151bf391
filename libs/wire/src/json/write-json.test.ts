import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyJson, anyText } from '../../test/arbitrary-json.ts';
import { bytesToString, encodeText } from '../bytes.ts';
import { isJsonObject } from './json-value.ts';
import { readJson } from './read-json.ts';
import { writeJson, writeJsonBytes } from './write-json.ts';

test('bytes say what the byte string says, however long it is', () => {
  const long = fc.constantFrom('é'.repeat(20_000), 'x'.repeat(70_000));
  const list = fc.array(fc.oneof(anyJson, long), { maxLength: 4 });
  const members = fc.array(fc.tuple(anyText, fc.oneof(anyJson, list, long)), { maxLength: 5 });
  fc.assert(
    fc.property(members, fc.constantFrom(0, 1000, 200_000), (entries, likelyLength) => {
      const object = readJson(encodeText(JSON.stringify(Object.fromEntries(entries))));
      if (!isJsonObject(object)) throw new Error('An object was written.');
      const withGap = { ...object, gap: undefined };
      expect(bytesToString(writeJsonBytes(withGap, likelyLength))).toBe(writeJson(withGap));
    }),
    { numRuns: 300 },
  );
});
