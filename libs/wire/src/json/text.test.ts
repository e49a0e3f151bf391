import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText, spellings } from '../../test/arbitrary-json.ts';
import { decodeByteString, encodeText } from '../bytes.ts';
import { JoinedText, RawJson, isJsonObject, isText } from './json-value.ts';
import type { JsonText, JsonValue } from './json-value.ts';
import { readJson } from './read-json.ts';
import { decodeJson, decodeText, isEmptyText, joinTexts, textStartsWith } from './text.ts';
import { writeJson } from './write-json.ts';

/** A text as it comes from a reader, raw or plain, or from a converter. */
const anyJsonText: fc.Arbitrary<{ readonly text: JsonText; readonly meaning: string }> = anyText.chain((meaning) =>
  fc.oneof(
    fc.constant({ text: meaning, meaning }),
    spellings(meaning).map((spelling) => ({ text: readText(spelling), meaning })),
  ),
);

function readText(spelling: string): JsonText {
  const value = readJson(encodeText(spelling));
  if (!isText(value)) throw new TypeError('not a text');
  return value;
}

describe('texts', () => {
  test('joined mean their decoded parts with the separator between, and are written as one valid string', () => {
    fc.assert(
      fc.property(fc.array(anyJsonText, { maxLength: 5 }), anyText, (texts, separator) => {
        const joined = joinTexts(
          texts.map(({ text }) => text),
          separator,
        );
        const meaning = texts.map((text) => text.meaning).join(separator);
        expect(decodeText(joined)).toBe(meaning);
        expect(JSON.parse(decodeByteString(writeJson([joined])))).toEqual([meaning]);
        expect(isEmptyText(joined)).toBe(meaning === '');
      }),
      { numRuns: 500 },
    );
  });

  test('joined again stay one flat list of parts', () => {
    const inner = joinTexts([readText('"\\n"'), 'a'], '-');
    const outer = joinTexts([inner, inner], '+');
    expect(outer).toBeInstanceOf(JoinedText);
    expect(decodeText(outer)).toBe('\n-a+\n-a');
  });

  test('begin with what their decoded form begins with', () => {
    const prefix = fc.string({ unit: 'grapheme-ascii', maxLength: 4 });
    fc.assert(
      fc.property(fc.array(anyJsonText, { maxLength: 3 }), prefix, (texts, head) => {
        const text = joinTexts([head, ...texts.map((each) => each.text)], '');
        expect(textStartsWith(text, head)).toBe(true);
        for (const each of texts) expect(textStartsWith(each.text, head)).toBe(each.meaning.startsWith(head));
      }),
      { numRuns: 500 },
    );
  });

  test('do not begin with what follows them in their source', () => {
    const [text = ''] = [readJson('["ab","cd"]', { rawTextMinLength: 1 })].flat().filter(isText);
    expect(textStartsWith(text, 'ab')).toBe(true);
    expect(textStartsWith(text, 'ab"')).toBe(false);
  });

  test('begin with a prefix that is written in escapes', () => {
    expect(textStartsWith(readText('"\\u003csystem-reminder>"'), '<system')).toBe(true);
    expect(textStartsWith(readText('"\\u003d"'), '<')).toBe(false);
  });
});

describe('kinds of values', () => {
  const source = '{"raw":{"a":[1]},"text":"\\n","list":[],"nothing":null,"plain":"x"}';
  const value = readJson(source, { rawKeys: new Set(['raw']) });
  const members = isJsonObject(value) ? value : {};

  test('tell a read object from a text, a list and a raw subtree', () => {
    const objects = Object.values(members).filter(isJsonObject);
    const texts = Object.values(members).filter(isText);
    expect(isJsonObject(value)).toBe(true);
    expect(objects).toEqual([]);
    expect(texts).toHaveLength(2);
  });

  test('all decode to what JSON.parse gives', () => {
    expect(members['raw']).toBeInstanceOf(RawJson);
    expect(decodeJson(value)).toEqual(JSON.parse(source));
    expect(Object.values(members).map((member) => decodeJson(member ?? null))).toEqual([
      { a: [1] },
      '\n',
      [],
      null,
      'x',
    ]);
  });
});

describe('writing', () => {
  test.each<[JsonValue, string]>([
    [{ a: undefined, b: 'é"\n' }, encodeText('{"b":"é\\"\\n"}')],
    [{ é: 1 }, encodeText('{"é":1}')],
    ['\ud83d', '"\\ud83d"'],
    [Infinity, '1e999'],
    [-Infinity, '-1e999'],
    [NaN, 'null'],
    [-0, '-0'],
    ['\u007f', '"\u007f"'],
    [`${'long '.repeat(20)}"`, `"${'long '.repeat(20)}\\""`],
  ])('%o as %s', (value, written) => {
    expect(writeJson(value)).toBe(written);
  });
});
