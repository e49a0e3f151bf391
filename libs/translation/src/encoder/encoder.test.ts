import { GatewayError } from '@ccg/kernel';
import { noUsage } from '@ccg/wire';
import { expect, test } from 'vitest';
import { createEncoder } from './encoder.ts';
import type { Encoder } from './encoder.ts';
import { createFrameWriter } from './frame-writer.ts';
import type { ToolFragment } from './tool-calls.ts';

interface Written {
  readonly encoder: Encoder;
  readonly writes: string[];
  /** The data of all frames so far. */
  readonly events: () => readonly { readonly type: string; readonly index?: number; readonly delta?: object }[];
}

function createWritten(maxTokens?: number, used: readonly string[] = [], searchQuery?: string): Written {
  const writes: string[] = [];
  const ids = { messageId: () => 'msg_1', toolUseId: () => 'toolu_g1' };
  const encoder = createEncoder(
    {
      provider: 'acme',
      maxTokens,
      ids,
      estimatedInputTokens: undefined,
      searchQuery,
      tools: {
        id: (id) => (id === '' ? undefined : id),
        isUsed: (id) => used.includes(id),
        name: (name) => name,
        isDeclared: () => true,
      },
      sign: () => '',
      sealCall: (id, members) => `sealed ${id} ${Object.keys(members).join()}`,
    },
    createFrameWriter({ id: 'msg_1', model: 'm', requestId: 'req_1' }),
    (frames) => writes.push(String(frames)),
  );
  return {
    encoder,
    writes,
    events: () => [...writes.join('').matchAll(/^data: (.*)$/gmu)].map(([, data = '']) => JSON.parse(data)),
  };
}

function call(part: Partial<ToolFragment>): ToolFragment {
  return { index: 0, id: undefined, name: undefined, input: undefined, whole: false, ...part };
}

test('hands the frames since the last flush over in one write, and nothing when there are none', () => {
  const { encoder, writes } = createWritten();
  encoder.flush();
  expect(encoder.progress().visible).toBe(false);
  encoder.text('a');
  encoder.text('b');
  encoder.thinking('c');
  encoder.flush();
  encoder.flush();
  expect(writes).toHaveLength(1);
  expect(encoder.progress().visible).toBe(true);
});

test('keeps text that comes in the middle of a call until the call has ended', () => {
  const { encoder, events } = createWritten();
  encoder.toolCall(call({ id: 'a', name: 'Bash', input: '{\\"a\\":' }));
  encoder.text('and so');
  encoder.toolCall(call({ input: '1}' }));
  encoder.text(' on');
  encoder.finish({ kind: 'stop' });
  encoder.marker();
  encoder.flush();
  const deltas = events().filter(({ type }) => type === 'content_block_delta');
  expect(deltas.map(({ index, delta }) => [index, delta])).toEqual([
    [0, { type: 'input_json_delta', partial_json: '{"a":' }],
    [0, { type: 'input_json_delta', partial_json: '1}' }],
    [1, { type: 'text_delta', text: 'and so' }],
    [1, { type: 'text_delta', text: ' on' }],
  ]);
});

test('streams the arguments of the first call as they come', () => {
  const { encoder, writes } = createWritten();
  encoder.toolCall(call({ id: 'a', name: 'Write', input: '{\\"text\\":\\"' }));
  encoder.flush();
  encoder.toolCall(call({ input: 'more' }));
  encoder.flush();
  expect(writes).toHaveLength(2);
  expect(writes[1]).toContain('"partial_json":"more"');
});

test('gives up on a call that emits white space without end', () => {
  const { encoder } = createWritten();
  encoder.toolCall(call({ id: 'a', name: 'Bash', input: '{' }));
  for (let count = 0; count < 501; count += 1) encoder.toolCall(call({ input: '\\n' }));
  expect(encoder.progress()).toMatchObject({ state: 'failed', error: { code: 'upstream-malformed' } });
});

