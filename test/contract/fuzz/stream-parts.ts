import {
  anthropicFrames,
  callTool,
  collectFrames,
  geminiFrames,
  ollamaLines,
  openAiResponsesFrames,
  say,
} from '@ccg/testkit';
import type { ModelTurn } from '@ccg/testkit';
import fc from 'fast-check';
import { chatAnswers } from '../arbitrary-answer.ts';
import { fixtureCases } from '../fixture-cases.ts';
import type { TestDialect } from '../translate.ts';
import type { StreamEvent, StreamParts } from './mutated-stream.ts';

/** The fixtures of a dialect and some made-up answers, as material for mutation. */
export function streamParts(dialect: TestDialect): StreamParts {
  const recorded = fixtureCases(dialect).flatMap((fixture) => fixture.read('stream.in.txt') ?? []);
  const read = dialect === 'ollama' ? readLines : readEvents;
  const streams = [...recorded, ...madeUp(dialect)].map((text) => read(`${text}\n\n`));
  return {
    streams: streams.filter((events) => events.length > 0 && events.length < 80),
    ...oddities[dialect],
  };
}

function madeUp(dialect: TestDialect): readonly string[] {
  if (dialect === 'openai-chat') return fc.sample(chatAnswers, { numRuns: 40, seed: 1 }).map(({ stream }) => stream);
  const call = (id: string) => callTool(id, 'Bash', { command: 'echo "é"', timeout: 5 });
  return [
    [say('Grüße, 世界 😀')],
    [call('toolu_1'), call('toolu_2')],
    [say('I look.'), call('toolu_1'), say('And then?')],
  ].map((content) => {
    return writers[dialect]({ content }, 'claude-opus-5-5').join('');
  });
}

const writers = {
  anthropic: anthropicFrames,
  'openai-responses': (turn: ModelTurn, model: string) =>
    openAiResponsesFrames(turn, { model, reasoning: { summary: 'Hm, so.', encrypted: 'enc' } }),
  ollama: ollamaLines,
  gemini: geminiFrames,
};

function readLines(text: string): StreamEvent[] {
  return text.split('\n').flatMap((data) => (data === '' ? [] : [{ name: '', data }]));
}

function readEvents(text: string): StreamEvent[] {
  return collectFrames(text).map(({ event, data }) => ({ name: event, data }));
}

const overload = { type: 'error', error: { type: 'overloaded_error', message: 'Busy' } };
const commonEvents: readonly StreamEvent[] = [
  { name: '', data: '[DONE]' },
  { name: 'data', data: '[DONE]' },
  { name: '', data: '' },
  { name: '', data: 'null' },
  { name: '', data: 'keep-alive' },
  { name: '', data: '<html><body>502 Bad Gateway</body></html>' },
  { name: '', data: '{"choices":[{"delta":{"content":"cut' },
  { name: 'error', data: 'the backend died' },
  { name: 'error', data: JSON.stringify(overload) },
  { name: '', data: JSON.stringify(overload) },
  { name: 'ping', data: '{"type":"ping"}' },
];

const chunk = (choice: object, more: object = {}) => ({
  name: '',
  data: JSON.stringify({ choices: [{ index: 0, ...choice }], ...more }),
});

