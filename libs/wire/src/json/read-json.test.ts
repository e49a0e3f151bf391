import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyJsonText, isSameJson, mutatedJsonText } from '../../test/arbitrary-json.ts';
import { decodeByteString, encodeText } from '../bytes.ts';
import { JsonDepthError, JsonSyntaxError, RawJson, RawText } from './json-value.ts';
import { readJson } from './read-json.ts';
import { decodeJson } from './text.ts';
import { writeJson } from './write-json.ts';

const rawKeys = new Set(['input', '__proto__', '']);
const optionSets = [{}, { rawKeys }, { rawTextMinLength: 1 }, { rawTextMinLength: 1000, rawKeys }];

function parse(text: string): unknown {
  return JSON.parse(text);
}

function accepts(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof JsonSyntaxError) return false;
    throw error;
  }
}

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

describe('reading any JSON', () => {
  test.each(optionSets)('and writing it again means what JSON.parse says (%o)', (options) => {
    fc.assert(
      fc.property(anyJsonText, (text) => {
        const written = writeJson(readJson(encodeText(text), options));
        return isSameJson(parse(decodeByteString(written)), parse(text));
      }),
      { numRuns: 800 },
    );
  });

  test('gives a tree that decodes to what JSON.parse gives', () => {
    fc.assert(
      fc.property(anyJsonText, (text) => isSameJson(decodeJson(readJson(encodeText(text))), parse(text))),
      { numRuns: 500 },
    );
  });

  test.each(optionSets)('accepts and refuses exactly what JSON.parse does (%o)', (options) => {
    fc.assert(
      fc.property(mutatedJsonText, (text) => {
        const bytes = encodeText(text);
        const decoded = decodeByteString(bytes);
        const accepted = accepts(() => parse(decoded));
        expect(accepts(() => readJson(bytes, options))).toBe(accepted);
        if (accepted) expect(isSameJson(decodeJson(readJson(bytes, options)), parse(decoded))).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });

  test('treats a long source as it treats a short one', () => {
    const padding = `"${'x'.repeat(3000)}"`;
    fc.assert(
      fc.property(anyJsonText, mutatedJsonText, (one, other) => {
        const bytes = encodeText(`[${padding},${one},${other}]`);
        const decoded = decodeByteString(bytes);
        const accepted = accepts(() => parse(decoded));
        expect(accepts(() => readJson(bytes))).toBe(accepted);
        if (accepted) expect(isSameJson(decodeJson(readJson(bytes)), parse(decoded))).toBe(true);
      }),
      { numRuns: 800 },
    );
  });
});

describe('what is read', () => {
  test('is a plain string only when it is short, ASCII and has no escapes', () => {
    const long = 'x'.repeat(64);
    const value = readJson(encodeText(`["plain","","line\\n","é","${long}","${long.slice(1)}"]`));
    expect(value).toEqual(['plain', '', expect.any(RawText), expect.any(RawText), expect.any(RawText), long.slice(1)]);
  });

  test('keeps named objects and arrays raw at any depth, byte for byte, and reads their scalars', () => {
    const source = '{"a":[{"input": { "b" : [1.0, 1e2] } ,"metadata":[ ]}],"input":"text","metadata":null}';
    const value = readJson(source, { rawKeys: new Set(['input', 'metadata']) });
    expect(value).toEqual({
      a: [{ input: expect.any(RawJson), metadata: expect.any(RawJson) }],
      input: 'text',
      metadata: null,
    });
    expect(writeJson(value)).toContain('"input":{ "b" : [1.0, 1e2] },"metadata":[ ]');
  });

  test('names members by the text that their escapes and bytes stand for', () => {
    const value = readJson(encodeText('{"mod\\u0065l":1,"é\\ud83d\\ude00":2,"日本":3}'));
    expect(Object.keys(value ?? {})).toEqual(['model', 'é😀', '日本']);
  });

  test('has a member called __proto__ as an own member and no other prototype', () => {
    const value = readJson('{"__proto__":{"polluted":true},"a":1,"__proto__":{"last":1}}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.entries(value ?? {})).toEqual([
      ['__proto__', { last: 1 }],
      ['a', 1],
    ]);
    expect(writeJson(value)).toBe('{"__proto__":{"last":1},"a":1}');
  });
});

describe('a refusal', () => {
  test.each([
    ['', 0],
    ['  ', 2],
    ['{"a":1', 6],
    ['{"a" 1}', 5],
    ['[1,]', 3],
    ['{"a":1,}', 7],
    ['"abc', 4],
    ['"a\\', 3],
    ['"a\\"', 4],
    ['["\\x"]', 2],
    ['["\\u12g4"]', 2],
    ['["a\tb"]', 3],
    ['["a\u0001b"]', 3],
    ['01', 1],
    ['1.', 2],
    ['-', 1],
    ['.5', 0],
    ['+1', 0],
    ['1e', 2],
    ['nul', 0],
    ['true false', 5],
    ['\u00ef\u00bb\u00bf{}', 0],
    ['[NaN]', 1],
    ["{'a':1}", 1],
  ])('of %j says where', (source, offset) => {
    expect(() => readJson(source)).toThrow(expect.objectContaining({ name: 'JsonSyntaxError', offset }));
  });

  test('never quotes what it read', () => {
    expect(() => readJson('{"secret-name": secret-value}')).toThrow(/^Expected a value \(at byte 16\)\.$/);
  });

  test.each([{}, { rawKeys: new Set(['input']) }])(
    'of deep nesting comes one level above the limit (%o)',
    (options) => {
      expect(() => readJson(nested(512), options)).not.toThrow();
      expect(() => readJson(nested(513), options)).toThrow(JsonDepthError);
      expect(() => readJson(`{"input":${nested(511)}}`, options)).not.toThrow();
      expect(() => readJson(`{"input":${nested(512)}}`, options)).toThrow(JsonDepthError);
      expect(() => readJson('[{}]', { ...options, maxDepth: 1 })).toThrow(JsonDepthError);
    },
  );

  test('of a megabyte of opening brackets is a depth error, not a stack overflow', () => {
    expect(() => readJson('['.repeat(1 << 20))).toThrow(JsonDepthError);
    expect(() => readJson('{"input":'.repeat(1 << 18), { rawKeys })).toThrow(JsonDepthError);
  });
});
