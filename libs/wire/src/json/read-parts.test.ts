import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyJson, anyText, spellings } from '../../test/arbitrary-json.ts';
import { encodeText, stringToBytes } from '../bytes.ts';
import { JsonDepthError, JsonSyntaxError } from './json-value.ts';
import { readJson } from './read-json.ts';
import type { Span } from './read-json.ts';
import { readElements, readMembers } from './read-top-level.ts';
import { decodeJson } from './text.ts';

/** Where the value stands when other bytes come before and after it. */
const before = '{"x":[';
const after = ']}';

function placed(source: string): { readonly bytes: Uint8Array; readonly span: Span } {
  const bytes = stringToBytes(before + source + after);
  return { bytes, span: { start: before.length, end: before.length + source.length } };
}

function partsOf(source: string, read: (bytes: Uint8Array, span: Span) => readonly Span[]): readonly string[] {
  const { bytes, span } = placed(source);
  const whole = before + source + after;
  return read(bytes, span).map(({ start, end }) => whole.slice(start, end));
}

function valueOf(source: string): unknown {
  return decodeJson(readJson(source));
}

test('the elements of an array are those that JSON.parse gives, where they stand', () => {
  const arrays = fc.array(anyJson, { maxLength: 6 }).chain(spellings);
  fc.assert(
    fc.property(arrays, (text) => {
      const source = encodeText(text);
      expect(partsOf(source, readElements).map(valueOf)).toEqual(valueOf(source));
    }),
  );
});

test('the members of an object are those that JSON.parse gives, where they stand', () => {
  const objects = fc
    .array(fc.tuple(anyText, anyJson), { maxLength: 5 })
    .map((entries): unknown => Object.fromEntries(entries))
    .chain(spellings);
  fc.assert(
    fc.property(objects, (text) => {
      const source = encodeText(text);
      const { bytes, span } = placed(source);
      const names = readMembers(bytes, span).map(({ key }) => key);
      const values = partsOf(source, readMembers).map(valueOf);
      expect(Object.fromEntries(names.map((name, index) => [name, values[index]]))).toEqual(valueOf(source));
    }),
  );
});

test.each(['{}', '[1 2]', '[1', '', '[1,', '[1,]', '[,1]', '[1,,2]'])('no array: %j', (source) => {
  expect(() => partsOf(source, readElements)).toThrow(JsonSyntaxError);
});

test.each(['[]', '{"a":1', '{"a" 1}', '{"a":1,}', '{a:1}', ''])('no object: %j', (source) => {
  expect(() => partsOf(source, readMembers)).toThrow(JsonSyntaxError);
});

test('nesting is followed for 512 levels', () => {
  const nested = (depth: number) => `[${'['.repeat(depth)}${']'.repeat(depth)}]`;
  expect(partsOf(nested(512), readElements)).toHaveLength(1);
  expect(() => partsOf(nested(513), readElements)).toThrow(JsonDepthError);
});