const chatOddities = {
  strayEvents: [
    ...commonEvents,
    { name: '', data: '{"error":{"message":"CUDA out of memory","code":500}}' },
    { name: '', data: '{"error":"upstream died"}' },
    { name: '', data: '{"object":"error","message":"no","type":"BadRequestError","code":400}' },
    { name: '', data: '{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}}' },
    { name: '', data: '{"choices":[{"index":1,"delta":{"content":"other"},"finish_reason":"stop"}]}' },
    chunk({ delta: null, finish_reason: 'stop' }),
    chunk({ delta: { content: 'and <tool_call>{"name":"Bash","arguments":{"command":"ls"}}' } }),
    chunk({ delta: { content: '</tool_call> <function=Read><parameter=timeout>1</parameter></function>' } }),
    chunk({ delta: { content: '[TOOL_CALLS][{"name":"Bash","arguments":{}}]' } }),
    chunk({ delta: { content: '<' } }),
    chunk({ delta: {}, finish_reason: 'length' }),
    chunk({ delta: {}, finish_reason: 'error', error: { code: 502, message: 'Provider returned error' } }),
    chunk({ delta: { tool_calls: null, content: null }, finish_reason: '' }),
    chunk({ delta: { tool_calls: [{ index: 0, function: { name: 'Read', arguments: { path: 'a' } } }] } }),
    chunk({ delta: { tool_calls: [{ index: 0, id: 'call_0', function: { arguments: '' } }] } }),
    chunk({ delta: { tool_calls: [{ index: 1, id: '', function: { name: '', arguments: '}' } }] } }),
    chunk({ delta: { reasoning: 'Hm', reasoning_content: 'Hm', content: 'So' }, finish_reason: 'tool_calls' }),
    chunk({ delta: { reasoning_details: [{ type: 'reasoning.encrypted', data: 'xx', format: 'unknown' }] } }),
    chunk({ message: { role: 'assistant', content: 'whole' }, finish_reason: 'stop' }),
  ],
  fieldNames: ['index', 'id', 'delta', 'message', 'content', 'tool_calls', 'function', 'arguments', 'error', 'usage'],
  words: ['stop', 'length', 'tool_calls', 'content_filter', 'error', 'call_0', 'call_1', 'Bash', '<think>', '</think>'],
} satisfies Omit<StreamParts, 'streams'>;

const anthropicOddities = {
  strayEvents: [
    ...commonEvents,
    { name: 'message_stop', data: '{"type":"message_stop"}' },
    { name: 'message_start', data: '{"type":"message_start"}' },
    { name: 'message_start', data: '{"type":"message_start","message":{"usage":{"input_tokens":"many"}}}' },
    { name: 'message_delta', data: '{"type":"message_delta","delta":{},"usage":null}' },
    { name: 'content_block_stop', data: '{"type":"content_block_stop","index":3}' },
    { name: 'content_block_delta', data: '{"type":"content_block_delta","delta":{"text":"\\"error\\" \\"message_"}}' },
    { name: 'something_new', data: '{"type":"something_new","message_id":7}' },
  ],
  fieldNames: ['type', 'index', 'delta', 'message', 'usage', 'content_block', 'error'],
  words: ['message_stop', 'error', 'message_start', 'content_block_start', 'text', 'thinking', 'overloaded_error'],
} satisfies Omit<StreamParts, 'streams'>;

const line = (message: object, more: object = {}) => ({
  name: '',
  data: JSON.stringify({ message, done: false, ...more }),
});

const ollamaOddities = {
  inLines: true,
  strayEvents: [
    ...commonEvents,
    { name: '', data: '{"error":"an error was encountered while running the model: unexpected EOF"}' },
    { name: '', data: '{"done":true,"done_reason":"load"}' },
    { name: '', data: '{"status":"loading"}' },
    line({ content: null, tool_calls: null }),
    line({ content: '', thinking: 'Hm' }),
    line({ content: 'and <tool_call>{"name":"Bash","arguments":{"command":"ls"}}</tool_call>' }),
    line({ tool_calls: [{ function: { name: 'Read' } }] }),
    line({ tool_calls: [{ id: 'call_1', function: { index: 0, name: 'Read', arguments: '{"path":"a"}' } }] }),
    line({ tool_calls: [{ id: 'call_1', function: { index: 0, name: '', arguments: [] } }] }),
    line({ content: 'So' }, { done: true, done_reason: 'length', eval_count: -1 }),
  ],
  fieldNames: ['message', 'content', 'thinking', 'tool_calls', 'function', 'arguments', 'done', 'done_reason', 'error'],
  words: ['stop', 'length', 'load', 'unload', 'call_1', 'Bash', '<think>', '</think>'],
} satisfies Omit<StreamParts, 'streams'>;

