import { expect, test } from 'vitest';
import { createStreamCheck } from './stream-check.ts';
import type { StreamVerdict } from './stream-check.ts';

const start = { type: 'message_start', message: { model: 'm' } };
const blockStart = (index: number) => ({
  type: 'content_block_start',
  index,
  content_block: { type: 'text', text: '' },
});
const delta = (index: number) => ({ type: 'content_block_delta', index, delta: { type: 'text_delta', text: 'OK' } });
const blockStop = (index: number) => ({ type: 'content_block_stop', index });
const messageDelta = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } };
const stop = { type: 'message_stop' };
const ping = { type: 'ping' };
const whole = [start, ping, blockStart(0), delta(0), blockStop(0), blockStart(1), blockStop(1), messageDelta, stop];

function judge(events: readonly { readonly type: string }[]): StreamVerdict {
  const check = createStreamCheck();
  for (const event of events) check.take(event.type, event);
  return check.end();
}

test('a stream from message_start to message_stop is whole, with pings and events that are new', () => {
  const verdict = { kind: 'whole', model: 'm', outputTokens: 3, stopReason: 'end_turn' };
  expect(judge(whole)).toEqual(verdict);
  expect(judge([...whole.slice(0, 4), { type: 'from_the_future' }, ...whole.slice(4)])).toEqual(verdict);
});

test('a stream is broken by whatever is missing of it', () => {
  const needed = whole.filter((event) => event !== ping);
  for (const [at, missing] of needed.entries()) {
    // An empty delta is no loss that the grammar shows.
    if (missing.type === 'content_block_delta') continue;
    expect(judge(needed.filter((_, index) => index !== at))).toMatchObject({ kind: 'broken' });
  }
});

test('a stream that ends early says after what', () => {
  const message = 'The stream ended after content_block_delta, without message_stop.';
  expect(judge(whole.slice(0, 4))).toEqual({ kind: 'broken', message });
  expect(judge([])).toEqual({ kind: 'broken', message: 'The stream ended after nothing, without message_stop.' });
});

test('an error in the stream is told in its own words', () => {
  const error = { type: 'error', error: { type: 'overloaded_error', message: 'The provider is overloaded.' } };
  expect(judge([start, error, stop])).toEqual({ kind: 'failed', message: 'The provider is overloaded.' });
});
