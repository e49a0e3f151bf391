import { jsonAt } from '@ccg/testkit';
import { afterEach, expect, test } from 'vitest';
import { chat, closeServer, compatible, ollama, rejection, start } from '../test/rejecting-server.ts';

afterEach(closeServer);

const grammar = 'Failed to initialize samplers: failed to parse grammar';
const toolWith = (word: object) => [{ name: 'Bash', input_schema: { type: 'object', properties: { word } } }];
const choice = toolWith({ anyOf: [{ type: 'string' }, { type: 'number' }] });

test.each([chat, compatible, ollama])(
  'a change that leaves the request as it was is not sent; the next one is: $provider',
  async (prefix) => {
    const server = await start({
      prefix,
      rejects: (body) => (JSON.stringify(body).includes('"anyOf"') ? rejection(grammar) : undefined),
    });
    const { end, sent } = await server.ask({ tools: choice });
    expect([end, sent.length]).toEqual(['completed ok', 2]);
    expect(JSON.stringify(jsonAt(sent[1], 'tools'))).not.toContain('anyOf');
    expect((await server.ask({ tools: choice })).sent).toHaveLength(1);
  },
);

test.each([true, false])('a request of which nothing can be plainer is sent once: streamed %s', async (stream) => {
  const server = await start({ rejects: () => rejection(grammar) });
  const { end, sent } = await server.ask({ tools: toolWith({ type: 'string' }), stream });
  expect([end, sent.length]).toEqual(['unsent client_bad_request', 1]);
  expect(await server.learned()).toEqual([]);
});
