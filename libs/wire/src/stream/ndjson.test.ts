import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chunkings } from '../../test/arbitrary-stream.ts';
import { encodeText, stringToBytes } from '../bytes.ts';
import { createNdjsonDecoder } from './ndjson.ts';
import type { NdjsonDecoderOptions } from './ndjson.ts';

interface Decoded {
  readonly lines: readonly string[];
  /** The message of the error that ended it. */
  readonly failure: string | undefined;
}

function decode(chunks: readonly Uint8Array[], options?: NdjsonDecoderOptions): Decoded {
  const lines: string[] = [];
  const decoder = createNdjsonDecoder((line) => lines.push(line), options);
  try {
    for (const chunk of chunks) decoder.push(chunk);
    decoder.end();
    return { lines, failure: undefined };
  } catch (error) {
    return { lines, failure: String(error) };
  }
}

function decodeText(text: string): readonly string[] {
  return decode([stringToBytes(encodeText(text))]).lines;
}

const values = fc.array(fc.jsonValue(), { maxLength: 8 });
const lineEnds = fc.constantFrom('\n', '\r\n', '\n\n', '\r\n\r\n');
const streams = fc.tuple(values, lineEnds, fc.boolean()).map(([list, lineEnd, isEnded]) => ({
  list,
  text: list.map((value) => JSON.stringify(value)).join(lineEnd) + (isEnded ? lineEnd : ''),
}));

describe('lines of JSON', () => {
  test('are the values that were written, in any chunking, with any line end, and without the last one', () => {
    fc.assert(
      fc.property(
        streams.chain(({ list, text }) => chunkings(text).map(({ chunks }) => ({ list, chunks }))),
        ({ list, chunks }) => {
          const { lines, failure } = decode(chunks);
          expect(failure).toBeUndefined();
          expect(lines).toEqual(list.map((value) => encodeText(JSON.stringify(value))));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('fail on the bound in any chunking or in none, after the same lines', () => {
    const texts = fc.array(fc.constantFrom('a', 'é', '\r', '\n', '\r\n', ' '), { maxLength: 30 });
    fc.assert(
      fc.property(
        texts.chain((pieces) => chunkings(pieces.join(''))),
        fc.nat({ max: 6 }),
        ({ whole, chunks }, maxLineBytes) => {
          expect(decode(chunks, { maxLineBytes })).toEqual(decode([whole], { maxLineBytes }));
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each([
    ['{"a":1}\n{"b":2}\n', ['{"a":1}', '{"b":2}']],
    ['{"a":1}\r\n{"b":2}', ['{"a":1}', '{"b":2}']],
    ['\n \t\n{"a":1}\n\r\n', ['{"a":1}']],
    ['{"a":1}\r', ['{"a":1}']],
    ['a\rb\n', ['a\rb']],
    ['', []],
  ])('of %j', (text, lines) => {
    expect(decodeText(text)).toEqual(lines);
  });

  test('come out as soon as their line end is there', () => {
    const lines: string[] = [];
    const decoder = createNdjsonDecoder((line) => lines.push(line));
    decoder.push(stringToBytes('{"a":1}\n{"b"'));
    expect(lines).toEqual(['{"a":1}']);
  });

  test('may be as long as the bound and no longer', () => {
    expect(decode([stringToBytes('12345\r\n')], { maxLineBytes: 5 })).toEqual({ lines: ['12345'], failure: undefined });
    expect(decode([stringToBytes('123456')], { maxLineBytes: 5 }).failure).toContain('more than 5 bytes');
  });
});
