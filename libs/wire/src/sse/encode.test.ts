import { expect, test } from 'vitest';
import { encodeText, stringToBytes } from '../bytes.ts';
import { writeJson } from '../json/write-json.ts';
import { createSseDecoder } from './decode.ts';
import { sseFrame } from './encode.ts';

test('a frame decodes to its name and data, whatever its text holds', () => {
  const data = writeJson({ text: 'line\r\n\nnext é😀\u2028' });
  const events: unknown[] = [];
  createSseDecoder((event) => events.push(event)).push(stringToBytes(sseFrame('content_block_delta', data)));
  expect(events).toEqual([{ name: 'content_block_delta', data }]);
  expect(data).toContain(encodeText('é😀'));
});
