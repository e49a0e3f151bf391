import { describe, expect, test } from 'vitest';
import { bytesOf, playStream, requestWithTools, translate } from './translate.ts';
import type { TestTarget } from './translate.ts';

const chat: TestTarget = { dialect: 'openai-chat', model: 'm', profile: 'compatible' };
const compatible: TestTarget = { dialect: 'anthropic', anthropicProfile: 'deepseek', model: 'm' };

const data = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const choice = (delta: unknown, rest: object = {}) => ({
  choices: [{ index: 0, delta, finish_reason: null, ...rest }],
});
const piece = { name: 'Bash', arguments: '/cache' };
const calls = (call: unknown) => choice({ tool_calls: call });

/** What may stand between the two halves of a command; each may hold a part of it. */
const chunks: readonly unknown[] = [
  calls({ index: 0, function: piece }),
  calls('/cache'),
  calls([null]),
  calls(['/cache']),
  calls([[{ index: 0, function: piece }]]),
  calls(5),
  calls([{ index: 0, function: '/cache' }]),
  calls([{ index: 0, function: [piece] }]),
  calls([{ index: 0, function: { parameters: '/cache' } }]),
  calls([{ index: 0, function: { input: '/cache' } }]),
  calls([{ index: 0, arguments: '/cache' }]),
  calls([{ index: 0, type: 'custom', custom: { input: '/cache' } }]),
  calls([{ index: 0, function: { arguments: 12 } }]),
  calls([{ index: 0, function: { arguments: ['/cache'] } }]),
  calls([{ index: 0, function: { arguments: true } }]),
  calls([{ index: 0, function: { name: { text: 'Bash' }, arguments: '/cache' } }]),
  choice({ function_call: '/cache' }),
  choice({ function_call: { arguments: ['/cache'] } }),
  choice({ tool_call: { function: piece } }),
  choice({ arguments: '/cache' }),
  choice('/cache'),
  choice(['/cache']),
  { choices: [null] },
  { choices: ['/cache'] },
  { choices: [[choice({ content: 'x' }).choices[0]]] },
  { choices: { 0: { delta: { content: 'x' } } } },
  { choices: [{ index: 0, text: '/cache' }] },
  { delta: { tool_calls: [{ index: 0, function: piece }] } },
  { choices: [], delta: { content: 'x' } },
  { content: 'x' },
  { result: { output: [{ text: 'x' }] } },
  { type: 'response.output_text.delta', delta: 'x' },
  { choices: [{ index: 0, tool_calls: [{ index: 0, function: piece }] }] },
  { choices: [{ index: 0, toolCalls: [{ index: 0, function: piece }] }] },
  { choices: [{ index: 0, function_call: piece }] },
  { choices: [{ index: 0, content: '/cache' }] },
  { choices: [{ index: 0, delta: {} }], tool_calls: [{ index: 0, function: piece }] },
  choice({ toolCalls: [{ index: 0, function: piece }] }),
  choice({ content: 'x', toolCalls: [{ index: 0, function: piece }] }),
  choice({ functionCall: piece }),
  choice({ content: 'x', function_calls: [piece] }),
];
/** What may stand between the halves of a text. */
const texts: readonly unknown[] = [
  choice({ content: ['not '] }),
  choice({ content: [null] }),
  choice({ content: 5 }),
  choice({ content: true }),
  choice({ content: [{ type: 'text', text: 5 }] }),
  choice({ content: [{ type: 'text', value: 'not ' }] }),
  choice({ content: [{ type: 'segment', content: 'not ' }] }),
  choice({ content: [{ type: 'thinking', thinking: 5 }] }),
  choice({ reasoning_content: 5 }),
  choice({ reasoning_content: ['not '] }),
  choice({ reasoning: { text: 'not ' } }),
  choice({ reasoning_details: { type: 'reasoning.text', text: 'not ' } }),
  choice({ reasoning_details: ['not '] }),
  choice({ refusal: { text: 'not ' } }),
  choice({ text: 'not ' }),
  choice({ message: 'not ' }),
];

