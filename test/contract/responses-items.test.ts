import { describe, expect, test } from 'vitest';
import { parseStream } from './sse-grammar.ts';
import { bytesOf, playStream, requestWithTools, translate } from './translate.ts';
import type { TestTarget } from './translate.ts';

const target: TestTarget = { dialect: 'openai-responses', model: 'm' };
const event = (type: string, rest: object) =>
  `event: response.${type}\ndata: ${JSON.stringify({ type: `response.${type}`, ...rest })}\n\n`;
const ls = '{"command":"ls"}';
const call = (more: object = {}) => ({ type: 'function_call', id: 'f1', call_id: 'c1', name: 'Bash', ...more });
const added = (more: object = {}, index = 0) =>
  event('output_item.added', { output_index: index, item: call({ arguments: '', ...more }) });
const input = (delta: string, index = 0, id = 'f1') =>
  event('function_call_arguments.delta', { item_id: id, output_index: index, delta });
const done = (more: object = {}, index = 0) =>
  event('output_item.done', { output_index: index, item: call({ arguments: ls, ...more }) });
const message = event('output_item.added', { output_index: 0, item: { type: 'message', id: 'm1', content: [] } });
const at = { item_id: 'm1', output_index: 0, content_index: 0 };
const text = (delta: string) => event('output_text.delta', { ...at, delta });
const whole = (output: unknown = [], more: object = {}) =>
  event('completed', { response: { status: 'completed', output, ...more } });

