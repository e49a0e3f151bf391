import { hang, head, jsonAt, playModel, say } from '@ccg/testkit';
import type { Script } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { openStream } from './support/open-stream.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await startSuite('silent-upstream', {
    PREFERRED_PROVIDER: 'openai',
    UPSTREAM_FIRST_BYTE_TIMEOUT_MS: '50',
    UPSTREAM_IDLE_TIMEOUT_MS: '50',
  });
});
afterAll(() => suite.close());
beforeEach(() => {
  suite.upstream.reset();
});

async function ask(model: string): Promise<string> {
  const body = { model: 'm', max_tokens: 64, stream: true, messages: [{ role: 'user', content: 'hi' }] };
  const stream = await openStream(`${suite.gateway.url}/openai:${model}/v1/messages`, suite.apiKey, body);
  await stream.frames();
  return stream.text();
}

const play = playModel([{ content: [say('fine')] }]);

test.each<[string, Script, string]>([
  ['before its status', [hang], 'did not begin to answer within 0.05 s'],
  ['after its status', [head(200, { 'content-type': 'text/event-stream' }), hang], 'sent nothing for 0.05 s'],
])('a server that stream_options silence %s is asked without them the next time', async (model, silence, told) => {
  const name = model.replaceAll(' ', '-');
  suite.upstream.play((request) => (jsonAt(request.json(), 'stream_options') === undefined ? play(request) : silence));
  expect(await ask(name)).toContain(told);
  expect(await ask(name)).toContain('fine');
  expect(suite.upstream.requests.map((request) => jsonAt(request.json(), 'stream_options') !== undefined)).toEqual([
    true,
    false,
  ]);
  expect(await ask(`another-${name}`)).toContain(told);
});
