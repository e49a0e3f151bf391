import { jsonScript, playModel, say, unreachableUrl } from '@ccg/testkit';
import type { Script } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { expectError } from './support/expect-error.ts';
import type { RawAnswer } from './support/send-raw.ts';
import { sendRaw } from './support/send-raw.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await startSuite('upstream-refusals', { PREFERRED_PROVIDER: 'openai' });
});
afterAll(() => suite.close());
beforeEach(() => {
  suite.upstream.reset();
  suite.upstream.play(playModel([{ content: [say('fine')] }]));
});

const paths = {
  anthropic: '/anthropic:claude-opus-5-5/v1/messages',
  openai: '/openai:vendor/model:tag/v1/messages',
} as const;

async function ask(path: string, stream: boolean): Promise<RawAnswer> {
  const body = { model: 'claude-opus-5-5', max_tokens: 64, stream, messages: [{ role: 'user', content: 'hi' }] };
  return sendRaw(suite.gateway.url, {
    path,
    headers: [
      ['x-api-key', suite.apiKey],
      ['content-type', 'application/json'],
    ],
    body: JSON.stringify(body),
  });
}

function withHeaders(script: Script, more: Readonly<Record<string, string>>): Script {
  return script.map((step) => (step.kind === 'head' ? { ...step, headers: { ...step.headers, ...more } } : step));
}

const refusals = [
  {
    provider: 'anthropic',
    status: 401,
    body: { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } },
  },
  {
    provider: 'anthropic',
    status: 402,
    body: { type: 'error', error: { type: 'billing_error', message: 'Your credit is used up.' } },
  },
  {
    provider: 'anthropic',
    status: 403,
    body: {
      type: 'error',
      error: {
        type: 'permission_error',
        message: 'Your API key does not have permission to use the specified resource.',
      },
    },
  },
  {
    provider: 'openai',
    status: 401,
    body: {
      error: {
        message: 'Incorrect API key provided: sk-abc.',
        type: 'invalid_request_error',
        param: null,
        code: 'invalid_api_key',
      },
    },
  },
  { provider: 'openai', status: 402, body: { error: { message: 'Insufficient credits', code: 402 } } },
  { provider: 'openai', status: 403, body: { status: 403, title: 'Forbidden', detail: 'Authorization failed' } },
] as const;

