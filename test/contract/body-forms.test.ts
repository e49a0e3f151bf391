import { describe, expect, test } from 'vitest';
import { parseStream } from './sse-grammar.ts';
import { bytesOf, plainRequest, playStream, requestWithTools, translate } from './translate.ts';
import type { TestTarget } from './translate.ts';

const command = '{"command":"ls \\"é\\""}';
const text = 'Half a "loaf" ü';

/* One answer, as a document and as events. */
const completion = {
  object: 'chat.completion',
  choices: [
    {
      index: 0,
      message: {
        role: 'assistant',
        reasoning_content: 'Hm.',
        content: text,
        tool_calls: [{ id: 'call_a', type: 'function', function: { name: 'Bash', arguments: command } }],
      },
      finish_reason: 'tool_calls',
    },
  ],
  usage: { prompt_tokens: 1200, completion_tokens: 34 },
};
const chunk = (delta: object, rest: object = {}) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: null, ...rest }] })}\n\n`;
const chunks =
  chunk({ role: 'assistant', reasoning_content: 'Hm.' }) +
  chunk({ content: text.slice(0, 5) }) +
  chunk({ content: text.slice(5) }) +
  chunk({ tool_calls: [{ index: 0, id: 'call_a', function: { name: 'Bash', arguments: '' } }] }) +
  chunk({ tool_calls: [{ index: 0, function: { arguments: command } }] }) +
  chunk({}, { finish_reason: 'tool_calls' }) +
  `data: ${JSON.stringify({ choices: [], usage: completion.usage })}\n\ndata: [DONE]\n\n`;

const usage = { input_tokens: 1200, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 34 };
const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-opus-5-5',
  content: [
    { type: 'thinking', thinking: 'Hm.', signature: 'abc' },
    { type: 'text', text },
    { type: 'tool_use', id: 'call_a', name: 'Bash', input: JSON.parse(command) },
  ],
  stop_reason: 'tool_use',
  stop_sequence: null,
  usage,
};
const event = (type: string, rest: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
const block = (index: number, start: object, deltas: readonly object[]) =>
  event('content_block_start', { index, content_block: start }) +
  deltas.map((delta) => event('content_block_delta', { index, delta })).join('') +
  event('content_block_stop', { index });
const events =
  event('message_start', {
    message: { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } },
  }) +
  block(0, { type: 'thinking', thinking: '', signature: '' }, [
    { type: 'thinking_delta', thinking: 'Hm.' },
    { type: 'signature_delta', signature: 'abc' },
  ]) +
  block(1, { type: 'text', text: '' }, [
    { type: 'text_delta', text: text.slice(0, 5) },
    { type: 'text_delta', text: text.slice(5) },
  ]) +
  block(2, { type: 'tool_use', id: 'call_a', name: 'Bash', input: {} }, [
    { type: 'input_json_delta', partial_json: command.slice(0, 9) },
    { type: 'input_json_delta', partial_json: command.slice(9) },
  ]) +
  event('message_delta', { delta: { stop_reason: 'tool_use', stop_sequence: null }, usage }) +
  event('message_stop', {});

const targets: readonly { name: string; target: TestTarget; document: object; stream: string }[] = [
  {
    name: 'chat completions',
    target: { dialect: 'openai-chat', model: 'gpt-4.1' },
    document: completion,
    stream: chunks,
  },
  {
    name: 'an Anthropic-compatible server',
    target: { dialect: 'anthropic', anthropicProfile: 'glm', model: 'glm-5' },
    document: message,
    stream: events,
  },
  { name: 'Anthropic', target: { dialect: 'anthropic', model: 'claude-opus-5-5' }, document: message, stream: events },
];

const beforeDocuments = {
  nothing: '',
  blanks: '\r\n \t\n',
  'a byte order mark': '\ufeff',
  comments: ': one\n\n: two\n\n',
};
const beforeEvents = { ...beforeDocuments, 'blanks in the same line': '\n  ' };

function chunksOf(body: string, size: number): Uint8Array[] {
  const bytes = bytesOf(body);
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

describe.each(targets)('an answer of $name', ({ target, document, stream }) => {
  const played = (body: string, size = 1_000_000) =>
    playStream(translate(requestWithTools, target), chunksOf(body, size));
  const collected = (body: string, size = 1_000_000) => {
    const collector = translate(requestWithTools, target).reader.collect();
    for (const piece of chunksOf(body, size)) collector.push(piece);
    collector.end();
    const answer = collector.answer();
    if (answer.kind === 'failure') return answer;
    const json: unknown = JSON.parse(Buffer.from(answer.body as string, 'latin1').toString('utf8'));
    return { ...answer, json };
  };
  const written = [
    ['in one line', JSON.stringify(document)],
    ['over many lines', JSON.stringify(document, null, 2)],
    ['over many lines with carriage returns', JSON.stringify(document, null, '\t').replaceAll('\n', '\r\n')],
    ['with a line end', `${JSON.stringify(document)}\n\n`],
  ] as const;

  describe.each(Object.entries(beforeDocuments))('after %s', (_before, before) => {
    test.each(written)('that is a document, %s, becomes a stream like its own', (_how, json) => {
      for (const size of [1, 7, 1_000_000]) {
        const { text: out, progress } = played(before + json, size);
        expect(progress).toMatchObject({
          state: 'complete',
          usageSource: 'reported',
          usage: { inputTokens: 1200, outputTokens: 34 },
        });
        const found = parseStream(out);
        const own = parseStream(played(stream).text);
        expect([found.content, found.stopReason, found.end]).toEqual([own.content, own.stopReason, 'message']);
      }
    });

    test('that is a document is one where a document was asked for', () => {
      const answer = collected(before + JSON.stringify(document));
      expect(answer).toMatchObject({ kind: 'message', usage: { inputTokens: 1200, outputTokens: 34 } });
    });
  });

  test.each(Object.entries(beforeEvents))(
    'that is events after %s is a stream, and one document if that was asked for',
    (_before, before) => {
      const expected = collected(JSON.stringify(document));
      for (const size of [1, 7, 1_000_000]) {
        expect(played(before + stream, size).progress.state).toBe('complete');
        const answer = collected(before + stream, size);
        expect(answer).toMatchObject({ kind: 'message', usage: { inputTokens: 1200, outputTokens: 34 } });
        expect('json' in answer && answer.json).toMatchObject(
          'json' in expected ? pick(expected.json, ['content', 'stop_reason', 'model', 'role', 'type']) : {},
        );
      }
    },
  );

  test('that is a document cut anywhere is no success, in either form', () => {
    const json = JSON.stringify(document);
    for (let at = 0; at < json.length - 1; at += 3) {
      const { text: out, progress } = played(json.slice(0, at));
      expect([progress.state === 'complete', out.includes('"tool_use"')]).toEqual([false, false]);
      expect(collected(json.slice(0, at)).kind).toBe('failure');
    }
  });

  test('that is events cut before their reason to stop is no document', () => {
    const end =
      stream.indexOf('"tool_calls"') > 0
        ? stream.indexOf('"finish_reason":"tool_calls"')
        : stream.indexOf('"stop_reason":"tool_use"');
    for (let at = 0; at < end; at += 5) expect(collected(stream.slice(0, at)).kind).toBe('failure');
  });

  const failures = [
    ['a rate limit', { error: { message: 'slow down', type: 'rate_limit_error', code: 429 } }, 429],
    ['an overload', { error: { message: 'Overloaded', type: 'overloaded_error', code: 529 } }, 529],
    ['a failure of its own', { error: { message: 'CUDA out of memory', type: 'internal_error', code: 500 } }, 500],
    [
      'a reason without an error member',
      { object: 'error', detail: 'CUDA out of memory', message: 'CUDA out of memory' },
      500,
    ],
    ['a list', [{ error: { message: 'slow down', code: 429, type: 'rate_limit_error' } }], 429],
  ] as const;
  const forms = (failure: object) =>
    [JSON.stringify(failure), JSON.stringify(failure, null, 2), `${JSON.stringify(failure, null, 4)}\r\n\r\n`].flatMap(
      (json) => [json, `\n\n${json}`, `: wait\n\n${json}`],
    );

  test.each(failures)('that is %s without "data:" is that, with its class', (_what, failure, status) => {
    for (const body of forms(failure)) {
      for (const size of [1, 1_000_000]) {
        const { progress, text: out } = played(body, size);
        expect([progress.state, progress.error?.status]).toEqual(['failed', status]);
        expect(out).not.toContain('message_start');
      }
      expect(collected(body)).toMatchObject({ kind: 'failure', error: { status } });
    }
  });

  test('that breaks off with a failure without "data:" ends with its reason', () => {
    const good = stream.slice(0, stream.indexOf('\n\n', stream.indexOf('loaf')) + 2);
    for (const failure of forms({
      type: 'error',
      error: { message: 'slow down', type: 'rate_limit_error', code: 429 },
    })) {
      const { progress, text: out } = played(good + failure);
      expect([progress.state, progress.error?.status]).toEqual(['failed', 429]);
      expect(out.match(/event: error\ndata: .*slow down/gu)).toHaveLength(1);
      expect(out).not.toContain('message_stop');
    }
  });

  test.each(['Internal Server Error', 'null', '"text"', '42', '[]', '{}', ''])('that is %j is no success', (body) => {
    expect(played(body).progress.state).not.toBe('complete');
    expect(collected(body).kind).toBe('failure');
  });
});

test.each(targets.slice(0, 2))(
  'an overflow that $name tells without "data:" makes the client compact',
  ({ target }) => {
    const failure = {
      error: {
        message: "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens.",
        code: 'context_length_exceeded',
      },
    };
    const { progress } = playStream(translate(plainRequest, target), [bytesOf(JSON.stringify(failure, null, 2))]);
    expect(progress.error).toMatchObject({
      status: 400,
      publicMessage: expect.stringContaining('prompt is too long: 5000'),
    });
  },
);

test.each(targets.slice(0, 2))('plain words in the place of an answer of $name are told', ({ target }) => {
  const { progress } = playStream(translate(plainRequest, target), [bytesOf('upstream worker has died\n')]);
  expect(progress).toMatchObject({
    state: 'failed',
    error: { publicMessage: expect.stringContaining('upstream worker has died') },
  });
});

test('an error that an older llama.cpp gives a field of its own is an error', () => {
  const body = 'error: {"code":503,"message":"Loading model","type":"unavailable_error"}\n\n';
  const { progress } = playStream(translate(plainRequest, { dialect: 'openai-chat', model: 'm' }), [bytesOf(body)]);
  expect(progress.error).toMatchObject({ status: 529, publicMessage: expect.stringContaining('Loading model') });
});

test('blocks that only Anthropic has survive the change of form, both ways', () => {
  const content = [
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'é' } },
    {
      type: 'web_search_tool_result',
      tool_use_id: 'srvtoolu_1',
      content: [{ type: 'web_search_result', url: 'https://a' }],
    },
    { type: 'redacted_thinking', data: 'xyz' },
    { type: 'text', text: 'Half', citations: [{ type: 'char_location', cited_text: 'a' }, { type: 'char_location' }] },
    { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: {} },
  ];
  const whole = { ...message, content, usage: { ...usage, server_tool_use: { web_search_requests: 1 } } };
  const target: TestTarget = { dialect: 'anthropic', model: 'claude-opus-5-5' };
  const streamed = playStream(translate(plainRequest, target), [bytesOf(JSON.stringify(whole))]).text;
  const answer = translate(plainRequest, target).reader.answer(bytesOf(streamed));
  const body = answer.kind === 'message' ? answer.body : '{}';
  expect(JSON.parse(Buffer.from(String(body), 'latin1').toString())).toEqual(whole);
});

function pick(value: unknown, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(Object(value)).filter(([name]) => names.includes(name)));
}
