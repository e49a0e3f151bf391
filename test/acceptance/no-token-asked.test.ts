import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await startSuite('no-token', { PREFERRED_PROVIDER: 'openai' });
});
afterAll(() => suite.close());

test.each(['stream', 'create'] as const)(
  'max_tokens 0 gives an empty message with a counted prompt, and no provider is asked: messages.%s()',
  async (way) => {
    const client = new Anthropic({
      baseURL: suite.gateway.url,
      apiKey: suite.apiKey,
      authToken: null,
      maxRetries: 0,
    });
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'Remember the whole of this prompt.' }];
    const request = { model: 'claude-opus-5-5', max_tokens: 0, messages };
    const answer = await (way === 'stream'
      ? client.messages.stream(request).finalMessage()
      : client.messages.create(request));
    expect(answer).toMatchObject({ content: [], stop_reason: 'max_tokens', usage: { output_tokens: 0 } });
    expect(answer.usage.input_tokens).toBeGreaterThan(5);
    expect(suite.upstream.requests).toHaveLength(0);
  },
);
