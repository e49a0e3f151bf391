import { GatewayError } from '@ccg/kernel';
import { describe, expect, test } from 'vitest';
import { bodyText, translate } from './translate.ts';
import type { TestTarget } from './translate.ts';

const user = { role: 'user', content: 'Hi' };
const target = { dialect: 'openai-chat', model: 'gpt-4.1' } as const;

test.each([
  [
    'no token limit',
    { max_tokens: undefined },
    'max_tokens: Field required. Set it to the maximum number of output tokens.',
  ],
  ['no messages', { messages: undefined }, 'messages: Field required'],
  ['mistyped messages', { messages: 'Hi' }, 'messages: Input should be a list of messages'],
  ['an empty history', { messages: [] }, 'messages: at least one message is required'],
  ['a message that is none', { messages: [user, 7] }, 'messages.1: Input should be an object with a role and content'],
  ['no role', { messages: [{ content: 'Hi' }] }, 'messages.0.role: Field required'],
  [
    'an unknown role',
    { messages: [user, { role: 'tool', content: 'x' }] },
    "messages.1.role: Input should be one of 'user', 'assistant', 'system'",
  ],
  ['no content', { messages: [user, { role: 'assistant' }] }, 'messages.1.content: Field required'],
  [
    'mistyped content',
    { messages: [user, user, user, { role: 'user', content: 7 }] },
    'messages.3.content: Input should be a string or a list of content blocks',
  ],
  [
    'a block that is none',
    { messages: [{ role: 'user', content: ['Hi'] }] },
    'messages.0.content.0: Input should be a content block',
  ],
  [
    'a block without type',
    { messages: [{ role: 'user', content: [{ text: 'Hi' }] }] },
    'messages.0.content.0.type: Field required',
  ],
  [
    'a text without text',
    { messages: [{ role: 'user', content: [{ type: 'text' }] }] },
    'messages.0.content.0.text: Input should be a string',
  ],
  [
    'a call without id',
    { messages: [user, { role: 'assistant', content: [{ type: 'tool_use', name: 'a', input: {} }] }] },
    'messages.1.content.0.id: Input should be a string',
  ],
  [
    'a result of nothing',
    { messages: [{ role: 'user', content: [{ type: 'tool_result', content: 'a' }] }] },
    'messages.0.content.0.tool_use_id: Input should be a string',
  ],
  [
    'an image of no kind',
    { messages: [{ role: 'user', content: [{ type: 'image', source: {} }] }] },
    "messages.0.content.0.source.type: Input should be one of 'base64', 'url'",
  ],
  [
    'an image without data',
    { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png' } }] }] },
    'messages.0.content.0.source.data: Input should be a string',
  ],
  [
    'an uploaded file',
    { messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'file', file_id: 'f' } }] }] },
    'messages.0.content.0.source: files uploaded to Anthropic are not available on the provider "openai". Send the content as base64',
  ],
  ['mistyped tools', { tools: {} }, 'tools: Input should be a list of tools'],
  ['a tool that is none', { tools: [7] }, 'tools.0: Input should be a tool'],
  ['a tool without a name', { tools: [{ input_schema: {} }] }, 'tools.0.name: Field required'],
  [
    'an unknown choice',
    { tools: [{ name: 'a', input_schema: {} }], tool_choice: { type: 'some' } },
    "tool_choice.type: Input should be one of 'auto', 'any', 'tool', 'none'",
  ],
  ['mistyped instructions', { system: 7 }, 'system: Input should be a string or a list of text blocks'],
  [
    'server state',
    { mcp_servers: [{ url: 'x' }] },
    'mcp_servers: only models that Anthropic serves support this. Remove it, or use one of those models',
  ],
])('%s is refused by its path', (_what, change, publicMessage) => {
  expect(refusal(JSON.stringify({ model: 'm', max_tokens: 9, messages: [user], ...change }))).toMatchObject({
    code: 'request-invalid',
    status: 400,
    type: 'invalid_request_error',
    publicMessage,
  });
});

