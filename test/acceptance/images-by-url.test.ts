import { afterAll, beforeAll, expect, test } from 'vitest';

import { jsonScript } from '@ccg/testkit';
import { expectError } from './support/expect-error.ts';
import { sendRaw } from './support/send-raw.ts';
import type { RawAnswer } from './support/send-raw.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

const ollama = { OLLAMA_API_BASE: 'http://127.0.0.1:9' };

let plain: Suite;
let fetching: Suite;
beforeAll(async () => {
  plain = await startSuite('images-plain', ollama);
  fetching = await startSuite('images-fetching', { ...ollama, FETCH_IMAGE_URLS: 'true' });
});
afterAll(() => Promise.all([plain.close(), fetching.close()]));

const paths = { ollama: '/ollama:gemma3/v1/messages', openai: '/openai:gpt-4.1/v1/messages' };

function ask({ gateway, apiKey }: Suite, path: string, url: string): Promise<RawAnswer> {
  const content = [
    { type: 'text', text: 'What is this?' },
    { type: 'image', source: { type: 'url', url } },
  ];
  return sendRaw(gateway.url, {
    path,
    headers: [
      ['x-api-key', apiKey],
      ['content-type', 'application/json'],
    ],
    body: JSON.stringify({ model: 'm', max_tokens: 64, messages: [{ role: 'user', content }] }),
  });
}

test('where a provider takes bytes alone, an image by URL is refused with its block, and with the variable', async () => {
  expectError(await ask(plain, paths.ollama, 'https://files.test/a.png'), {
    status: 400,
    type: 'invalid_request_error',
    message: /^messages\.0\.content\.1\.source: the provider "ollama" takes images as base64.*FETCH_IMAGE_URLS=true/u,
  });
});

test.each([
  ['https://169.254.169.254/latest/meta-data', /no public address/u],
  ['https://localhost:4000/a.png', /no public address/u],
  ['http://files.test/a.png', /must begin with https/u],
])('a gateway that fetches images does not fetch %s', async (url, message) => {
  const answer = await ask(fetching, paths.ollama, url);
  expectError(answer, { status: 400, type: 'invalid_request_error', message });
  expect(answer.text).toContain('messages.0.content.1.source');
});

test('a provider that fetches images itself gets the URL', async () => {
  fetching.upstream.answer(jsonScript(400, { error: { message: 'no', type: 'invalid_request_error' } }));
  await ask(fetching, paths.openai, 'https://files.test/a.png');
  expect(fetching.upstream.requests.at(-1)?.body.toString()).toContain('https://files.test/a.png');
});
