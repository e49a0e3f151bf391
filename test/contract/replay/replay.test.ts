import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { jsonAt } from '@ccg/testkit';
import { describe, expect, test } from 'vitest';
import { describeReplay } from './describe-replay.ts';
import { judge } from './judge.ts';
import { readExchange } from './read-exchange.ts';
import type { ReadExchange } from './read-exchange.ts';
import { replayExchange } from './replay-exchange.ts';
import { writeFixture } from './write-fixture.ts';

const body = { model: 'claude-opus-5-5', max_tokens: 100, stream: true, messages: [{ role: 'user', content: 'hi' }] };
const request = { dialect: 'openai-chat', model: 'gpt-4.1', body };
const sse = { 'content-type': 'text/event-stream' };

function chunk(delta: unknown, finish: string | null = null): string {
  return `data: ${JSON.stringify({ id: 'c1', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
}

const whole = `${chunk({ content: 'Hello' })}${chunk({ content: ' there' })}${chunk({}, 'stop')}data: [DONE]\n\n`;
const refusal = {
  status: 400,
  headers: { 'content-type': 'application/json' },
  text: '{"error":{"message":"Unsupported parameter: \'stream_options\'","param":"stream_options"}}',
};

function exchangeOf(upstream: unknown, change: object = {}): ReadExchange {
  return readExchange(JSON.stringify({ version: 1, request: { ...request, ...change }, upstream }));
}

async function replay(upstream: unknown, change: object = {}) {
  const exchange = exchangeOf(upstream, change);
  const replayed = await replayExchange(exchange);
  const verdict = judge(exchange, replayed);
  return { ...replayed, verdict, printed: describeReplay(exchange, replayed, verdict) };
}

const anthropicStream = [
  'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_a","type":"message","role":"assistant","model":"m","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}\n\n',
  'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
  'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}\n\n',
  'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
  'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}\n\n',
  'event: message_stop\ndata: {"type":"message_stop"}\n\n',
].join('');
const completion = JSON.stringify({
  id: 'c1',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hello' } }],
  usage: { prompt_tokens: 3, completion_tokens: 1 },
});
const withCall = JSON.stringify({
  choices: [
    {
      index: 0,
      finish_reason: 'tool_calls',
      message: {
        reasoning_content: 'I look.',
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'Bash', arguments: '{"command":"ls"}' } }],
      },
    },
  ],
});
const anthropicMessage = JSON.stringify({
  id: 'msg_a',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'text', text: 'Hello' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 3, output_tokens: 5 },
});
const json = { 'content-type': 'application/json' };
const asJson = { body: { ...body, stream: false } };
const messages = { dialect: 'anthropic', model: 'claude-opus-5-5' };

describe('the verdict is good for', () => {
  test.each<[string, unknown, object, RegExp]>([
    ['a stream', { status: 200, headers: sse, text: whole }, {}, /^a whole stream, stop reason end_turn\.$/u],
    ['a stream without its end', { status: 200, headers: sse, text: chunk({ content: 'Hel' }) }, {}, /error event/u],
    ['a stream that was cut', { status: 200, headers: sse, text: chunk({ content: 'Hel' }), end: 'cut' }, {}, /error/u],
    ['a provider that never answers', { end: 'open' }, {}, /^status 50\d/u],
    ['no connection', [{ end: 'unreachable' }, { end: 'unreachable' }], {}, /^status 50\d/u],
    ['a refused request', { status: 404, headers: json, text: '{"error":{"message":"no model"}}' }, {}, /^status 404/u],
    ['a web page', { status: 502, headers: { 'Content-Type': 'text/html' }, text: '<html>' }, {}, /^status 5\d\d/u],
    [
      'an answer in JSON',
      { status: 200, headers: json, text: completion },
      asJson,
      /^a whole message, stop reason end/u,
    ],
    ['a call in JSON', { status: 200, headers: json, text: withCall }, asJson, /stop reason tool_use/u],
    ['bytes that are no UTF-8', { status: 200, headers: sse, base64: '//79' }, {}, /^status 50\d|error event/u],
    [
      'a compressed stream',
      { status: 200, headers: { ...sse, 'content-encoding': 'gzip' }, base64: gzipSync(whole).toString('base64') },
      {},
      /^a whole stream/u,
    ],
    ['a passed stream', { status: 200, headers: sse, text: anthropicStream }, messages, /^a passed stream/u],
    [
      'a passed message',
      { status: 200, headers: json, text: anthropicMessage },
      { ...messages, ...asJson },
      /^a whole/u,
    ],
    [
      'a stream of an Anthropic-compatible server',
      { status: 200, headers: sse, text: anthropicStream },
      { ...messages, profile: 'glm' },
      /^a whole stream, stop reason end_turn\.$/u,
    ],
    ['a request that is refused before any call', [], { body: '{"model":' }, /^status 400, invalid_request_error\.$/u],
  ])('%s', async (_what, upstream, change, text) => {
    const { verdict, unanswered } = await replay(upstream, change);
    expect(verdict).toEqual({ isGood: true, text: expect.stringMatching(text) });
    expect(unanswered).toBe(0);
  });
});

test('the example of the README can be replayed', async () => {
  const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
  const [, example = ''] = /^```json\n(\{\n {2}"version".*?)^```$/msu.exec(readme) ?? [];
  const exchange = readExchange(example);
  const verdict = judge(exchange, await replayExchange(exchange));
  expect(verdict).toEqual({ isGood: true, text: 'a stream that ends with an error event, api_error.' });
});

test('a provider that neither goes on nor closes costs no time', async () => {
  const { client } = await replay({
    status: 200,
    headers: sse,
    text: whole.replace('data: [DONE]\n\n', ''),
    end: 'open',
  });
  expect(client.text).toContain('Hello');
});

test('every call is replayed: the refusal of a field, and the answer without it', async () => {
  const { sent, client, printed } = await replay([refusal, { status: 200, headers: sse, text: whole }]);
  expect(sent.map((bytes) => 'stream_options' in JSON.parse(Buffer.from(bytes).toString()))).toEqual([true, false]);
  expect(client.text).toContain('message_stop');
  expect(printed).toMatch(/Call 1 sent upstream[^]*status 400[^]*Call 2 sent upstream[^]*Verdict {3}good/u);
});

test('chunks come as they were cut', async () => {
  const lengths = [1, 30, Buffer.byteLength(whole) - 31];
  const { client } = await replay({ status: 200, headers: sse, text: whole, chunks: lengths });
  expect(client.text).toBe((await replay({ status: 200, headers: sse, text: whole })).client.text);
});

test('what was recorded of the gateway counts: estimate, limits, cap and corrections of the model', async () => {
  const { sent, client } = await replay(
    { status: 200, headers: sse, text: whole },
    { estimatedInputTokens: 4711, maxOutputTokens: 50, limits: { outputTokens: 70 } },
  );
  expect(client.text).toContain('"input_tokens":4711');
  expect(Buffer.from(sent[0] ?? []).toString()).toMatch(/"max(?:_completion)?_tokens":50/u);
});

test('a call that the recording does not have is no verdict on the answer', async () => {
  const { verdict } = await replay([refusal]);
  expect(verdict).toEqual({ isGood: false, text: expect.stringContaining('made call 2, of which the recording') });
});

test('what is sent otherwise than then is named', async () => {
  const { printed } = await replay({ status: 200, headers: sse, text: whole, sent: { model: 'gpt-4.1', top_k: 3 } });
  expect(printed).toMatch(/\(not as it was sent then: .*messages.*top_k\)/u);
});

test.each<[string, Record<string, string>, (good: string) => string, RegExp]>([
  [
    'indices with a gap',
    sse,
    (text) => text.replaceAll('"index":0', '"index":1'),
    /^an index that does not follow\.$/u,
  ],
  [
    'a stream without its end',
    sse,
    (text) => text.slice(0, text.indexOf('event: message_delta')),
    /neither message_stop nor/u,
  ],
  ['a stream with two ends', sse, (text) => text + text.slice(text.indexOf('event: message_stop')), /after the end/u],
  ['nothing at all', sse, () => '', /neither message_stop nor/u],
  ['a document that is no message', json, () => '{"type":"message","content":[]}', /./u],
])('the verdict is bad for %s', async (_what, headers, spoil, says) => {
  const exchange = exchangeOf({ status: 200, headers: sse, text: whole });
  const replayed = await replayExchange(exchange);
  const client = { status: 200, headers, text: spoil(replayed.client.text) };
  expect(judge(exchange, { ...replayed, client })).toEqual({ isGood: false, text: expect.stringMatching(says) });
});

describe('a file that is no exchange is refused with what is wrong:', () => {
  const call = { status: 200, text: '' };
  test.each<[string, string, RegExp]>([
    ['no JSON', 'hello', /it is not JSON/u],
    ['another document', '{"model":"m"}', /^ {2}version: must be 1$/mu],
    ['a later version', JSON.stringify({ version: 2, request, upstream: call }), /^ {2}version: must be 1$/mu],
    ['no request', JSON.stringify({ version: 1, upstream: call }), /^ {2}request: /mu],
    [
      'no body',
      JSON.stringify({ version: 1, request: { ...request, body: undefined }, upstream: call }),
      /request\.body: /u,
    ],
    [
      'an unknown dialect',
      JSON.stringify({ version: 1, request: { ...request, dialect: 'x' }, upstream: call }),
      /dialect: must be openai-chat, openai-responses, anthropic, ollama or gemini/u,
    ],
    [
      'an unknown profile',
      JSON.stringify({ version: 1, request: { ...request, profile: 'x' }, upstream: call }),
      /request\.profile: must be one of/u,
    ],
    [
      'a member that nobody reads',
      JSON.stringify({ version: 1, request, upstream: { ...call, bytes: '' } }),
      /^ {2}upstream\.0: .*bytes/mu,
    ],
    [
      'text and base64',
      JSON.stringify({ version: 1, request, upstream: { ...call, base64: '' } }),
      /call 1 of "upstream" has both/u,
    ],
    [
      'no status and no reason',
      JSON.stringify({ version: 1, request, upstream: {} }),
      /call 1 of "upstream" has neither/u,
    ],
    [
      'chunks of another length',
      JSON.stringify({ version: 1, request, upstream: { ...call, chunks: [3] } }),
      /has 0 bytes, and its chunks are 3/u,
    ],
    [
      'a recording without bodies',
      JSON.stringify({ version: 1, truncated: true, request, upstream: call }),
      /has no bodies/u,
    ],
  ])('%s', (_what, text, says) => {
    expect(() => readExchange(text)).toThrow(says);
  });
});

test('a fixture of an exchange holds what goes in and what the library makes of it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ccg-fixture-'));
  try {
    const exchange = exchangeOf([refusal, { status: 200, headers: sse, text: whole }], { estimatedInputTokens: 12 });
    await writeFixture(folder, exchange);
    const files = ['failure.in.json', 'failure.out.json', 'request.in.json', 'request.out.json'];
    expect((await readdir(folder)).toSorted()).toEqual(
      [...files, 'meta.json', 'stream.in.txt', 'stream.out.txt'].toSorted(),
    );
    const meta: unknown = JSON.parse(await readFile(join(folder, 'meta.json'), 'utf8'));
    expect(meta).toMatchObject({ model: 'gpt-4.1', profile: 'compatible', estimatedInputTokens: 12 });
    expect(await readFile(join(folder, 'stream.in.txt'), 'utf8')).toBe(whole);
    const out = await readFile(join(folder, 'stream.out.txt'), 'utf8');
    expect(out).toBe((await replayExchange(exchange)).client.text);
    expect(jsonAt(JSON.parse(await readFile(join(folder, 'request.out.json'), 'utf8')), 'body', 'model')).toBe(
      'gpt-4.1',
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