/** The blocks that a client gets, or the word error. */
function told(...events: readonly string[]): readonly string[] {
  const { text: written, progress } = playStream(translate(requestWithTools, target), [bytesOf(events.join(''))]);
  if (progress.state !== 'complete') {
    expect(written).not.toMatch(/"stop_reason":"|"type":"message_stop"/u);
    return ['error'];
  }
  return parseStream(written).content.map((block) => {
    if (block.type === 'tool_use') return `${block.name} ${block.id} ${block.inputJson}`;
    return block.type === 'text' ? block.text : block.type;
  });
}

const one = [`Bash c1 ${ls}`];
const two = [`Bash c1 ${ls}`, 'Bash c2 {"command":"pwd"}'];
const second = { id: 'f2', call_id: 'c2', arguments: '{"command":"pwd"}' };

describe('a call of the Responses API', () => {
  test.each<readonly [string, readonly string[], readonly string[]]>([
    ['begins twice', [added(), added(), input(ls), whole([call({ arguments: ls })])], one],
    ['begins twice, and the answer has no items', [added(), added(), input(ls), whole()], one],
    ['begins in the middle of it', [added(), input('{"comma'), added(), input('nd":"ls"}'), whole()], one],
    ['begins again after its end', [added(), input(ls), done(), added(), whole()], one],
    ['begins again with its arguments', [added(), input(ls), added({ arguments: ls }), done(), whole()], one],
    ['begins again with another id', [added(), added({ id: 'f9' }), input(ls), done(), whole()], one],
    ['ends twice', [added(), input(ls), done(), done(), whole([call({ arguments: ls })])], one],
    ['ends twice, without a beginning', [done(), done(), whole([call({ arguments: ls })])], one],
    ['has a name in its end alone', [added({ name: '' }), input(ls), done(), whole()], one],
    ['has another name at its end', [added(), input(ls), done({ name: 'bash' }), whole()], ['error']],
    ['has another name in the answer', [added(), input(ls), whole([call({ name: 'Read', arguments: ls })])], ['error']],
    ['has a name in two pieces', [added({ name: 'Ba' }), input(ls), done(), whole()], ['error']],
    ['is not whole, in an answer that is', [added(), input(ls), done({ status: 'incomplete' }), whole()], ['error']],
    [
      'is not whole, as the answer says',
      [added(), input(ls), whole([call({ arguments: ls, status: 'incomplete' })])],
      ['error'],
    ],
    ['is not alone', [added(), input(ls), done(), added(second, 1), done(second, 1), whole()], two],
    [
      'shares its id',
      [added(), input(ls), done(), added({ ...second, id: 'f1' }, 0), done({ ...second, id: 'f1' }, 0), whole()],
      two,
    ],
    [
      'is told in another order',
      [added(), input(ls), added(second, 1), whole([call(second), call({ arguments: ls })])],
      two,
    ],
    ['is missing in the answer', [added(), input(ls), added(second, 1), done(second, 1), whole([call(second)])], two],
    ['is in the answer alone', [added(), input(ls), whole([call({ arguments: ls }), call(second)])], two],
  ])('that %s is the call that the model made, or an error', (_what, events, expected) => {
    expect(told(...events)).toEqual(expected);
  });
});

const cut = [added(), input('{"command":"rm -rf build')];
const close = [input('"}'), whole()];
const piece = { item_id: 'f1', output_index: 0 };

describe('an event of the Responses API', () => {
  test.each([
    event('function_call.arguments.delta', { ...piece, delta: '/cache' }),
    event('function_call_argument.delta', { ...piece, delta: '/cache' }),
    event('custom_tool_call_input.delta', { ...piece, delta: '/cache' }),
    event('mcp_call_arguments.delta', { ...piece, delta: '/cache' }),
    event('tool_call.delta', { ...piece, arguments: '/cache' }),
    event('function_call_arguments.delta', { ...piece, arguments: '/cache' }),
    event('function_call_arguments.delta', { ...piece, partial_json: '/cache', delta: '' }).replace(
      '"delta":""',
      '"x":0',
    ),
    event('function_call_arguments.delta', { ...piece, delta: null }),
    event('function_call_arguments.delta', piece),
    event('text.delta', { delta: 'not ' }),
    event('output_text.delta', { ...at, text: 'not ' }),
    event('output_audio.transcript.delta', { delta: 'not ' }),
  ])('that may hold a piece and cannot be read is no success: %s', (unknown) => {
    expect(told(...cut, unknown, ...close)).toEqual(['error']);
  });

  test('without a piece is no fault where the call is told once more', () => {
    const nothing = event('function_call_arguments.delta', { ...piece, delta: null });
    expect(told(added(), nothing, input(ls), done(), whole())).toEqual(one);
    expect(told(added(), nothing, input(ls), whole([call({ arguments: ls })]))).toEqual(one);
  });

  test.each([
    event('created', { response: { status: 'in_progress', text: { format: { type: 'text' } }, instructions: 'x' } }),
    event('in_progress', { response: { reasoning: { effort: 'low' }, output: [] } }),
    event('queued', { response: { text: { format: { type: 'text' } } } }),
    event('content_part.added', { ...piece, part: { type: 'output_text', text: '', annotations: [] } }),
    event('content_part.done', { ...piece, part: null }),
    event('web_search_call.searching', { item_id: 'w', output_index: 3 }),
    event('function_call_arguments.delta', { ...piece, delta: '' }),
    event('image_generation_call.partial_image', { partial_image_b64: 'AAAA' }),
    `event: keepalive\ndata: {"type":"keepalive","sequence_number":3}\n\n`,
  ])('that holds no piece changes nothing: %s', (nothing) => {
    expect(told(added(), input('{"command":'), nothing, input('"ls"}'), whole())).toEqual(one);
  });

  test.each<readonly [string, readonly string[], string]>([
    [
      'a part that begins with text',
      [event('content_part.added', { ...at, part: { type: 'output_text', text: 'not ' } })],
      'error',
    ],
    [
      'a part that ends with other text',
      [event('content_part.done', { ...at, part: { type: 'output_text', text: 'It was not ' } })],
      'error',
    ],
  ])('with %s in the middle of a text is no success', (_what, events, expected) => {
    expect(told(message, text('It is '), ...events, text('safe'), whole())).toEqual([expected]);
  });

  test('of a part that ends has the rest of its text', () => {
    const ended = event('content_part.done', { ...at, part: { type: 'output_text', text: 'It is safe' } });
    expect(told(message, text('It is '), ended, whole())).toEqual(['It is safe']);
    const begins = event('content_part.added', { ...at, part: { type: 'output_text', text: 'It ' } });
    expect(told(message, begins, text('is safe'), whole())).toEqual(['It is safe']);
  });
});

describe('the content of a whole message', () => {
  const said = (content: unknown) => [{ type: 'message', id: 'm1', role: 'assistant', content }];
  const contents: readonly unknown[] = [
    'It is safe',
    { type: 'output_text', text: 'It is safe' },
    [{ text: 'It is safe' }],
  ];

  test.each(contents)('is a text, a part or a list of parts: %j', (content) => {
    expect(told(message, text('It is '), whole(said(content)))).toEqual(['It is safe']);
    expect(told(whole(said(content)))).toEqual(['It is safe']);
  });

  test.each([...said(['It is safe']), 'It is safe', ['It']])('that cannot be read is no success: %j', (value) => {
    expect(told(message, text('It is '), whole([value]))).toEqual(['error']);
  });

  test('of a message that contradicts its pieces is no success', () => {
    expect(told(message, text('It is safe'), whole(said('It is not safe')))).toEqual(['error']);
  });
});