describe('of chat completions', () => {
  const begun =
    data(choice({ content: 'This is ' })) +
    data(
      calls([{ index: 0, id: 'call_1', type: 'function', function: { name: 'Bash', arguments: '{"command":"ls' } }]),
    );
  const end =
    data(calls([{ index: 0, function: { arguments: '"}' } }])) + data(choice({}, { finish_reason: 'tool_calls' }));

  test.each([...chunks, ...texts])('a part of unknown form ends a stream as one error: %j', (unknown) => {
    expectOneError(chat, `${begun}${data(unknown)}${end}data: [DONE]\n\n`);
  });

  test.each([
    { choices: [] },
    { choices: null, id: 'x', system_fingerprint: '' },
    {
      choices: [],
      prompt_filter_results: [{ prompt_index: 0, content_filter_results: { hate: { filtered: false } } }],
    },
    { type: 'heartbeat', data: 'still here' },
    choice({ tool_calls: null, function_call: null, content: null, reasoning_content: null, refusal: null }),
    choice({ tool_calls: {}, function_call: {}, content: [], reasoning_details: [], refusal: '' }),
    choice({ content: [{ type: 'reference', reference_ids: [1] }] }),
    calls([{ index: 0, function: {} }]),
    calls([{ index: 0, function: null }]),
    calls([{ index: 0, function: { name: null, arguments: null } }]),
    { choices: [{ index: 0, delta: null }] },
    { choices: [{ index: 0, text: '', logprobs: { content: [{ token: 'x' }] } }] },
  ])('what holds nothing changes nothing: %j', (nothing) => {
    expectCall(chat, `${begun}${data(nothing)}${end}data: [DONE]\n\n`);
  });

  test.each([
    choice({ error: { message: 'boom' } }),
    choice({ content: '', error: 'boom' }),
    { choices: [{ index: 0, message: { role: 'assistant', error: { code: 500 } } }] },
  ])('an error in the place of a piece ends a stream: %j', (failure) => {
    const stream = `${begun}${data(failure)}${end}data: [DONE]\n\n`;
    expect(playStream(translate(requestWithTools, chat), [bytesOf(stream)]).progress.state).toBe('failed');
  });

  test.each([
    {
      choices: [{ message: { content: 'x' }, tool_calls: [{ id: 'a', function: piece }], finish_reason: 'tool_calls' }],
    },
    {
      choices: [{ message: { content: 'x' }, finish_reason: 'tool_calls' }],
      tool_calls: [{ id: 'a', function: piece }],
    },
    {
      choices: [{ message: { content: 'x', toolCalls: [{ id: 'a', function: piece }] }, finish_reason: 'tool_calls' }],
    },
    { choices: [{ message: { content: 'x' }, function_call: piece, finish_reason: 'function_call' }] },
  ])('calls beside the message of a document are no success: %j', (document) => {
    expect(translate(requestWithTools, chat).reader.answer(bytesOf(JSON.stringify(document))).kind).toBe('failure');
  });

  const answer = (message: unknown) => JSON.stringify({ choices: [{ message, finish_reason: 'stop' }] });
  test.each([
    { content: 'x', tool_calls: { function: piece } },
    { content: 'x', tool_calls: [null] },
    { content: 'x', tool_calls: [{ id: 'a' }] },
    { content: 'x', tool_calls: [{ id: 'a', function: 'Bash' }] },
    { content: 'x', tool_calls: [{ id: 'a', function: { arguments: '{}' } }] },
    { content: 'x', tool_calls: [{ id: 'a', function: { name: '', arguments: '{}' } }] },
    { content: 'x', tool_calls: [{ id: 'a', function: { name: 'Bash', arguments: 5 } }] },
    { content: 'x', tool_calls: [{ id: 'a', function: { name: 'Bash', arguments: ['ls'] } }] },
    { content: 'x', function_call: { arguments: '{}' } },
    { content: ['x'] },
    'x',
  ])('a part of unknown form is no success where a document was asked for: %j', (message) => {
    expect(translate(requestWithTools, chat).reader.answer(bytesOf(answer(message))).kind).toBe('failure');
  });
});

