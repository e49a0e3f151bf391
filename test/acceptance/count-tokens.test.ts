import {
  anthropicScript,
  collectFrames,
  cut,
  hang,
  head,
  jsonAt,
  jsonScript,
  openAiChatFrame,
  openAiChatSseHead,
  playModel,
  say,
  unreachableUrl,
  write,
} from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { expectError } from './support/expect-error.ts';
import { sendRaw } from './support/send-raw.ts';
import type { RawAnswer } from './support/send-raw.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await startSuite('count-tokens', { PREFERRED_PROVIDER: 'openai', RATE_LIMIT_RPM: '1000' });
});
afterAll(() => suite.close());
beforeEach(() => {
  suite.upstream.reset();
  suite.upstream.play(playModel([{ content: [say('fine')] }]));
});

const beta = '/v1/messages/count_tokens?beta=true';
const translated = `/openai:vendor/model:tag${beta}`;
const native = `/anthropic:claude-opus-5-5${beta}`;
const foo = { model: 'claude-opus-5-5', messages: [{ role: 'user', content: 'foo' }] };

async function count(path: string, body: unknown = foo, at: Suite = suite): Promise<RawAnswer> {
  return sendRaw(at.gateway.url, {
    path,
    headers: [
      ['x-api-key', at.apiKey],
      ['content-type', 'application/json'],
      ['anthropic-beta', 'token-counting-2024-11-01'],
    ],
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

function tokensOf({ status, text }: RawAnswer): number {
  expect(status, text).toBe(200);
  const answer: { readonly input_tokens: number } = JSON.parse(text);
  expect(answer).toEqual({ input_tokens: expect.toSatisfy((value) => Number.isInteger(value) && value > 0) });
  return answer.input_tokens;
}

const estimated = { 'x-gateway-warnings': 'input_tokens approximated', 'content-type': 'application/json' };

describe('where the provider does not speak the dialect', () => {
  test.each([beta, translated, '/v1/v1/messages/count_tokens'])('%s is estimated, without a call', async (path) => {
    const answer = await count(path);
    expect(tokensOf(answer)).toBeLessThan(25);
    expect(answer.headers).toMatchObject(estimated);
    expect(suite.upstream.requests).toHaveLength(0);
  });

  test("a system prompt, a tool and an image cost what they are, as Claude Code's picture of its context needs", async () => {
    const base = tokensOf(await count(translated));
    const more = async (change: object): Promise<number> => {
      return tokensOf(await count(translated, { ...foo, ...change })) - base;
    };
    const schema = { type: 'object', properties: { path: { type: 'string', description: 'Where it is.' } } };
    expect(await more({ system: 'word '.repeat(1000) })).toBeGreaterThan(900);
    expect(await more({ tools: [{ name: 'Read', description: 'Reads it.', input_schema: schema }] })).toBeGreaterThan(
      30,
    );
    const data = Buffer.concat([Buffer.from('GIF89a'), Buffer.from([44, 1, 200, 0]), Buffer.alloc(9000)]);
    const source = { type: 'base64', media_type: 'image/gif', data: data.toString('base64') };
    const seen = await more({ messages: [{ role: 'user', content: [{ type: 'image', source }] }] });
    expect(seen).toBeGreaterThan(70);
    expect(seen).toBeLessThan(120);
  });

  test('a history of more messages than can be translated is refused', async () => {
    const messages = Array.from({ length: 10_001 }, () => ({ role: 'user', content: 'x' }));
    expectError(await count(translated, { ...foo, messages }), {
      status: 400,
      type: 'invalid_request_error',
      message: /At most 10,000 messages .* this request has 10,001 messages/u,
    });
  });

  test('the estimate follows what the provider reports', async () => {
    const path = '/openai:learned';
    const body = {
      ...foo,
      max_tokens: 8,
      messages: [{ role: 'user', content: 'plain words, again and again. '.repeat(60) }],
    };
    const before = tokensOf(await count(`${path}${beta}`, body));
    const reported = Math.round(before * 1.6);
    const usage = { input: reported - 100, cacheRead: 100, output: 1 };
    suite.upstream.play(playModel([{ content: [say('fine')], usage }]));
    for (const stream of [true, false, true, false]) {
      expect((await count(`${path}/v1/messages`, { ...body, stream })).status).toBe(200);
    }
    const after = tokensOf(await count(`${path}${beta}`, body));
    expect(after).toBeGreaterThan(before * 1.3);
    expect(after).toBeLessThan(reported * 1.25);
    expect(tokensOf(await count(`/openai:another${beta}`, body))).toBe(before);
  });
});

describe('a translated stream', () => {
  const path = '/openai:silent';
  const body = {
    ...foo,
    max_tokens: 8,
    messages: [{ role: 'user', content: 'some words, again and again. '.repeat(60) }],
  };
  const unreported = [
    ...openAiChatSseHead(),
    write(openAiChatFrame('silent', { choices: [{ index: 0, delta: { role: 'assistant', content: 'fine' } }] })),
    write(openAiChatFrame('silent', { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })),
    write('data: [DONE]\n\n'),
  ];

  test('begins with the estimate, which learns nothing where the provider reports nothing', async () => {
    const counted = tokensOf(await count(`${path}${beta}`, body));
    for (let asked = 0; asked < 5; asked += 1) {
      suite.upstream.answer(unreported);
      const { text } = await count(`${path}/v1/messages`, { ...body, stream: true });
      const start = collectFrames(text).find(({ event }) => event === 'message_start');
      expect(jsonAt(JSON.parse(start?.data ?? '{}'), 'message', 'usage', 'input_tokens')).toBe(counted);
    }
    expect(tokensOf(await count(`${path}${beta}`, body))).toBe(counted);
  });
});

describe('where the provider speaks the dialect', () => {
  test('it counts: the body goes there with the model of the URL, and its answer comes back as it is', async () => {
    const answer = '{"input_tokens": 2095,"context_management":{"original_input_tokens":2095}}';
    suite.upstream.answer([
      head(200, { 'content-type': 'application/json', 'request-id': 'req_theirs' }),
      write(answer),
    ]);
    const counted = await count(`/anthropic:claude-sonnet-5${beta}`);
    expect([counted.status, counted.text]).toEqual([200, answer]);
    expect(counted.headers['x-upstream-request-id']).toBe('req_theirs');
    expect(counted.headers['x-gateway-warnings']).toBeUndefined();
    const [request] = suite.upstream.requests;
    expect(request?.path).toBe(beta);
    expect(request?.json()).toEqual({ ...foo, model: 'claude-sonnet-5' });
    expect(request?.headers).toMatchObject({
      'x-api-key': suite.providerKeys.anthropic,
      'anthropic-beta': 'token-counting-2024-11-01',
      'anthropic-version': '2023-06-01',
    });
  });

  const error = (type: string) => ({ type: 'error', error: { type, message: 'Something of theirs.' } });
  test.each([
    { what: 'does not know the path', script: jsonScript(404, error('not_found_error')) },
    { what: 'does not know the method', script: jsonScript(405, 'no') },
    { what: 'limits it', script: jsonScript(429, error('rate_limit_error')) },
    { what: 'fails', script: jsonScript(500, error('api_error')) },
    { what: 'is overloaded', script: jsonScript(529, error('overloaded_error')) },
    { what: 'answers with a page', script: [head(200, { 'content-type': 'text/html' }), write('<html>')] },
    { what: 'answers with something else', script: jsonScript(200, { tokens: 5 }) },
    { what: 'breaks off', script: [head(200, { 'content-length': '40' }), write('{"input'), cut] },
  ])('when it $what, the estimate answers', async ({ what, script }) => {
    suite.upstream.answer(script);
    const answer = await count(`/anthropic:${encodeURIComponent(what)}${beta}`);
    expect(tokensOf(answer)).toBeLessThan(30);
    expect(answer.headers).toMatchObject(estimated);
    expect(suite.upstream.requests).toHaveLength(1);
  });

  test.each([
    [404, 1],
    [501, 1],
    [500, 2],
    [429, 2],
  ])('after a %i, two counts take %i calls, and other models are asked still', async (status, calls) => {
    suite.upstream.play(() => jsonScript(status, error('not_found_error')));
    const asked = `/anthropic:says-${status}${beta}`;
    for (const answer of [await count(asked), await count(asked)]) expect(answer.headers).toMatchObject(estimated);
    expect(suite.upstream.requests).toHaveLength(calls);
    await count(`/anthropic:beside-${status}${beta}`);
    expect(suite.upstream.requests).toHaveLength(calls + 1);
  });

  test('a refusal is passed on, and one of the credential is nobody else’s to solve', async () => {
    suite.upstream.answer(jsonScript(400, error('invalid_request_error')));
    expectError(await count(native), {
      status: 400,
      type: 'invalid_request_error',
      message: /^Something of theirs\.$/u,
    });
    suite.upstream.answer(jsonScript(401, error('authentication_error')));
    expectError(await count(native), {
      status: 500,
      type: 'api_error',
      message: /anthropic/u,
      headers: { 'x-should-retry': 'false' },
    });
  });

  test('when nobody listens or nobody answers, the estimate does', async () => {
    const lonely = await startSuite('count-tokens-lonely', { ANTHROPIC_API_BASE: await unreachableUrl() });
    try {
      expect((await count(native, foo, lonely)).headers).toMatchObject(estimated);
    } finally {
      await lonely.close();
    }
    suite.upstream.answer([hang]);
    expect((await count(native)).headers).toMatchObject(estimated);
    await suite.upstream.requests[0]?.aborted;
  });
});

test('an Anthropic-compatible server counts what it would be sent', async () => {
  const compatible = await startSuite('count-tokens-compatible', { ANTHROPIC_PROFILE: 'llama-cpp' });
  try {
    compatible.upstream.play(() => jsonScript(200, { input_tokens: 11 }));
    const counted = await count(native, { ...foo, metadata: { user_id: 'u' } }, compatible);
    expect([counted.status, counted.text]).toEqual([200, '{"input_tokens":11}']);
    const [request] = compatible.upstream.requests;
    expect(request?.path).toBe(beta);
    expect(jsonAt(request?.json(), 'messages')).toEqual([{ role: 'user', content: [{ type: 'text', text: 'foo' }] }]);
    expect(jsonAt(request?.json(), 'metadata')).toBeUndefined();
  } finally {
    await compatible.close();
  }
});

describe('a bad request', () => {
  const invalid = { status: 400, type: 'invalid_request_error' } as const;
  test.each([
    { what: 'no model', body: { ...foo, model: undefined }, message: /"model"/u },
    { what: 'a mistyped model', body: { ...foo, model: 5 }, message: /"model"/u },
    { what: 'no messages', body: { model: 'm' }, message: /^messages: /u },
    { what: 'mistyped messages', body: { ...foo, messages: 'hi' }, message: /^messages: /u },
    { what: 'no message', body: '{"model":"m","messages": [ ]}', message: /^messages: at least one/u },
    { what: 'broken JSON', body: '{"model":"m","messages":[}', message: /JSON/u },
    { what: 'JSON that is broken further down', body: '{"model":"m","messages":[{"a" 1}]}', message: /JSON/u },
    {
      what: 'nesting that exhausts a stack',
      body: `{"model":"m","messages":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
      message: /JSON|nest/u,
    },
  ])('$what is named', async ({ body, message }) => {
    expectError(await count(translated, body), { ...invalid, message });
  });

  test('no key, another method, an unknown provider', async () => {
    const headers = [['content-type', 'application/json']] as const;
    expectError(await sendRaw(suite.gateway.url, { path: beta, headers, body: JSON.stringify(foo) }), {
      status: 401,
      type: 'authentication_error',
      message: /API key/u,
      headers: { 'x-should-retry': 'false' },
    });
    const path = '/v1/messages/count_tokens';
    const got = await sendRaw(suite.gateway.url, { method: 'GET', path, headers: [['x-api-key', suite.apiKey]] });
    expectError(got, { status: 405, type: 'invalid_request_error', message: /POST/u, headers: { allow: 'POST' } });
    expectError(await count(`/nobody:m${path}`), { status: 404, type: 'not_found_error', message: /nobody/u });
  });
});

test('it is free of the limit of requests', async () => {
  const limited = await startSuite('count-tokens-limit', { PREFERRED_PROVIDER: 'openai', RATE_LIMIT_RPM: '1' });
  limited.upstream.play(playModel([{ content: [say('fine')] }]));
  try {
    for (let asked = 0; asked < 3; asked += 1) tokensOf(await count(beta, foo, limited));
    const statuses = [];
    for (let asked = 0; asked < 2; asked += 1) {
      statuses.push((await count('/v1/messages', { ...foo, max_tokens: 1 }, limited)).status);
    }
    expect(statuses).toEqual([200, 429]);
  } finally {
    await limited.close();
  }
});

test('one line and one count say what it was', async () => {
  suite.upstream.answer((request) => anthropicScript(request, { content: [say('not a count')] }));
  const requestId = (await count(native)).headers['request-id'];
  const line = await suite.gateway.waitForLog((one) => one['requestId'] === requestId);
  expect(line).toMatchObject({
    endpoint: 'count_tokens',
    status: 200,
    outcome: 'ok',
    provider: 'anthropic',
    model: 'claude-opus-5-5',
    dialect: 'anthropic',
    upstreamStatus: 200,
    warnings: ['input_tokens approximated'],
  });
  const metrics = await (await fetch(`${suite.gateway.opsUrl}/metrics`)).text();
  expect(metrics).toMatch(
    /^ccg_requests_total\{endpoint="count_tokens",dialect="anthropic",provider="anthropic",model="claude-opus-5-5",status="200",outcome="ok"\} \d+$/mu,
  );
});

test('25 at once on 132 KB are answered in a fraction of the time that a client waits', async () => {
  const words = (seed: number): string =>
    Array.from({ length: 800 }, (_, index) => `${((index + 1) * seed * 7919).toString(36)} of line ${index}`).join(
      '\n',
    );
  const messages = Array.from({ length: 9 }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: [{ type: 'text', text: words(index + 2) }],
  }));
  const body = JSON.stringify({ model: 'm', messages });
  expect(body.length).toBeGreaterThan(132_000);
  const startedAt = performance.now();
  const answers = await Promise.all(Array.from({ length: 25 }, () => count(translated, body)));
  // The goal is a second; the bound leaves room for a busy machine.
  expect(performance.now() - startedAt).toBeLessThan(5000);
  expect(new Set(answers.map(tokensOf)).size).toBe(1);
});
