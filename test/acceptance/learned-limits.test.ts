import Anthropic from '@anthropic-ai/sdk';
import { jsonAt, jsonScript, playModel, say } from '@ccg/testkit';
import { expect, test } from 'vitest';

import { startSuite } from './support/start-suite.ts';

const list = {
  data: [
    { id: 'big', max_model_len: 32_768 },
    { id: 'small', max_model_len: 8192 },
  ],
};
const refusal = { error: { message: 'Your prompt is over the context length.', code: 'context_length_exceeded' } };

test('the windows of a provider’s list are told, kept to and named, below the operator’s', async () => {
  const suite = await startSuite('learned-limits', {
    PREFERRED_PROVIDER: 'openai',
    BIG_MODEL: 'big',
    SMALL_MODEL: 'small',
    SMALL_MODEL_CONTEXT_TOKENS: '4096',
    // The first round is over before the upstream plays a list.
    MODEL_LIST_INTERVAL_MS: '100',
    LOG_LEVEL: 'debug',
  });
  try {
    const answer = playModel([{ content: [say('hi')] }]);
    let refuses = false;
    suite.upstream.play((request) => {
      if (request.method === 'GET') return jsonScript(200, list);
      return refuses ? jsonScript(400, refusal) : answer(request);
    });
    await suite.gateway.waitForLog((line) => line['provider'] === 'openai' && line['models'] === 2);
    const client = new Anthropic({ baseURL: suite.gateway.url, apiKey: suite.apiKey, authToken: null, maxRetries: 0 });
    expect((await client.models.list({ limit: 1 })).data).toMatchObject([
      { id: 'claude-via-openai:big', max_input_tokens: 32_768 },
    ]);
    expect(await client.models.retrieve('openai:small')).toMatchObject({ max_input_tokens: 4096 });
    const ask = () =>
      client.messages.create({
        model: 'openai:big',
        max_tokens: 64_000,
        messages: [{ role: 'user', content: 'hi' }],
        stream: true,
      });
    for await (const _event of await ask());
    const sent = suite.upstream.requests.findLast(({ method }) => method === 'POST')?.json();
    expect(jsonAt(sent, 'max_tokens')).toBeLessThan(32_768);
    refuses = true;
    await expect(ask()).rejects.toMatchObject({ status: 400, message: expect.stringContaining('> 32768 maximum') });
  } finally {
    await suite.close();
  }
});

test('a provider without a list is told of once', async () => {
  const suite = await startSuite('learned-limits-none', { MODEL_LIST_INTERVAL_MS: '10', PREFERRED_PROVIDER: 'openai' });
  try {
    suite.upstream.play(() => jsonScript(404, { error: 'no' }));
    await suite.upstream.request(9);
    const lines = suite.gateway.logs().filter(({ msg }) => String(msg).includes('does not list its models'));
    expect(lines.map((line) => String(line['provider'])).toSorted()).toEqual(['anthropic', 'openai']);
    const asked = suite.upstream.requests.filter(
      ({ headers }) => headers['x-api-key'] === suite.providerKeys.anthropic,
    );
    expect(new Set(asked.map(({ method, path }) => `${method} ${path}`))).toEqual(
      new Set(['GET /v1/models?limit=1000']),
    );
  } finally {
    await suite.close();
  }
});
