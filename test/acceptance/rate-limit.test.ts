import { jsonScript, playModel, say } from '@ccg/testkit';
import { afterEach, expect, test } from 'vitest';

import { expectError } from './support/expect-error.ts';
import { sendRaw } from './support/send-raw.ts';
import type { RawAnswer } from './support/send-raw.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let suite: Suite | undefined;
afterEach(() => suite?.close());

async function startLimited(requestsPerMinute: number): Promise<Suite> {
  suite = await startSuite('rate-limit', { PREFERRED_PROVIDER: 'openai', RATE_LIMIT_RPM: String(requestsPerMinute) });
  suite.upstream.play(playModel([{ content: [say('fine')] }]));
  return suite;
}

async function ask({ gateway, apiKey }: Suite): Promise<RawAnswer> {
  return sendRaw(gateway.url, {
    headers: [
      ['x-api-key', apiKey],
      ['content-type', 'application/json'],
    ],
    body: JSON.stringify({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'hi' }] }),
  });
}

const limited = { status: 429, type: 'rate_limit_error', message: /per minute/u } as const;

test('the request over the limit is told a wait that Claude Code accepts, and costs the upstream nothing', async () => {
  const one = await startLimited(1);
  expect((await ask(one)).status).toBe(200);
  const refused = await ask(one);
  expectError(refused, { ...limited, headers: { 'retry-after': /^(?:[1-9]|[1-5]\d|60)$/u } });
  expect(refused.headers['x-should-retry']).not.toBe('false');
  expect(one.upstream.requests).toHaveLength(1);
});

test('an answer tells the limit of its tenant, and nothing of those that the provider has for the account', async () => {
  const one = await startLimited(60);
  const answer = { choices: [{ index: 0, message: { role: 'assistant', content: 'fine' }, finish_reason: 'stop' }] };
  one.upstream.answer(jsonScript(200, answer, { 'anthropic-ratelimit-tokens-remaining': '7' }));
  const { status, headers } = await ask(one);
  expect(status).toBe(200);
  expect(Object.keys(headers).filter((name) => name.includes('ratelimit'))).toEqual([
    'anthropic-ratelimit-requests-limit',
    'anthropic-ratelimit-requests-remaining',
    'anthropic-ratelimit-requests-reset',
  ]);
  expect(headers['anthropic-ratelimit-requests-remaining']).toBe('59');
});

test('only messages are charged', async () => {
  const one = await startLimited(1);
  for (const path of ['/v1/models', '/v1/models', '/', '/api/hello']) {
    expect((await sendRaw(one.gateway.url, { method: 'GET', path, headers: [['x-api-key', one.apiKey]] })).status).toBe(
      200,
    );
  }
  expect((await ask(one)).status).toBe(200);
});

test('who waits as long as told is served', async () => {
  const many = await startLimited(60);
  let refused: RawAnswer | undefined;
  for (let asked = 0; refused === undefined && asked < 200; asked += 1) {
    const answer = await ask(many);
    if (answer.status !== 200) refused = answer;
  }
  if (refused === undefined) throw new Error('200 requests passed a limit of 60.');
  expectError(refused, limited);
  // Real time is what is under test: the advice must be long enough by the store's clock.
  await new Promise((resolve) => setTimeout(resolve, Number(refused.headers['retry-after']) * 1000));
  expect((await ask(many)).status).toBe(200);
});