const compatible = { dialect: 'anthropic', anthropicProfile: 'ollama', model: 'm' } as const;
const ollama = { dialect: 'ollama', model: 'm' } as const;
const gemini = { dialect: 'gemini', model: 'm' } as const;
const many = <Element>(length: number, of: Element): Element[] => Array.from({ length }, () => of);
const block = { type: 'text', text: 'zz' };
const tool = { name: 'a', input_schema: { type: 'object' } };
const call = { type: 'tool_use', id: 'toolu_1', name: 'a' };
const members = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, {}]));
const addition = (index: number) => ({
  type: 'tool_addition',
  tool: { type: 'tool_definition', definition: { ...tool, name: `a${index}` } },
});

describe.each([
  ['openai-chat', target],
  ['an Anthropic-compatible server', compatible],
  ['Ollama', ollama],
  ['Gemini', gemini],
])('for %s', (_name, at) => {
  const unsupported = { error_code: 'thread_unsupported_request', unsupported: ['thread'] };
  // The SDKs go on by themselves on these codes: without a thread, or with the whole conversation.
  test.each([
    ['a new thread', { thread: { type: 'create' } }, unsupported],
    ['a thread of an unknown kind', { thread: { type: 'fork', from: 'msg_1' } }, unsupported],
    ['a mistyped thread', { thread: 'thread_1' }, unsupported],
    [
      'a continued thread',
      { thread: { type: 'continue', previous_message_id: 'm' } },
      { error_code: 'thread_not_found' },
    ],
    [
      'a continued thread that says nothing new',
      { thread: { type: 'continue', previous_message_id: 'm' }, messages: [] },
      { error_code: 'thread_not_found' },
    ],
  ])('%s is refused with details for the SDK', (_what, change, publicDetails) => {
    const refused = refusal(JSON.stringify({ model: 'm', max_tokens: 9, messages: [user], ...change }), at);
    expect(refused).toMatchObject({ status: 400, type: 'invalid_request_error', publicDetails });
    expect(refused.publicMessage).toMatch(/^thread: .*Send the whole conversation without it\.$/u);
  });

  test('no thread is no reason to refuse', () => {
    expect(
      bodyText(translate(JSON.stringify({ model: 'm', max_tokens: 9, messages: [user], thread: null }), at)),
    ).toContain('Hi');
  });

  test.each([
    [
      '10,001 messages',
      { messages: many(10_001, user) },
      'messages: too many. At most 10,000 messages and 20,000 content blocks; this request has 10,001 messages and 0 content blocks. Compact the conversation or start a new one',
    ],
    [
      '20,001 blocks',
      { messages: [{ role: 'user', content: many(20_001, block) }] },
      'this request has 1 message and 20,001 content blocks.',
    ],
    [
      '20,002 blocks, most of them in a result',
      { messages: [{ role: 'user', content: [{ type: 'tool_result', content: many(20_001, block) }] }] },
      'this request has 1 message and 20,002 content blocks.',
    ],
    [
      '300,000 blocks',
      { messages: [{ role: 'user', content: many(300_000, {}) }] },
      'messages: too many. At most 10,000 messages and 20,000 content blocks; this request has over 100,000 of them. Compact',
    ],
    [
      '20,001 blocks of instructions',
      { system: many(20_001, block) },
      'system: too many. At most 10,000 messages and 20,000 content blocks; this request has 1 message and 20,001 content blocks. Shorten the system prompt',
    ],
  ])('%s are refused with the bound and the number', (_what, change, found) => {
    const { code, publicMessage } = refusal(
      JSON.stringify({ model: 'm', max_tokens: 9, messages: [user], ...change }),
      at,
    );
    expect(code).toBe('request-invalid');
    expect(publicMessage).toContain(found);
  });

  test.each([
    ['2,001 tools', { tools: many(2001, tool) }, /^tools: too many\. At most 2,000 tools; this request has 2,001\. /u],
    [
      '2,001 tools that messages add',
      { messages: [user, { role: 'system', content: many(2001, {}).map((_, index) => addition(index)) }] },
      /^tools: too many\. At most 2,000 tools; this request has 2,001\. /u,
    ],
    ['100,000 tools', { tools: many(100_000, tool) }, /this request has 100,000\. Remove tools /u],
    [
      'an input of 300,000 members',
      { messages: [user, { role: 'assistant', content: [{ ...call, input: members(300_000) }] }] },
      /^The body has too many JSON values\. At most 200,000 .*; this body has 300,0\d\d\. /u,
    ],
    [
      'a schema of 200,000 properties',
      { tools: [{ name: 'a', input_schema: { type: 'object', properties: members(200_000) } }] },
      /^The body has too many JSON values\. At most 200,000 .*; this body has 200,0\d\d\. /u,
    ],
    ['a list of 2,000,000 numbers', { metadata: many(2_000_000, 0) }, /this body has 2,000,0\d\d\. /u],
    [
      'a schema of 100,000 properties',
      { tools: [{ name: 'a', input_schema: { type: 'object', properties: members(100_000) } }] },
      /^tools: too many JSON values\. At most 100,000 .*; this request has 100,0\d\d\. Simplify /u,
    ],
    [
      'an output format of 20,000 values',
      { output_config: { format: { type: 'json_schema', schema: { enum: many(20_000, 'a') } } } },
      /^output_config: too many JSON values\. At most 20,000 .*; this request has 20,005\. Simplify /u,
    ],
    [
      'a tool of 8.1 MB',
      { tools: [{ ...tool, description: 'x'.repeat(8_100_000) }] },
      /^tools: too large\. At most 8 MB; this request has 8\.1 MB\. Shorten /u,
    ],
    [
      '300,000 unknown members',
      members(300_000),
      /^The body is too complex\. An object has more than 1,000 members \(/u,
    ],
    [
      'a message of 1,001 members',
      { messages: [{ ...user, ...members(999) }] },
      /^The body is too complex\. An object has more than 1,000 members \(/u,
    ],
    ['a long name', { messages: [{ ...user, ['x'.repeat(1001)]: 1 }] }, /A name is longer than 1,000 bytes \(/u],
  ])('%s are refused with the bound and the number in plain words', (_what, change, sentence) => {
    const body = JSON.stringify({ model: 'm', max_tokens: 9, messages: [user], ...change });
    expect(refusal(body, at)).toMatchObject({
      code: 'request-invalid',
      publicMessage: expect.stringMatching(sentence),
    });
  });

  test.each(['"x":1,"messages":[{"role":"user","content":"Hi"}]', '"messages":[{"role":"user","content":"Hi","x":1}]'])(
    'a number of 1,001 digits is refused: %s',
    (rest) => {
      const body = `{"model":"m","max_tokens":9,${rest.replace('"x":1', `"x":${'1'.repeat(1001)}`)}}`;
      expect(refusal(body, at).publicMessage).toContain('A number is longer than 1,000 characters (');
    },
  );

  test('one member 1,001 times is refused', () => {
    const body = `{"model":"m",${'"x":{},'.repeat(1001)}"max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}`;
    expect(refusal(body, at).publicMessage).toContain('An object has more than 1,000 members');
  });

  test('2,000 tools, 1,000 members and 190,000 values in an input are translated', () => {
    const tools = many(2000, tool).map((each, index) => ({ ...each, name: `tool_${index}` }));
    const messages = [user, { role: 'assistant', content: [{ ...call, input: members(190_000) }] }];
    const body = JSON.stringify({ model: 'm', max_tokens: 9, messages, tools, ...members(900) });
    expect(bodyText(translate(body, at))).toContain('tool_1999');
  });

  test('10,000 messages with 20,000 blocks are translated', () => {
    const pair = { role: 'user', content: [block, block] };
    const body = JSON.stringify({ model: 'm', max_tokens: 9, messages: many(10_000, pair) });
    expect(bodyText(translate(body, at)).match(/zz/gu)).toHaveLength(20_000);
  });
});

const thinking = { type: 'thinking', thinking: 'x', signature: '' };

describe.each([
  ['openai-chat', target],
  [
    'a chat template that wants turns',
    { ...target, rejections: [{ kind: 'form', form: 'messages in any order' } as const] },
  ],
  ['an Anthropic-compatible server', compatible],
  ['Ollama', ollama],
])('for %s nothing goes out without a message', (_name, at) => {
  test.each([
    ['an empty text', [{ role: 'user', content: '' }]],
    ['empty blocks', [{ role: 'user', content: [{ type: 'text', text: '' }] }]],
    ['no blocks', [{ role: 'user', content: [] }]],
    ['reasoning alone', [{ role: 'assistant', content: [{ ...thinking, signature: 'ccg1.x' }] }]],
  ])('%s is refused', (_what, messages) => {
    expect(refusal(JSON.stringify({ model: 'm', max_tokens: 9, system: 'Be kind', messages }), at)).toMatchObject({
      code: 'request-invalid',
      publicMessage: 'messages: no message has content that can be sent. Send a user message with text',
    });
  });

  test('a block of an unknown type is told of, with a warning', () => {
    const messages = [{ role: 'user', content: [{ type: 'hologram', data: 'x' }, { type: 'hologram' }] }];
    const translation = translate(JSON.stringify({ model: 'm', max_tokens: 9, messages }), at);
    expect(bodyText(translation)).toContain('[hologram left out: this model cannot read it]');
    expect(translation.request.warnings).toMatchObject([
      { field: 'messages.0.content.0', code: 'unsupported' },
      { field: 'messages.0.content.1', code: 'unsupported' },
    ]);
  });
});

test('a history of any length goes to Anthropic as it is', () => {
  const body = JSON.stringify({ model: 'm', max_tokens: 9, messages: many(30_000, user) });
  expect(bodyText(translate(body, { dialect: 'anthropic', model: 'm' }))).toBe(body);
});

test('nesting is followed to 512 levels, wherever it is', () => {
  const nested = (key: string, levels: number) =>
    `{"model":"m","max_tokens":9,"messages":[${JSON.stringify(user)}],"${key}":${'['.repeat(levels)}${']'.repeat(levels)}}`;
  for (const key of ['unknown', 'metadata']) {
    expect(bodyText(translate(nested(key, 511), target))).toContain('"Hi"');
    expect(refusal(nested(key, 512))).toMatchObject({
      code: 'request-invalid',
      publicMessage: 'The body is nested more than 512 levels deep. Flatten it.',
    });
  }
  expect(refusal(nested('metadata', 100_000))).toMatchObject({ code: 'request-invalid' });
});

describe.each([
  ['openai-chat', target],
  ['openrouter', { ...target, profile: 'openrouter' }],
  [
    'calls told as text',
    { ...target, profile: 'compatible', rejections: [{ kind: 'form', form: 'messages of tools' }] },
  ],
  ['an Anthropic-compatible server', compatible],
  ['Ollama', ollama],
] as const)('for %s nesting without end is refused, and what is nested deep is translated', (_name, at) => {
  const schemas = (levels: number) => `${'{"type":"array","items":'.repeat(levels)}{}${'}'.repeat(levels)}`;
  const results = (levels: number) =>
    `${'[{"type":"tool_result","tool_use_id":"t","content":'.repeat(levels)}"x"${'}]'.repeat(levels)}`;
  const told = (input: string, content: string) =>
    `"messages":[{"role":"user","content":"Hi"},
    {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"n","input":${input}}]},
    {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":${content}}]}]`;

  test.each<readonly [string, (levels: number) => string]>([
    [
      'schemas',
      (levels) => `"tools":[{"name":"n","strict":true,"input_schema":${schemas(levels)}}],${told('{}', '""')}`,
    ],
    [
      'answer formats',
      (levels) => `"output_config":{"format":{"type":"json_schema","schema":${schemas(levels)}}},${told('{}', '""')}`,
    ],
    ['tool inputs', (levels) => told(`{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`, '""')],
    ['unparsed inputs', (levels) => told(`{"__unparsedToolInput":${schemas(levels)}}`, '""')],
    ['results in results', (levels) => told('{}', results(levels))],
    ['lists in results', (levels) => told('{}', `${'['.repeat(levels)}${']'.repeat(levels)}`)],
  ])('%s', (_what, nested) => {
    const body = (levels: number) => `{"model":"m","max_tokens":9,${nested(levels)}}`;
    for (const levels of [600, 200_000]) {
      expect(refusal(body(levels), at)).toMatchObject({ code: 'request-invalid', status: 400 });
    }
    expect(bodyText(translate(body(200), at))).toContain('"Hi"');
  });
});

test('faults below the top level are found when the body is translated', () => {
  expect(refusal('{"model":"m","max_tokens":9,"messages":[{"role":"user","content":tru}]}')).toMatchObject({
    code: 'request-invalid',
    status: 400,
  });
});

function refusal(body: string, at: TestTarget = target): GatewayError {
  try {
    translate(body, at);
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown;
    throw thrown;
  }
  throw new Error('the request was not refused');
}
