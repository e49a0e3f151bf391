import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyJson, anyText, isSameJson, spellings } from '../../test/arbitrary-json.ts';
import { decodeByteString, encodeText, stringToBytes } from '../bytes.ts';
import { readTopLevel } from './read-top-level.ts';

const anyObjectText = fc
  .array(fc.tuple(anyText, anyJson), { maxLength: 5 })
  .map((entries): unknown => Object.fromEntries(entries))
  .chain(spellings);

describe('the top level of an object', () => {
  test('has the members that JSON.parse gives, the last of a name winning', () => {
    fc.assert(
      fc.property(anyObjectText, (text) => {
        const source = encodeText(text);
        const { entries } = readTopLevel(stringToBytes(source));
        const members = entries.map(({ key, start, end }): [string, unknown] => {
          const value: unknown = JSON.parse(decodeByteString(source.slice(start, end)));
          return [key, value];
        });
        return isSameJson(Object.fromEntries(members), JSON.parse(text));
      }),
      { numRuns: 1000 },
    );
  });

  test('counts what is in each member: elements, and all values but names', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 8 })), fc.nat({ max: 2 }), (object, space) => {
        const { entries } = readTopLevel(Buffer.from(JSON.stringify(object, null, space)));
        const counts = Object.values(object).map((value) => [elementsIn(value), valuesIn(value)]);
        expect(entries.map(({ elements, values }) => [elements, values])).toEqual(counts);
      }),
    );
  });

  test.each([
    ['{"a":1,"b":[2],"c":', 'An object has more than 2 members (at byte 15).'],
    ['{"abcd":', 'A name is longer than 3 bytes (at byte 1).'],
    ['{"a":12345,', 'A number is longer than 4 characters (at byte 5).'],
  ])('of %j is read no further than the limits', (source, message) => {
    const limits = { members: 2, nameLength: 3, numberLength: 4 };
    expect(() => readTopLevel(stringToBytes(source), limits)).toThrow(message);
    expect(readTopLevel(stringToBytes('{"abc":1234,"b":"long enough"}'), limits).entries).toHaveLength(2);
  });

  test('keeps duplicates, and the names that escapes stand for', () => {
    const source = '{"a":1,"mod\\u0065l":"x","model":[{"model":"deep"}],"a":{}}';
    const { entries } = readTopLevel(stringToBytes(source));
    expect(entries.map(({ key, start, end }) => [key, source.slice(start, end)])).toEqual([
      ['a', '1'],
      ['model', '"x"'],
      ['model', '[{"model":"deep"}]'],
      ['a', '{}'],
    ]);
  });

  test('is not confused by quotes, brackets and backslashes in nested strings', () => {
    const nested = '{"x\\\\":["]}\\"",{"y\\\\\\"}":"\\\\\\\\"}]}';
    const source = `{"a":${nested},"b":true}`;
    const { entries } = readTopLevel(stringToBytes(source));
    expect(entries.map(({ start, end }) => source.slice(start, end))).toEqual([nested, 'true']);
  });

  test.each([
    ['', 0],
    ['[]', 0],
    ['"text"', 0],
    ['{"a":1', 6],
    ['{"a":1,}', 7],
    ['{"a":1}x', 7],
    ['{"a":tru}', 5],
    ['{"a":01}', 6],
    ['{"a":[{"b":"}]"}', 16],
    ['{"a":["b', 8],
    ['{"a\nb":1}', 3],
    ['{"a":"\t"}', 6],
    ['{"a":"\\q"}', 6],
    ['\u00ef\u00bb\u00bf{}', 0],
  ])('of %j is refused at its fault', (source, offset) => {
    expect(() => readTopLevel(stringToBytes(source))).toThrow(
      expect.objectContaining({ name: 'JsonSyntaxError', offset }),
    );
  });

  test('is read through a megabyte of nesting without recursion', () => {
    const deep = '['.repeat(1 << 20) + ']'.repeat(1 << 20);
    expect(readTopLevel(stringToBytes(`{"a":${deep},"b":2}`)).entries).toHaveLength(2);
  });
});

function elementsIn(value: unknown): number {
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}

function valuesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, inner) => sum + valuesIn(inner), 1);
}
