import { expect, test } from 'vitest';
import { decodeByteString, encodeText } from '../bytes.ts';
import { errorEnvelope, errorFrame } from './answer.ts';

const error = { type: 'api_error', message: 'naïve "quotes"\n\\ and 日本😀 \ud83d' };

test('the envelope is UTF-8 JSON, whatever the message holds', () => {
  const envelope = errorEnvelope(error, 'req_1');
  expect(envelope).toContain(encodeText('naïve \\"quotes\\"\\n'));
  expect(JSON.parse(decodeByteString(envelope))).toEqual({ type: 'error', error, request_id: 'req_1' });
});

test('the envelope has no request id when there is none', () => {
  expect(errorEnvelope({ type: 'api_error', message: 'm' })).toBe(
    '{"type":"error","error":{"type":"api_error","message":"m"}}',
  );
});

test('the frame is one event whose data is the envelope on one line', () => {
  expect(errorFrame(error)).toBe(`event: error\ndata: ${errorEnvelope(error)}\n\n`);
  expect(errorFrame(error).match(/\n/g)).toHaveLength(3);
});
