import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chunkings, streamTexts } from '../../test/arbitrary-stream.ts';
import { encodeText, stringToBytes } from '../bytes.ts';
import { writeJson } from '../json/write-json.ts';
import { createSseDecoder, sseFrame } from './sse.ts';
import type { SseDecoderOptions, SseEvent } from './sse.ts';

function decode(chunks: readonly Uint8Array[], options?: SseDecoderOptions): SseEvent[] {
  const events: SseEvent[] = [];
  const decoder = createSseDecoder((event) => events.push(event), options);
  for (const chunk of chunks) decoder.push(chunk);
  decoder.end();
  return events;
}

function decodeText(text: string): SseEvent[] {
  return decode([stringToBytes(encodeText(text))]);
}

describe('server-sent events', () => {
  test('are the same in any chunking', () => {
    fc.assert(
      fc.property(streamTexts.chain(chunkings), ({ whole, chunks }) => {
        expect(decode(chunks)).toEqual(decode([whole]));
      }),
      { numRuns: 1000 },
    );
  });

  test('fail on the bound in any chunking or in none', () => {
    fc.assert(
      fc.property(streamTexts.chain(chunkings), fc.nat({ max: 12 }), ({ whole, chunks }, maxEventBytes) => {
        const outcomes = [chunks, [whole]].map((input) => {
          const events: SseEvent[] = [];
          const decoder = createSseDecoder((event) => events.push(event), { maxEventBytes });
          try {
            for (const chunk of input) decoder.push(chunk);
            decoder.end();
            return { events, failure: undefined };
          } catch (error) {
            return { events, failure: error instanceof Error ? error.message : error };
          }
        });
        expect(outcomes[0]).toEqual(outcomes[1]);
      }),
      { numRuns: 500 },
    );
  });

  test('may end their lines in any of three ways', () => {
    const expected = [
      { name: 'a', data: '1' },
      { name: '', data: '2' },
    ];
    for (const lineEnd of ['\n', '\r', '\r\n']) {
      expect(decodeText(['event: a', 'data: 1', '', 'data: 2', '', ''].join(lineEnd))).toEqual(expected);
    }
  });

  test.each<[string, SseEvent[]]>([
    ['data:x\n\n', [{ name: '', data: 'x' }]],
    ['data:  x\n\n', [{ name: '', data: ' x' }]],
    ['data: a\ndata:\ndata: b\n\n', [{ name: '', data: 'a\n\nb' }]],
    ['data\n\n', [{ name: '', data: '' }]],
    ['data\ndata\n\n', [{ name: '', data: '\n' }]],
    [': comment\nid: 7\nretry: 5\nunknown\ndata: x\n\n', [{ name: '', data: 'x' }]],
    ['event: ping\n\ndata: x\n\n', [{ name: '', data: 'x' }]],
    [
      'event: error\n\ndata: x\n\n',
      [
        { name: 'error', data: '' },
        { name: '', data: 'x' },
      ],
    ],
    ['event: a\nevent: b\ndata: x\n\n', [{ name: 'b', data: 'x' }]],
    ['event: a\nevent\ndata: x\n\n', [{ name: '', data: 'x' }]],
    ['database: x\nevents: y\n Data: z\n\n', []],
    ['\ufeffdata: x\n\n', [{ name: '', data: 'x' }]],
    ['\n\ufeffdata: x\n\n', []],
    ['data: [DONE]', [{ name: '', data: '[DONE]' }]],
    ['event: a\ndata: x\n', [{ name: 'a', data: 'x' }]],
    ['data: x\r\n\r', [{ name: '', data: 'x' }]],
    ['\ufeff', []],
    ['', []],
  ])('of %j', (text, events) => {
    expect(decodeText(text)).toEqual(events);
  });

  test.each<[string, string[]]>([
    ['data: x\nta: {"a"\nrest\n\n', ['ta: {"a"\nrest']],
    ['{\n  "error": 1\n}', ['{\n  "error": 1\n}']],
    [': "a", "b": 1}\n\n', [': "a", "b": 1}']],
    ['event: conta: {"a":1}\n\n', ['event: conta: {"a":1}']],
    [': comment {"a":\nid: 7\nid\nretry: 5\nretry\nevent: a\nevent\ndata\n\n', []],
  ])('hand over the lines that are no field and no comment: %j', (text, expected) => {
    const stray: string[] = [];
    const decoder = createSseDecoder(() => undefined, { onStray: (lines) => stray.push(lines) });
    decoder.push(stringToBytes(text));
    decoder.end();
    expect(stray).toEqual(expected);
  });

  test('keep the bytes of text that is cut in the middle of a character', () => {
    const bytes = stringToBytes(encodeText('data: 日本😀\n\n'));
    const chunks = [...bytes].map((byte) => new Uint8Array([byte]));
    expect(decode(chunks)).toEqual([{ name: '', data: encodeText('日本😀') }]);
  });

  test('come out as soon as their blank line is there', () => {
    const events: SseEvent[] = [];
    const decoder = createSseDecoder((event) => events.push(event));
    decoder.push(stringToBytes('data: x\r\n\r'));
    expect(events).toHaveLength(1);
    decoder.push(stringToBytes('\ndata: y\n\n'));
    expect(events.map(({ data }) => data)).toEqual(['x', 'y']);
  });

  test.each([
    ['a line that never ends', 'data: 123456789'],
    ['data over many lines', 'data: 1234\ndata: 5678\ndata: 9\n'],
    ['a long comment', `: ${'x'.repeat(20)}\n`],
  ])('are refused beyond the bound: %s', (_, text) => {
    expect(() => decode([stringToBytes(text)], { maxEventBytes: 10 })).toThrow(
      expect.objectContaining({ code: 'upstream-malformed' }),
    );
  });

  test('of 8 MiB in one line are decoded from 16 KiB chunks in linear time', () => {
    const chunk = stringToBytes('x'.repeat(16 * 1024));
    const [event] = decode([stringToBytes('data: '), ...Array.from({ length: 512 }, () => chunk)]);
    expect(event?.data).toHaveLength(8 * 1024 * 1024);
  });
});

test('a frame decodes to its name and data, whatever its text holds', () => {
  const data = writeJson({ text: 'line\r\n\nnext é😀\u2028' });
  const events: unknown[] = [];
  createSseDecoder((event) => events.push(event)).push(stringToBytes(sseFrame('content_block_delta', data)));
  expect(events).toEqual([{ name: 'content_block_delta', data }]);
  expect(data).toContain(encodeText('é😀'));
});