test('bounds what it holds back', () => {
  const { encoder } = createWritten();
  encoder.toolCall(call({ id: 'a', name: 'Bash', input: '{' }));
  for (let count = 0; count < 17; count += 1) encoder.text('x'.repeat(1024 * 1024));
  expect(encoder.progress().state).toBe('failed');
});

test.each([
  [new GatewayError('upstream-unreachable', 'gone'), 'overloaded_error', 'api_error'],
  [new GatewayError('upstream-timeout', 'silent'), 'overloaded_error', 'api_error'],
  [new GatewayError('upstream-rate-limited', 'slow down'), 'rate_limit_error', 'rate_limit_error'],
  [new GatewayError('draining', 'closing'), 'overloaded_error', 'overloaded_error'],
  [new GatewayError('upstream-credential-rejected', 'no'), 'api_error', 'api_error'],
])('tells %s as %s before content and as %s after', (error, before, after) => {
  const empty = createWritten();
  empty.encoder.fail(error);
  empty.encoder.flush();
  expect(empty.events()).toMatchObject([{ type: 'error', error: { type: before, message: error.publicMessage } }]);
  const begun = createWritten();
  begun.encoder.text('Hi');
  begun.encoder.fail(error);
  begun.encoder.flush();
  expect(begun.events().at(-1)).toMatchObject({ type: 'error', error: { type: after } });
  expect(begun.encoder.progress().error).toBe(error);
});

test('says nothing after its end', () => {
  const { encoder, writes } = createWritten();
  encoder.text('Hi');
  encoder.finish({ kind: 'stop' });
  encoder.end();
  encoder.flush();
  encoder.text('more');
  encoder.toolCall(call({ id: 'a', name: 'Bash', input: '{}' }));
  encoder.end();
  encoder.fail(new GatewayError('internal', 'late'));
  encoder.flush();
  expect(writes).toHaveLength(1);
  expect(encoder.progress()).toMatchObject({ state: 'complete', error: undefined });
});

test('estimates the output of an answer that is broken off, until its server tells it', () => {
  const { encoder } = createWritten();
  const prompt = { ...noUsage, inputTokens: 7 };
  encoder.usage(prompt);
  expect(encoder.progress()).toMatchObject({ usage: prompt, usageSource: 'reported' });
  encoder.text('twelve bytes');
  encoder.flush();
  expect(encoder.progress()).toMatchObject({ usage: { ...prompt, outputTokens: 3 }, usageSource: 'estimated' });
  encoder.usage({ ...prompt, outputTokens: 2 });
  expect(encoder.progress()).toMatchObject({ usage: { outputTokens: 2 }, usageSource: 'reported' });
});

test('is not finished by what comes after it has failed', () => {
  const { encoder } = createWritten();
  encoder.usage({ ...noUsage, inputTokens: 7 });
  encoder.text('twelve bytes');
  encoder.fail(new GatewayError('upstream-failed', 'It died.'));
  encoder.finish({ kind: 'stop' });
  expect(encoder.progress()).toMatchObject({ state: 'failed', finishedAt: undefined, usage: { outputTokens: 3 } });
});

test('keeps to the usage that it told, whatever is reported after the end', () => {
  const { encoder } = createWritten();
  encoder.text('Hi');
  const told = { ...noUsage, inputTokens: 3, outputTokens: 1 };
  encoder.usage(told);
  encoder.marker();
  encoder.usage({ ...told, outputTokens: 100 });
  expect(encoder.progress().usage).toEqual(told);
});

test('a call that is whole and no JSON is an error, not a cut call, although the limit was named before', () => {
  const { encoder, events } = createWritten();
  encoder.toolCall(call({ id: 'a', name: 'Bash', input: '{\\"a\\":[t' }));
  encoder.finish({ kind: 'length' });
  encoder.toolCall(call({ input: 'e]}' }));
  encoder.toolCall(call({ index: 1, id: 'b', name: 'Bash', input: '{}' }));
  encoder.marker();
  encoder.flush();
  expect(events().map(({ type }) => type)).toEqual([
    'message_start',
    'content_block_start',
    'content_block_delta',
    'content_block_delta',
    'error',
  ]);
});