describe('of an Anthropic-compatible server', () => {
  const event = (type: string, rest: object) => `event: ${type}\n${data({ type, ...rest })}`;
  const delta = (value: unknown, index = 1) => event('content_block_delta', { index, delta: value });
  const begun =
    event('message_start', { message: { id: 'm', type: 'message', role: 'assistant', content: [], usage: {} } }) +
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) +
    delta({ type: 'text_delta', text: 'This is ' }, 0) +
    event('content_block_stop', { index: 0 }) +
    event('content_block_start', { index: 1, content_block: { type: 'tool_use', id: 'a', name: 'Bash', input: {} } }) +
    delta({ type: 'input_json_delta', partial_json: '{"command":"ls' });
  const end =
    delta({ type: 'input_json_delta', partial_json: '"}' }) +
    event('content_block_stop', { index: 1 }) +
    event('message_delta', { delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 3 } }) +
    event('message_stop', {});

  test.each([
    delta(null),
    delta('/cache'),
    delta([{ type: 'input_json_delta', partial_json: '/cache' }]),
    delta({ partial_json: '/cache' }),
    delta({ type: 'input_json', partial_json: '/cache' }),
    delta({ type: 'Input_Json_Delta', partial_json: '/cache' }),
    delta({ type: 'input_json_delta', partial_json: { more: '/cache' } }),
    delta({ type: 'input_json_delta', partial_json: 12 }),
    delta({ type: 'input_json_delta', text: '/cache' }),
    delta({ type: 'text_delta', text: ['not '] }),
    delta({ type: 'thinking_delta', thinking: 5 }),
    delta({ type: 'text_delta', text: 'not ' }, 7),
    `event: content_block_delta\n${data({ index: 1, delta: { type: 'input_json_delta', partial_json: '/cache' } })}`,
    event('content_delta', { index: 1, delta: { type: 'input_json_delta', partial_json: '/cache' } }),
    event('content_block_start', { index: 2, content_block: null }),
    event('content_block_start', { index: 2, content_block: 'not ' }),
    event('content_block_start', { index: 2, content_block: { type: 'text', text: ['not '] } }),
    event('content_block_start', { index: 2, content_block: { type: 'txt', text: 'not ' } }),
    event('content_block_start', { index: 2, content_block: { text: 'not ' } }),
    event('message_start', { message: { content: [{ type: 'text', text: 'not ' }] } }),
    'event: content_block_delta\n\n',
    'event: content_block_delta\ndata:\n\n',
    `event: content_block_delta\n${data({ type: 'ping' })}`,
    `event: content_block_delta\n${data({})}`,
    `event: content_block_start\n${data({ type: 'keepalive' })}`,
    event('content_block_stop', { index: 1, content_block: '/cache' }),
    event('content_block_stop', { index: 1, delta: { partial_json: '/cache' } }),
  ])('a part of unknown form ends a stream as one error: %s', (unknown) => {
    expectOneError(compatible, begun + unknown + end);
  });

  test.each([
    event('ping', {}),
    event('status', { state: 'working' }),
    delta({ type: 'input_json_delta', partial_json: '' }),
    delta({ type: 'signature_delta', signature: null }),
    delta({ type: 'text_delta', text: null }),
    delta({ type: 'citations_delta', citation: { cited_text: 'x' } }),
  ])('what holds nothing changes nothing: %s', (nothing) => {
    expectCall(compatible, begun + nothing + end);
  });

  const answer = (content: unknown) =>
    JSON.stringify({ type: 'message', role: 'assistant', content, stop_reason: 'end_turn' });
  const kind = (content: unknown) =>
    translate(requestWithTools, compatible).reader.answer(bytesOf(answer(content))).kind;
  const text = { type: 'text', text: 'x' };
  test.each([
    [[text, null]],
    [[text, 'y']],
    [[text, { type: 'segment', text: 'y' }]],
    [[text, { type: 'tool_use', id: 'a', name: 'Bash', input: 'ls' }]],
    [[text, { type: 'tool_use', id: 'a', name: 'Bash', input: ['ls'] }]],
    [{ 0: text }],
  ])('a part of unknown form is no success where a document was asked for: %j', (content) => {
    expect(kind(content)).toBe('failure');
  });

  test('a message whose content is a text is that text', () => {
    expect(kind('hello')).toBe('message');
  });
});