const part = (fields: object, more: object = {}) => ({
  name: '',
  data: JSON.stringify({ candidates: [{ content: { role: 'model', parts: [fields] }, ...more }] }),
});

const geminiOddities = {
  strayEvents: [
    ...commonEvents,
    { name: '', data: '{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}' },
    { name: '', data: '[{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED"}}]' },
    { name: '', data: '{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}}' },
    { name: '', data: '{"usageMetadata":{"promptTokenCount":7,"thoughtsTokenCount":-2}}' },
    { name: '', data: '{"candidates":[{"index":1,"content":{"parts":[{"text":"other"}]},"finishReason":"STOP"}]}' },
    part({ text: '', thoughtSignature: 'c2ln' }),
    part({ text: 'Hm', thought: true }),
    part({ text: 'Hm', thought: true, thoughtSignature: 'c2ln' }),
    part({ functionCall: { name: 'Read' } }),
    part({ functionCall: { id: 'call_1', name: 'Read', args: '{"path":"a"}' }, thoughtSignature: 'c2ln' }),
    part({ functionCall: { id: 'call_1', name: 'Read', args: [] } }),
    part({ functionCall: { name: 'Read', willContinue: true } }),
    part({ executableCode: { language: 'PYTHON', code: 'print("`")' } }),
    part({ inlineData: { mimeType: 'image/png', data: 'AAAA' } }),
    part({ text: 'So' }, { finishReason: 'SAFETY' }),
    part({}, { finishReason: 'MAX_TOKENS' }),
    part({}, { finishReason: 'MALFORMED_FUNCTION_CALL' }),
  ],
  fieldNames: ['candidates', 'content', 'parts', 'text', 'thought', 'functionCall', 'args', 'finishReason', 'error'],
  words: ['STOP', 'MAX_TOKENS', 'SAFETY', 'OTHER', 'call_1', 'Bash', 'model'],
} satisfies Omit<StreamParts, 'streams'>;

const event = (type: string, members: object) => ({ name: type, data: JSON.stringify({ type, ...members }) });
const failedResponse = { status: 'failed', error: { code: 'server_error', message: 'no' } };

const responsesOddities = {
  strayEvents: [
    ...commonEvents,
    event('response.failed', { response: failedResponse }),
    event('response.incomplete', { response: { incomplete_details: { reason: 'content_filter' } } }),
    event('response.completed', { response: { status: 'completed', output: [{ type: 'message', content: 'x' }] } }),
    event('response.completed', {}),
    event('response.output_item.added', { output_index: 0, item: { type: 'function_call', name: 'Read' } }),
    event('response.output_item.added', { item: { type: 'message', phase: 'commentary' } }),
    event('response.output_item.done', { output_index: 9, item: { type: 'reasoning', encrypted_content: 'more' } }),
    event('response.output_item.done', { item: { type: 'custom_tool_call', input: 'ls' } }),
    event('response.output_text.delta', { output_index: 0, delta: 'and <tool_call>{"name":"Bash","arguments":{}}' }),
    event('response.output_text.delta', { delta: { text: 'x' } }),
    event('response.reasoning_text.delta', { output_index: 3, delta: 'Hm' }),
    event('response.function_call_arguments.done', { item_id: 'fc_0', arguments: { command: 'ls' } }),
    event('response.function_call_arguments.delta', { output_index: 1, delta: '}' }),
  ],
  fieldNames: [
    'type',
    'item',
    'output_index',
    'item_id',
    'delta',
    'response',
    'output',
    'arguments',
    'content',
    'error',
  ],
  words: ['response.completed', 'response.failed', 'message', 'function_call', 'reasoning', 'fc_0', 'Bash', '<think>'],
} satisfies Omit<StreamParts, 'streams'>;

const oddities = {
  anthropic: anthropicOddities,
  'openai-chat': chatOddities,
  'openai-responses': responsesOddities,
  ollama: ollamaOddities,
  gemini: geminiOddities,
};
