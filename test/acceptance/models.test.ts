import Anthropic from '@anthropic-ai/sdk';
import { jsonAt, playModel, say } from '@ccg/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await startSuite('models', { PREFERRED_PROVIDER: 'openai', BIG_MODEL: 'vendor/haiku-like:tag' });
});
afterAll(() => suite.close());

const client = (): Anthropic =>
  new Anthropic({ baseURL: suite.gateway.url, apiKey: suite.apiKey, authToken: null, maxRetries: 0 });

test('lists the configured models with what is known of their limits', async () => {
  const page = await client().models.list();
  expect(page.data).toMatchObject([
    { type: 'model', id: 'claude-via-openai:vendor/haiku-like:tag', max_input_tokens: null, max_tokens: null },
    { type: 'model', id: 'claude-via-openai:gpt-4.1-mini', max_input_tokens: 1_047_576, max_tokens: 32_768 },
  ]);
  expect(page.has_more).toBe(false);
});

test('gives one model by its id, with colons and slashes in it', async () => {
  const id = 'claude-via-openai:vendor/haiku-like:tag';
  expect(await client().models.retrieve(id)).toMatchObject({ id, display_name: 'vendor/haiku-like:tag (openai)' });
});

test('a Claude name is the model that serves it', async () => {
  const id = 'claude-sonnet-5-5';
  expect(await client().models.retrieve(id)).toMatchObject({ id, display_name: 'vendor/haiku-like:tag (openai)' });
});

test('an unknown id is a 404 in the envelope', async () => {
  await expect(client().models.retrieve('nothing')).rejects.toMatchObject({
    status: 404,
    error: { error: { type: 'not_found_error', message: expect.stringContaining('"nothing"') } },
  });
});

test('a listed id is served by exactly that model, whatever its name reminds of', async () => {
  suite.upstream.play(playModel([{ content: [say('hi')], usage: { input: 1, cacheRead: 0, output: 1 } }]));
  const model = 'claude-via-openai:vendor/haiku-like:tag';
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'hi' }];
  const answer = await client().messages.create({ model, max_tokens: 9, messages });
  expect(answer.model).toBe(model);
  expect(jsonAt(suite.upstream.requests.at(-1)?.json(), 'model')).toBe('vendor/haiku-like:tag');
});
