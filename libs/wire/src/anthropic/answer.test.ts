import { expect, test } from 'vitest';
import { decodeByteString, encodeText } from '../bytes.ts';
import { errorEnvelope, errorFrame } from './answer.ts';

const error = { type: 'api_error', message: 'naïve "quotes"\n\\ and 日本😀 \ud83d' };

test('the messagesRequest is UTF-8 JSON, whatever the message holds', () => {
  const messagesRequest = errorEnvelope(error, 'req_1');
  expect(messagesRequest).toContain(encodeText('naïve \\"quotes\\"\\n'));
  expect(JSON.parse(decodeByteString(messagesRequest))).toEqual({ type: 'error', error, request_id: 'req_1' });
});

test('the messagesRequest has no request id when there is none', () => {
  expect(errorEnvelope({ type: 'api_error', message: 'm' })).toBe(
    '{"type":"error","error":{"type":"api_error","message":"m"}}',
  );
});

test('the frame is one event whose data is the messagesRequest on one line', () => {
  expect(errorFrame(error)).toBe(`event: error\ndata: ${errorEnvelope(error)}\n\n`);
  expect(errorFrame(error).match(/\n/g)).toHaveLength(3);
});