test('a limit reached without any content is an answer that says so', () => {
  const { encoder, events } = createWritten();
  encoder.finish({ kind: 'length' });
  encoder.end();
  encoder.flush();
  expect(events()).toMatchObject([
    { type: 'message_start' },
    { type: 'message_delta', delta: { stop_reason: 'max_tokens' } },
    { type: 'message_stop' },
  ]);
});

test('gives every call an id that the conversation does not have, even where the made one is used', () => {
  const { encoder, events } = createWritten(undefined, ['a', 'toolu_g1']);
  for (const [at, id] of ['a', 'b', 'b', undefined].entries()) {
    encoder.toolCall(call({ index: undefined, id, name: 'Bash', input: `{\\"n\\":${at}}`, whole: true }));
  }
  encoder.finish({ kind: 'stop' });
  encoder.marker();
  encoder.flush();
  const ids = events().flatMap((event) => ('content_block' in event ? [event.content_block] : []));
  expect(ids.map((block) => Object(block).id)).toEqual(['toolu_g1_2', 'b', 'toolu_g1_3', 'toolu_g1_4']);
});

test.each([
  [
    'before their calls',
    [
      ['a', { x: 'x' }, undefined],
      ['b', undefined, undefined],
    ],
    ['sealed a x', 'a', 'b'],
  ],
  [
    'at the end, where they come late',
    [
      ['a', undefined, { x: 'x' }],
      ['b', undefined, undefined],
    ],
    ['a', 'b', 'sealed a x'],
  ],
  ['again at the end, where more come', [['a', { x: 'x' }, { y: 'y' }]], ['sealed a x', 'a', 'sealed a x,y']],
  ['once, where they are repeated', [['a', { x: 'x' }, { x: 'x' }]], ['sealed a x', 'a']],
] as const)('seals members of calls %s', (_when, calls, written) => {
  const { encoder, events } = createWritten();
  for (const [index, [id, members]] of calls.entries()) {
    encoder.toolCall(call({ index, id, name: 'Bash', input: '{\\"a\\":1}', members }));
  }
  for (const [index, [, , members]] of calls.entries()) encoder.lastCalls([call({ index, members })]);
  encoder.finish({ kind: 'stop' });
  encoder.marker();
  encoder.flush();
  const blocks = events().flatMap((event) => ('content_block' in event ? [Object(event.content_block)] : []));
  expect(blocks.map(({ data, id }) => data ?? id)).toEqual(written);
});

test.each([
  [
    'in their order, behind the rest',
    'wanted',
    [
      ['one', ['https://a', 'https://b']],
      ['wanted', ['https://c']],
    ],
    2,
  ],
  ['to no client that asked for none', undefined, [], 0],
])('tells searches of the web %s', (_what, searchQuery, told, count) => {
  const { encoder, events } = createWritten(undefined, [], searchQuery);
  const page = (url: string) => ({ url, title: 'A page' });
  encoder.webSearch('one');
  encoder.webPages([page('https://a'), page('https://b')]);
  encoder.text('Found.');
  encoder.webSearch();
  encoder.webPages([page('https://c'), page('https://a')]);
  encoder.finish({ kind: 'stop' });
  encoder.marker();
  encoder.flush();
  const blocks = events().flatMap((event) => ('content_block' in event ? [Object(event.content_block)] : []));
  const inputs = events().flatMap(({ delta }) => {
    const { type, partial_json: input } = Object(delta);
    return type === 'input_json_delta' ? [JSON.parse(input).query] : [];
  });
  const results = blocks.filter(({ type }) => type === 'web_search_tool_result');
  expect(results.map(({ content }, index) => [inputs[index], content.map(({ url }: { url: string }) => url)])).toEqual(
    told,
  );
  expect(blocks.map(({ type }) => type)[0]).toBe('text');
  expect(events().find(({ type }) => type === 'message_delta')).toMatchObject(
    count === 0 ? {} : { usage: { server_tool_use: { web_search_requests: count } } },
  );
});
