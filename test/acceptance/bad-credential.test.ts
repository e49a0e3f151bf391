import { randomBytes } from 'node:crypto';

import { generateApiKey } from '@ccg/tenancy';
import { describe, expect, test } from 'vitest';

import { anthropicPath, badInputSuite, withHeaders } from './support/refuses.ts';
import { sendRaw } from './support/send-raw.ts';

const suite = badInputSuite('bad-credential');
const { refuses } = suite;
const unauthorized = { status: 401, type: 'authentication_error', headers: { 'x-should-retry': 'false' } } as const;

describe('a credential', () => {
  const unknownKey = (): string => generateApiKey(randomBytes).reveal();
  const wrongChecksum = (): string =>
    suite.current().apiKey.slice(0, -1) + (suite.current().apiKey.endsWith('A') ? 'B' : 'A');
  const foreign = 'sk-ant-api03-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-AA';
  const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJkZXYifQ.c2lnbmF0dXJl';

  refuses([
    { ...unauthorized, name: 'none', request: () => withHeaders(), message: /ANTHROPIC_AUTH_TOKEN.*ccg_live_/u },
    {
      ...unauthorized,
      name: 'empty x-api-key',
      request: () => withHeaders(['x-api-key', '']),
      message: /ANTHROPIC_AUTH_TOKEN/u,
    },
    {
      ...unauthorized,
      name: 'empty bearer',
      request: () => withHeaders(['authorization', 'Bearer ']),
      message: /ANTHROPIC_AUTH_TOKEN/u,
    },
    {
      ...unauthorized,
      name: 'unknown',
      request: () => withHeaders(['x-api-key', unknownKey()]),
      message: /never issued/u,
    },
    {
      ...unauthorized,
      name: 'wrong checksum',
      request: () => withHeaders(['authorization', `Bearer ${wrongChecksum()}`]),
      message: /copied whole/u,
    },
    {
      ...unauthorized,
      name: 'of no known shape',
      request: () => withHeaders(['x-api-key', 'hunter2']),
      message: /not an API key of this gateway/u,
    },
    {
      ...unauthorized,
      name: 'two different ones of ours',
      request: () => withHeaders(['x-api-key', suite.current().apiKey], ['authorization', `Bearer ${unknownKey()}`]),
      message: /two different API keys/u,
    },
    {
      ...unauthorized,
      name: "of Anthropic's shape",
      request: () => withHeaders(['x-api-key', foreign]),
      message: /Anthropic's.*ccg_live_/u,
    },
    {
      ...unauthorized,
      name: 'a token',
      request: () => withHeaders(['authorization', `Bearer ${jwt}`]),
      message: /tokens are not configured/u,
    },
  ]);

  test.each([
    {
      name: 'the same one twice',
      headers: () =>
        [
          ['x-api-key', suite.current().apiKey],
          ['authorization', `Bearer ${suite.current().apiKey}`],
        ] as const,
    },
    {
      name: 'ours in x-api-key beside a foreign bearer',
      headers: () =>
        [
          ['x-api-key', suite.current().apiKey],
          ['authorization', `Bearer ${foreign}`],
        ] as const,
    },
    {
      name: 'our bearer beside a foreign x-api-key',
      headers: () =>
        [
          ['x-api-key', foreign],
          ['authorization', `Bearer ${suite.current().apiKey}`],
        ] as const,
    },
    { name: 'a bearer in lower case', headers: () => [['authorization', `bearer ${suite.current().apiKey}`]] as const },
  ])('is taken: $name, and none is forwarded', async ({ headers }) => {
    const before = suite.current().upstream.requests.length;
    const answer = await sendRaw(suite.current().gateway.url, { ...withHeaders(...headers()), path: anthropicPath });
    expect(answer.status, answer.text).toBe(200);
    const sent = JSON.stringify(suite.current().upstream.requests[before]?.headers);
    expect(sent).not.toContain(foreign);
    expect(sent).not.toContain(suite.current().apiKey);
  });

  test('is not told back by an error', async () => {
    for (const key of [unknownKey(), wrongChecksum(), foreign, jwt]) {
      expect((await sendRaw(suite.current().gateway.url, withHeaders(['x-api-key', key]))).text).not.toContain(
        key.slice(8),
      );
    }
  });
});
