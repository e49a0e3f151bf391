import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyJsonText, mutatedJsonText } from '../../test/arbitrary-json.ts';
import { createJsonEvents } from './json-events.ts';
import { JsonDepthError, JsonSyntaxError } from './json-value.ts';

/** The text in pieces of these lengths, in turn. */
function cut(text: string, lengths: readonly number[]): readonly Uint8Array[] {
  const bytes = Buffer.from(text);
  const pieces: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = lengths[turn % lengths.length] ?? 1;
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

/** What the listener is told; the values of depth `rawDepth` are asked for. */
function read(
  pieces: readonly Uint8Array[],
  { rawDepth = -1, listenDepth = 3, literalMaxBytes = 100, maxDepth = 512 } = {},
) {
  const told: unknown[] = [];
  const raw: string[] = [];
  let collected: Buffer[] = [];
  const events = createJsonEvents({
    listenDepth,
    literalMaxBytes,
    maxDepth,
    listener: {
      begin(depth, first) {
        told.push(['begin', depth, String.fromCharCode(first)]);
        return depth === rawDepth;
      },
      raw(bytes) {
        collected.push(Buffer.from(bytes));
      },
      end(depth, literal) {
        told.push(['end', depth, literal]);
        if (depth === rawDepth) {
          raw.push(Buffer.concat(collected).toString());
          collected = [];
        }
      },
      name(depth, literal) {
        told.push(['name', depth, literal]);
      },
    },
  });
  for (const piece of pieces) events.push(piece);
  events.end();
  return { told, raw };
}

function accepts(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof JsonSyntaxError) return false;
    throw error;
  }
}

const lengths = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 });

test('property: it accepts and refuses exactly what JSON.parse does, wherever it is cut', () => {
  fc.assert(
    fc.property(mutatedJsonText, lengths, (text, pieces) => {
      const bytes = Buffer.from(text);
      const accepted = accepts(() => JSON.parse(bytes.toString()));
      expect(accepts(() => read(cut(text, pieces)))).toBe(accepted);
    }),
    { numRuns: 3000 },
  );
});

test('property: what is told does not depend on where the bytes are cut', () => {
  fc.assert(
    fc.property(anyJsonText, lengths, (text, pieces) => {
      expect(read(cut(text, pieces), { rawDepth: 1 })).toEqual(read([Buffer.from(text)], { rawDepth: 1 }));
    }),
  );
});

test('property: the values that are asked for are given as they were written', () => {
  fc.assert(
    fc.property(fc.array(anyJsonText), lengths, (texts, pieces) => {
      const trimmed = texts.map((text) => text.trim());
      expect(read(cut(`[${texts.join(',')}]`, pieces), { rawDepth: 1 }).raw).toEqual(trimmed);
    }),
  );
});

test('values and names are told with their depth, to the depth that is asked for', () => {
  const text = '{"a": [1, {"b": null}], "c": "\\u00e9"}';
  expect(read([Buffer.from(text)], { listenDepth: 1 }).told).toEqual([
    ['begin', 0, '{'],
    ['name', 1, '"a"'],
    ['begin', 1, '['],
    ['end', 1, undefined],
    ['name', 1, '"c"'],
    ['begin', 1, '"'],
    ['end', 1, '"\\u00e9"'],
    ['end', 0, undefined],
  ]);
});

test('a name or a value that is longer than the limit is told without its text', () => {
  const told = read(cut('{"abcd": 1234, "abc": 123}', [3]), { literalMaxBytes: 5 }).told;
  expect(told.filter((event) => Array.isArray(event) && event[1] === 1 && event[0] !== 'begin')).toEqual([
    ['name', 1, undefined],
    ['end', 1, '1234'],
    ['name', 1, '"abc"'],
    ['end', 1, '123'],
  ]);
});

test('the offset of a fault is that in all bytes, and the nesting has a bound', () => {
  const offsetOf = (text: string) => {
    try {
      read(cut(text, [2]));
    } catch (error) {
      return error instanceof JsonSyntaxError ? error.offset : error;
    }
    return undefined;
  };
  expect(offsetOf('{"a": 1, x}')).toBe(9);
  expect(offsetOf('{"a": [1')).toBe(8);
  expect(() => read([Buffer.from('[[[]]]')], { maxDepth: 2 })).toThrow(JsonDepthError);
  expect(read([Buffer.from('[[]]')], { maxDepth: 2 }).told.length).toBeGreaterThan(0);
});
