import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chunkings, streamTexts } from '../../test/arbitrary-stream.ts';
import { bytesToString, stringToBytes } from '../bytes.ts';
import { createFrameSplitter } from './frame-splitter.ts';
import { createSseDecoder } from './sse.ts';
import type { SseEvent } from './sse.ts';

function split(chunks: readonly Uint8Array[]): { frames: Uint8Array[]; tail: Uint8Array } {
  const frames: Uint8Array[] = [];
  const splitter = createFrameSplitter((bytes) => frames.push(bytes));
  for (const chunk of chunks) splitter.push(chunk);
  return { frames, tail: splitter.end() };
}

/** The events that are whole: nothing is flushed. */
function wholeEvents(bytes: Uint8Array): SseEvent[] {
  const events: SseEvent[] = [];
  createSseDecoder((event) => events.push(event)).push(bytes);
  return events;
}

describe('the frame splitter', () => {
  test('gives back every byte in order, in any chunking', () => {
    fc.assert(
      fc.property(streamTexts.chain(chunkings), ({ whole, chunks }) => {
        const { frames, tail } = split(chunks);
        expect([...frames, tail].map(bytesToString).join('')).toBe(bytesToString(whole));
      }),
      { numRuns: 1000 },
    );
  });

  test('cuts only where no event is open, and holds back no whole event', () => {
    fc.assert(
      fc.property(streamTexts.chain(chunkings), ({ whole, chunks }) => {
        const { frames, tail } = split(chunks);
        expect(frames.flatMap(wholeEvents)).toEqual(wholeEvents(whole));
        expect(wholeEvents(tail)).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  test('leaves the events alone when another one is put in at every cut', () => {
    const ping = stringToBytes('event: ping\ndata: {}\n\n');
    fc.assert(
      fc.property(streamTexts.chain(chunkings), ({ whole, chunks }) => {
        const { frames } = split(chunks);
        const events = wholeEvents(Buffer.concat(frames.flatMap((bytes) => [bytes, ping])));
        expect(events.filter(({ name }) => name !== 'ping')).toEqual(wholeEvents(whole));
      }),
      { numRuns: 500 },
    );
  });

  test('passes a chunk that ends on a border on as it is, without a copy', () => {
    const chunk = stringToBytes('data: 1\n\ndata: 2\n\n');
    expect(split([chunk]).frames[0]).toBe(chunk);
  });

  test('emits what is whole and holds the rest until its border comes', () => {
    const chunks = ['data: 1\n\nda', 'ta: 2', '\n', '\ndata: 3\r\n\r', '\ndata: 4\n'];
    const { frames, tail } = split(chunks.map(stringToBytes));
    expect(frames.map(bytesToString)).toEqual(['data: 1\n\n', 'data: 2\n\ndata: 3\r\n\r', '\n']);
    expect(bytesToString(tail)).toBe('data: 4\n');
  });

  test('refuses an event that never ends', () => {
    const splitter = createFrameSplitter(() => {}, { maxEventBytes: 10 });
    splitter.push(stringToBytes('data: 1\n\n0123456789'));
    expect(() => splitter.push(stringToBytes('x'))).toThrow(expect.objectContaining({ code: 'upstream-malformed' }));
  });
});
