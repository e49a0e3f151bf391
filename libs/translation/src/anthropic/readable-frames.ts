import { createSseDecoder, isUtf8Bytes } from '@ccg/wire';
import { isHole } from '../encoder/event-data.ts';

/** Most frames by far. Where there are many of them, one pattern is much faster than parsing each. */
const deltaFrame =
  /event: ?content_block_delta\r?\ndata: ?\{"type":"content_block_delta","index":\d+,"delta":\{"type":"(?:text_delta","text|thinking_delta","thinking|input_json_delta","partial_json)":"[ !#-[\]-\u00ff]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[ !#-[\]-\u00ff]*)*" *\} *\} *\r?\n\r?\n/y;

/**
 * How many bytes from the start of the frames are whole. A client ignores an event that it cannot read, and with it a part
 * of the answer.
 */
export function readableLength(frames: Uint8Array, text: string): number {
  const areUtf8 = isUtf8Bytes(frames);
  let at = 0;
  while (at < text.length) {
    deltaFrame.lastIndex = at;
    if (areUtf8 && deltaFrame.test(text)) at = deltaFrame.lastIndex;
    else {
      const end = at + frameLength(text, at);
      if (hasHole(frames.subarray(at, end))) return at;
      at = end;
    }
  }
  return at;
}

/** Each with the blank line that ends it; the last may lack one. */
export function splitFrames(frames: string): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < frames.length;) {
    const length = frameLength(frames, at);
    found.push(frames.slice(at, at + length));
    at += length;
  }
  return found;
}

const blankLine = /(?:\r\n|\n|\r(?!\n)){2}/gu;

function frameLength(frames: string, at: number): number {
  blankLine.lastIndex = at + 1;
  return (blankLine.test(frames) ? blankLine.lastIndex : frames.length) - at;
}

function hasHole(frame: Uint8Array): boolean {
  let found = !isUtf8Bytes(frame);
  const decoder = createSseDecoder(
    (event) => {
      found ||= isHole(event);
    },
    {
      onStray: (data) => {
        found ||= isHole({ name: '', data });
      },
    },
  );
  decoder.push(frame);
  decoder.end();
  return found;
}