describe.each([
  { mode: 'a stream', stream: true },
  { mode: 'JSON', stream: false },
])('asked for $mode', ({ stream }) => {
  test.each(refusals)(
    "$provider refuses the gateway's credential with $status: an error of the gateway that no client retries",
    async ({ provider, status, body }) => {
      suite.upstream.answer(jsonScript(status, body));
      const answer = await ask(paths[provider], stream);
      expectError(answer, {
        status: 500,
        type: 'api_error',
        message: new RegExp(provider, 'u'),
        headers: { 'x-should-retry': 'false' },
      });
      expect(answer.text).not.toContain('sk-abc');
      expect((await ask(paths[provider], stream)).status).toBe(200);
    },
  );

  test('the words of anthropic are kept, its request id beside ours', async () => {
    const error = { type: 'overloaded_error', message: 'Overloaded, come back in a while' };
    const headers = {
      'retry-after': '7',
      'x-should-retry': 'true',
      'request-id': 'req_theirs',
    };
    suite.upstream.answer(jsonScript(529, { type: 'error', error, request_id: 'req_theirs' }, headers));
    const answer = await ask(paths.anthropic, stream);
    expectError(answer, {
      status: 529,
      type: 'overloaded_error',
      message: /^Overloaded, come back in a while$/u,
      headers: {
        'retry-after': '7',
        'x-should-retry': 'true',
        'x-upstream-request-id': 'req_theirs',
      },
    });
    expect(answer.headers['request-id']).not.toBe('req_theirs');
  });

  // Clients read whole seconds alone.
  test.each([
    ['a date', { date: 'Sat, 28 Nov 2026 12:00:00 GMT', 'retry-after': 'Sat, 28 Nov 2026 12:00:20 GMT' }, '', '20'],
    ['a fraction', { 'retry-after': '1.5' }, '', '2'],
    ['milliseconds', { 'retry-after-ms': '2500' }, '', '3'],
    ['a sentence', {}, ' Please try again in 34s.', '34'],
    ['more than a client waits', { 'retry-after': '120' }, '', '120'],
  ])('a wait that an Anthropic server tells in %s is told in seconds', async (_how, headers, sentence, seconds) => {
    const message = `Too many requests.${sentence}`;
    suite.upstream.answer(jsonScript(429, { type: 'error', error: { type: 'rate_limit_error', message } }, headers));
    expectError(await ask(paths.anthropic, stream), {
      status: 429,
      type: 'rate_limit_error',
      message: new RegExp(message, 'u'),
      headers: { 'retry-after': seconds },
    });
  });

  test.each(['anthropic', 'openai'] as const)(
    'what %s says of the limits of its account goes no further, in an answer, a refusal or an overload',
    async (provider) => {
      const limits = {
        'anthropic-ratelimit-requests-remaining': '3',
        'anthropic-ratelimit-unified-status': 'allowed_warning',
        'anthropic-ratelimit-unified-representative-claim': 'five_hour',
        'x-ratelimit-remaining-tokens': '5',
      };
      const play = playModel([{ content: [say('fine')] }]);
      const refusal = { type: 'error', error: { type: 'rate_limit_error', message: 'Number of requests exceeded.' } };
      for (const status of [200, 429, 529]) {
        suite.upstream.play((request) =>
          status === 200 ? withHeaders(play(request), limits) : jsonScript(status, refusal, limits),
        );
        const answer = await ask(paths[provider], stream);
        expect(answer.status).toBe(status);
        expect(Object.keys(answer.headers).filter((name) => name.includes('ratelimit'))).toEqual([]);
      }
    },
  );

  test("an overflow is told in Claude Code's words", async () => {
    const message =
      "This model's maximum context length is 131072 tokens. However, your messages resulted in 140000 tokens.";
    suite.upstream.answer(
      jsonScript(400, {
        error: { message, type: 'invalid_request_error', param: 'messages', code: 'context_length_exceeded' },
      }),
    );
    expectError(await ask(paths.openai, stream), {
      status: 400,
      type: 'invalid_request_error',
      message: /^prompt is too long: 140000 tokens > 131072 maximum/u,
    });
  });

  test('a rate limit of the upstream stays one', async () => {
    suite.upstream.answer(
      jsonScript(
        429,
        { error: { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' } },
        { 'retry-after': '11' },
      ),
    );
    expectError(await ask(paths.openai, stream), {
      status: 429,
      type: 'rate_limit_error',
      message: /Rate limit reached/u,
      headers: { 'retry-after': '11' },
    });
  });

  test('HTML is no answer', async () => {
    suite.upstream.answer([
      { kind: 'head', status: 200, headers: { 'content-type': 'text/html' } },
      { kind: 'write', bytes: '<html>Sign in</html>' },
    ]);
    const answer = await ask(paths.openai, stream);
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expectError(answer, { status: answer.status, type: 'api_error', message: /openai/u });
  });
});

test('an upstream that nobody listens for is a 502, and one at a link-local address is not called', async () => {
  const lonely = await startSuite('upstream-unreachable', {
    PREFERRED_PROVIDER: 'openai',
    OPENAI_BASE_URL: `${await unreachableUrl()}/v1`,
    ANTHROPIC_API_BASE: 'http://[::ffff:169.254.169.254]',
  });
  const askAt = (path: string) =>
    sendRaw(lonely.gateway.url, {
      path,
      headers: [
        ['x-api-key', lonely.apiKey],
        ['content-type', 'application/json'],
      ],
      body: JSON.stringify({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'hi' }] }),
    });
  try {
    expectError(await askAt(paths.openai), { status: 502, type: 'api_error', message: /openai/u });
    expectError(await askAt(paths.anthropic), {
      status: 500,
      type: 'api_error',
      message: /^The provider "anthropic" resolves to a link-local address/u,
      headers: { 'x-should-retry': 'false' },
    });
  } finally {
    await lonely.close();
  }
});
