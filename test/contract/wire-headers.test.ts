import { createServer } from 'node:http';
import { once } from 'node:events';
import { createUpstream } from '@ccg/upstream';
import { expect, test } from 'vitest';
import { plainRequest, targetOf, translate } from './translate.ts';
import type { TestTarget } from './translate.ts';

const targets: readonly TestTarget[] = [
  { dialect: 'openai-chat', model: 'gpt-4.1' },
  { dialect: 'anthropic', model: 'claude-opus-5-5' },
  { dialect: 'anthropic', model: 'm', anthropicProfile: 'kimi' },
  { dialect: 'openai-responses', model: 'gpt-5.2' },
  { dialect: 'ollama', model: 'm' },
  { dialect: 'gemini', model: 'm' },
];

test.each(targets)('a request in the form of %o has every header once', async (target) => {
  const names: string[] = [];
  const server = createServer((request, response) => {
    names.push(...request.rawHeaders.filter((_text, index) => index % 2 === 0).map((name) => name.toLowerCase()));
    response.end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const upstream = createUpstream({ connectTimeoutMs: 5000, firstByteTimeoutMs: 5000, idleTimeoutMs: 5000 });
  try {
    const { headers, body } = translate(plainRequest, target).request;
    const client = { headers: [['content-type', 'application/json']], query: '' } as const;
    const call = { operation: 'messages', model: 'm', stream: false, headers, body, client } as const;
    const to = targetOf({ ...target, baseUrl: `http://127.0.0.1:${port}` });
    const response = await upstream.call(to, call, new AbortController().signal);
    await response.body.collect(100);
  } finally {
    await upstream.close();
    server.close();
  }
  expect(names).toContain('content-type');
  expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
});
