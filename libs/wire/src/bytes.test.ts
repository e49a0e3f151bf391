import { anyCharacter } from '@ccg/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bytesToString,
  decodeByteString,
  encodeText,
  isUtf8Bytes,
  isUtf8Text,
  spliceBytes,
  stringToBytes,
} from './bytes.ts';

test('bytes survive the way through a byte string', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const byteString = bytesToString(bytes);
      expect(byteString).toHaveLength(bytes.length);
      expect([...stringToBytes(byteString)]).toEqual([...bytes]);
    }),
  );
});

test('a view into a larger buffer gives its own bytes alone', () => {
  expect(bytesToString(new Uint8Array([1, 97, 98, 2]).subarray(1, 3))).toBe('ab');
});

test('text becomes its UTF-8 bytes, a lone surrogate the replacement character', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter }), (text) => {
      expect([...stringToBytes(encodeText(text))]).toEqual([...new TextEncoder().encode(text)]);
      expect(decodeByteString(encodeText(text))).toBe(text.toWellFormed());
    }),
  );
});

test('malformed UTF-8 decodes to replacement characters instead of failing', () => {
  expect(decodeByteString('a\u00e2\u0082"\u00ff')).toBe('a\ufffd"\ufffd');
});

test('replaces stretches and leaves every other byte', () => {
  const bytes = stringToBytes('{"a":1,"b":2,"c":\u00ff}');
  const spliced = spliceBytes(bytes, [
    { start: 5, end: 6, replacement: '"\u00e9"' },
    { start: 6, end: 12, replacement: '' },
  ]);
  expect(bytesToString(spliced)).toBe('{"a":"\u00e9","c":\u00ff}');
});

test('gives the same buffer when there is nothing to replace', () => {
  const bytes = stringToBytes('{}');
  expect(spliceBytes(bytes, [])).toBe(bytes);
});

test('a byte string is UTF-8 where a strict decoder takes it', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc.array(
      fc.constantFrom(
        0x20,
        0x7f,
        0x80,
        0x8f,
        0x90,
        0x9f,
        0xa0,
        0xbf,
        0xc1,
        0xc2,
        0xdf,
        0xe0,
        0xed,
        0xef,
        0xf0,
        0xf4,
        0xf5,
      ),
    ),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text, 'utf8')),
  );
  fc.assert(
    fc.property(bytes, (list) => {
      const all = Uint8Array.from(list);
      expect(isUtf8Text(bytesToString(all))).toBe(isUtf8Bytes(all));
    }),
    { numRuns: 5000 },
  );
});
