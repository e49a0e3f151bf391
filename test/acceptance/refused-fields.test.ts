import { jsonAt, jsonListAt, jsonScript, playModel, say } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { expectError } from './support/expect-error.ts';
import type { RawAnswer } from './support/send-raw.ts';
import { sendRaw } from './support/send-raw.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await startSuite('refused-fields', { PREFERRED_PROVIDER: 'openai' });
});
afterAll(() => suite.close());
beforeEach(() => {
  suite.upstream.reset();
  suite.upstream.play(playModel([{ content: [say('fine')] }]));
});

async function ask(model: string, stream: boolean, change: object = {}): Promise<RawAnswer> {
  const body = {
    model: 'claude-opus-5-5',
    max_tokens: 64,
    stream,
    temperature: 0.5,
    top_p: 0.9,
    stop_sequences: ['END'],
    tools: [{ name: 'Bash', input_schema: { type: 'object', properties: {} } }],
    tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    messages: [{ role: 'user', content: 'hi' }],
    ...change,
  };
  return sendRaw(suite.gateway.url, {
    path: `/openai:${model}/v1/messages`,
    headers: [
      ['x-api-key', suite.apiKey],
      ['content-type', 'application/json'],
    ],
    body: JSON.stringify(body),
  });
}

const refuses = (message: string, status = 400) =>
  jsonScript(status, { error: { message, type: 'invalid_request_error' } });

function sentFields(): string[][] {
  return suite.upstream.requests.map((request) => {
    const body = request.json();
    return ['max_tokens', 'max_completion_tokens', 'temperature', 'top_p', 'stop', 'parallel_tool_calls'].filter(
      (field) => jsonAt(body, field) !== undefined,
    );
  });
}

test.each([true, false])(
  'what a server refuses is left out, and not sent to that model again (stream %s)',
  async (stream) => {
    const model = `strict-${stream}`;
    suite.upstream.answer(
      refuses('Validation: Unsupported parameter(s): temperature, top_p'),
      refuses(
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      ),
      refuses('parallel_tool_calls: Extra inputs are not permitted', 422),
    );
    const first = await ask(model, stream);
    expect([first.status, first.text]).toEqual([200, expect.stringContaining('fine')]);
    const second = await ask(model, stream);
    expect([second.status, second.text]).toEqual([200, expect.stringContaining('fine')]);
    expect(sentFields()).toEqual([
      ['max_tokens', 'temperature', 'top_p', 'stop', 'parallel_tool_calls'],
      ['max_tokens', 'stop', 'parallel_tool_calls'],
      ['max_completion_tokens', 'stop', 'parallel_tool_calls'],
      ['max_completion_tokens', 'stop'],
      ['max_completion_tokens', 'stop'],
    ]);
  },
);

test('a server that rejects one field after another is asked until it is content', async () => {
  suite.upstream.answer(
    ...['temperature', 'top_p', 'stop', 'parallel_tool_calls'].map((field) =>
      refuses(`Unsupported parameter: '${field}'`),
    ),
  );
  expect((await ask('picky', true)).status).toBe(200);
  expect(suite.upstream.requests).toHaveLength(5);
});

test('a server that rejects what is no longer sent has the last word', async () => {
  suite.upstream.answer(refuses("Unsupported parameter: 'top_p'"), refuses("Unsupported parameter: 'top_p'"));
  expectError(await ask('stubborn', true), { status: 400, type: 'invalid_request_error', message: /top_p/u });
  expect(suite.upstream.requests).toHaveLength(2);
});

test('a mistake of the client that a server calls its own is told as what it is, once', async () => {
  suite.upstream.answer(
    refuses('image input is not supported - hint: if this is unexpected, you may need the mmproj', 500),
  );
  expectError(await ask('blind', true), {
    status: 400,
    type: 'invalid_request_error',
    message: /image input is not supported/u,
  });
  expect(suite.upstream.requests).toHaveLength(1);
});

test('an answer that is too long for a server is asked for shorter, also the next time', async () => {
  const askedTokens = () => suite.upstream.requests.map((request) => jsonAt(request.json(), 'max_tokens'));
  suite.upstream.answer(
    refuses('max_tokens is too large: 64. This model supports at most 40 completion tokens, whereas you provided 64.'),
  );
  const first = await ask('short', true);
  expect([first.status, first.text]).toEqual([200, expect.stringContaining('fine')]);
  expect(first.headers['x-gateway-warnings']).toContain('max_tokens clamped');
  expect((await ask('short', false)).status).toBe(200);
  expect(askedTokens()).toEqual([64, 40, 40]);
  // A prompt that leaves next to nothing has to become shorter.
  suite.upstream.answer(
    refuses(
      "'max_tokens' or 'max_completion_tokens' is too large: 64. This model's maximum context length is 8192 tokens and your request has 8150 input tokens (64 > 8192 - 8150).",
    ),
  );
  expectError(await ask('full', true), {
    status: 400,
    type: 'invalid_request_error',
    message: /^prompt is too long: 8193 tokens > 8192 maximum$/u,
  });
});

test('a history whose form a chat template refuses is told in another, also the next time', async () => {
  const roles = () =>
    suite.upstream.requests.map((request) =>
      jsonListAt(request.json(), 'messages').map((message) => jsonAt(message, 'role')),
    );
  const messages = [
    { role: 'user', content: 'List the files.' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { command: 'ls' } }] },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'toolu_1', content: 'a' },
        { type: 'text', text: 'And?' },
      ],
    },
  ];
  const template = 'Jinja Exception: Conversation roles must alternate user/assistant/user/assistant/...';
  suite.upstream.play(playModel([{ content: [say('once')] }, { content: [say('fine')] }]));
  suite.upstream.answer(refuses(template, 500), refuses(template, 500));
  expect((await ask('strict-template', true, { messages })).status).toBe(200);
  expect((await ask('strict-template', false, { messages })).status).toBe(200);
  expect(roles()).toEqual([
    ['user', 'assistant', 'tool', 'user'],
    ['user', 'assistant', 'tool'],
    ['user', 'assistant', 'user'],
    ['user', 'assistant', 'user'],
  ]);
});

test('a server that answers in streams alone is asked for one, and the client gets its answer as a document', async () => {
  suite.upstream.answer(refuses('This model only support stream mode, please enable the stream parameter.'));
  for (const asked of [2, 3]) {
    const answer = await ask('streams-alone', false);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^application\/json/u);
    expect(jsonListAt(JSON.parse(answer.text), 'content')).toMatchObject([{ type: 'text', text: 'fine' }]);
    expect(suite.upstream.requests).toHaveLength(asked);
  }
  expect(suite.upstream.requests.map((request) => jsonAt(request.json(), 'stream'))).toEqual([false, true, true]);
});
