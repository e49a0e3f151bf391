import { describe, expect, test } from 'vitest';
import { parseStream } from './sse-grammar.ts';

const usage = { input_tokens: 1, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 };
const start = frame('message_start', {
  message: { id: 'm', type: 'message', role: 'assistant', model: 'x', content: [], stop_reason: null, usage },
});
const open = (index: number, block: object) => frame('content_block_start', { index, content_block: block });
const textBlock = { type: 'text', text: '' };
const toolBlock = { type: 'tool_use', id: 't', name: 'Bash', input: {} };
const textDelta = (index: number) => frame('content_block_delta', { index, delta: { type: 'text_delta', text: 'Hi' } });
const inputDelta = (json: string) =>
  frame('content_block_delta', { index: 0, delta: { type: 'input_json_delta', partial_json: json } });
const stop = (index: number) => frame('content_block_stop', { index });
const end = (reason: string) =>
  frame('message_delta', { delta: { stop_reason: reason }, usage }) + frame('message_stop', {});

test('a stream by the grammar is taken apart', () => {
  const {
    end: ending,
    content,
    stopReason,
  } = parseStream(
    start + frame('ping', {}) + open(0, textBlock) + textDelta(0) + textDelta(0) + stop(0) + end('end_turn'),
  );
  expect({ ending, content, stopReason }).toEqual({
    ending: 'message',
    content: [{ type: 'text', text: 'HiHi' }],
    stopReason: 'end_turn',
  });
});

describe('the checker refuses', () => {
  test.each([
    ['a second start', start + start],
    ['overlapping blocks', start + open(0, textBlock) + open(1, textBlock)],
    ['an index gap', start + open(1, textBlock)],
    ['a delta of another block', start + open(0, textBlock) + textDelta(1)],
    ['a delta of another kind', start + open(0, toolBlock) + textDelta(0)],
    ['an unclosed block', start + open(0, textBlock) + textDelta(0) + end('end_turn')],
    ['cut tool input', start + open(0, toolBlock) + inputDelta('{"a":') + stop(0) + end('tool_use')],
    ['a call that ends the turn', start + open(0, toolBlock) + inputDelta('{}') + stop(0) + end('end_turn')],
    ['tool_use without a call', start + open(0, textBlock) + textDelta(0) + stop(0) + end('tool_use')],
    ['thinking without signature', start + open(0, { type: 'thinking', thinking: '', signature: '' }) + stop(0)],
    ['no usage', start + frame('message_delta', { delta: { stop_reason: 'end_turn' } })],
    [
      'no stop',
      start +
        open(0, textBlock) +
        textDelta(0) +
        stop(0) +
        frame('message_delta', { delta: { stop_reason: 'end_turn' }, usage }),
    ],
    ['more after the end', start + open(0, textBlock) + textDelta(0) + stop(0) + end('end_turn') + frame('ping', {})],
    ['an empty answer', start + end('end_turn')],
    ['an unfinished frame', start.slice(0, -1)],
  ])('%s', (_what, stream) => {
    expect(() => parseStream(stream)).toThrow();
  });
});

function frame(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify({ type: name, ...data })}\n\n`;
}