describe('a line of Ollama', () => {
  const ollama: TestTarget = { dialect: 'ollama', model: 'm' };
  const line = (message: unknown, more: object = {}) => `${JSON.stringify({ message, done: false, ...more })}\n`;
  const named = { name: 'Bash', arguments: { command: 'ls' } };
  const called = line({ content: 'I look.', tool_calls: [{ id: 'call_1', function: named }] });
  const end = line({ content: '' }, { done: true, done_reason: 'stop' });

  test.each([
    '/cache',
    ['/cache'],
    { content: ['/cache'] },
    { content: { text: '/cache' } },
    { content: '', thinking: ['Hm'] },
    { content: '', text: '/cache' },
    { content: '', tool_calls: { function: named } },
    { content: '', tool_calls: [named] },
    { content: '', tool_calls: [null] },
    { content: '', tool_calls: [{ function: { arguments: {} } }] },
    { content: '', tool_calls: [{ function: { ...named, arguments: ['ls'] } }] },
    { content: '', tool_calls: [{ function: { name: 'Bash', parameters: { command: 'ls' } } }] },
  ])('whose message has an unknown form ends the answer as one error: %j', (message) => {
    expectOneError(ollama, called + line(message) + end);
  });

  test.each([
    { response: '/cache' },
    { content: '/cache' },
    { tool_calls: [{ function: named }] },
    { choices: [{ delta: { content: '/cache' } }] },
  ])('that holds a part of the answer beside its message ends it as one error: %j', (more) => {
    expectOneError(ollama, called + line({ content: '' }, more) + end);
    expectOneError(ollama, `${called}${JSON.stringify({ done: true, ...more })}\n`);
  });

  test.each([{ role: 'assistant', content: null, tool_calls: null }, { content: '', thinking: '' }, {}])(
    'that holds nothing changes nothing: %j',
    (message) => {
      expectCall(ollama, called + line(message) + end);
    },
  );
});

describe('a chunk of Gemini', () => {
  const gemini: TestTarget = { dialect: 'gemini', model: 'm' };
  const chunk = (part: unknown, more: object = {}) =>
    `data: ${JSON.stringify({ candidates: [{ content: { role: 'model', parts: [part] }, index: 0, ...more }] })}\n\n`;
  const named = { name: 'Bash', args: { command: 'ls' } };
  const called = chunk({ text: 'I look.' }) + chunk({ functionCall: named });
  const end = chunk({ text: '' }, { finishReason: 'STOP' });

  test.each([
    '/cache',
    ['/cache'],
    { text: ['/cache'] },
    { text: { text: '/cache' } },
    { content: '/cache' },
    { functionCall: 'Bash' },
    { functionCall: [named] },
    { functionCall: { args: {} } },
    { functionCall: { name: '', args: { command: 'ls' } } },
    { functionCall: { ...named, args: ['ls'] } },
    { functionCall: { name: 'Bash', parameters: { command: 'ls' } } },
    { functionCall: { name: 'Bash', willContinue: true } },
    { functionCall: { name: 'Bash', partialArgs: [{ jsonPath: '$.command', stringValue: 'ls' }] } },
    { toolUse: { name: 'Bash', input: { command: 'ls' } } },
  ])('whose part has an unknown form ends the answer as one error: %j', (part) => {
    expectOneError(gemini, called + chunk(part) + end);
  });

  test.each([
    { candidates: { content: { parts: [{ text: '/cache' }] } } },
    { candidates: [{ content: '/cache' }] },
    { candidates: [{ content: { parts: { text: '/cache' } } }] },
    { candidates: [{ message: { content: '/cache' } }] },
    { choices: [{ delta: { content: '/cache' } }] },
  ])('of an unknown form ends the answer as one error: %j', (body) => {
    expectOneError(gemini, `${called}data: ${JSON.stringify(body)}\n\n${end}`);
  });

  test.each([{ text: null, thoughtSignature: null }, { thoughtSignature: 'c2ln' }, {}, { partMetadata: { a: 'b' } }])(
    'that holds nothing changes nothing: %j',
    (part) => {
      expectCall(gemini, called + chunk(part) + end);
    },
  );
});

function expectOneError(target: TestTarget, stream: string): void {
  const { text, progress } = playStream(translate(requestWithTools, target), [bytesOf(stream)]);
  expect(progress).toMatchObject({ state: 'failed', error: { code: 'upstream-malformed' } });
  expect(text.match(/^event: error$/gmu)).toHaveLength(1);
  expect(text).not.toMatch(/"stop_reason":"|"type":"message_stop"/u);
}

function expectCall(target: TestTarget, stream: string): void {
  const { text, progress } = playStream(translate(requestWithTools, target), [bytesOf(stream)]);
  expect(progress.error).toBeUndefined();
  expect(progress.state).toBe('complete');
  expect(text).toContain('"stop_reason":"tool_use"');
}
