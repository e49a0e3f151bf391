import Anthropic from '@anthropic-ai/sdk';
import { callTool, jsonAt, playModel, say } from '@ccg/testkit';
import type { ModelTurn } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

const model = 'claude-sonnet-5-5';
const request = {
  model,
  max_tokens: 512,
  messages: [{ role: 'user', content: 'How warm is it in Ulm?' }],
} satisfies Anthropic.MessageCreateParams;
const tools: Anthropic.Tool[] = [
  {
    name: 'thermometer',
    description: 'Reads a thermometer.',
    input_schema: { type: 'object', properties: { place: { type: 'string' } } },
  },
];

const usage = { input: 700, cacheRead: 500, output: 21 };
const reportedUsage = { input_tokens: 700, cache_read_input_tokens: 500, output_tokens: 21 };
const textTurn: ModelTurn = { content: [say('It is 7 °C in Ulm. 🌡️')], usage };
const toolTurn: ModelTurn = {
  content: [
    say('Let me look.'),
    callTool('call_1', 'thermometer', { place: 'Ulm' }),
    callTool('call_2', 'thermometer', { place: 'Köln "Süd"' }),
  ],
  usage,
};
const toolContent = [
  { type: 'text', text: 'Let me look.' },
  { type: 'tool_use', id: 'call_1', name: 'thermometer', input: { place: 'Ulm' } },
  { type: 'tool_use', id: 'call_2', name: 'thermometer', input: { place: 'Köln "Süd"' } },
];

let suite: Suite;
beforeAll(async () => {
  suite = await startSuite('sdk', { PREFERRED_PROVIDER: 'openai' });
});
afterAll(() => suite.close());
beforeEach(() => {
  suite.upstream.reset();
});

const dialects = [
  { dialect: 'anthropic', prefix: `/anthropic:${model}` },
  { dialect: 'openai-chat', prefix: '/openai:vendor/model:tag' },
] as const;

describe.each(dialects)('the Anthropic SDK over $dialect', ({ prefix }) => {
  const client = (): Anthropic =>
    new Anthropic({ baseURL: suite.gateway.url + prefix, apiKey: suite.apiKey, authToken: null, maxRetries: 0 });

  const ways = [
    {
      way: 'messages.stream()',
      ask: (params: Anthropic.MessageCreateParamsNonStreaming) => client().messages.stream(params).finalMessage(),
    },
    {
      way: 'messages.create()',
      ask: (params: Anthropic.MessageCreateParamsNonStreaming) => client().messages.create(params),
    },
  ] as const;

  describe.each(ways)('$way', ({ ask }) => {
    test('gives text and usage', async () => {
      suite.upstream.play(playModel([textTurn]));
      expect(await ask(request)).toMatchObject({
        type: 'message',
        role: 'assistant',
        content: [{ type: 'text', text: 'It is 7 °C in Ulm. 🌡️' }],
        stop_reason: 'end_turn',
        usage: reportedUsage,
      });
    });

    test('gives parallel tool calls, and takes their results in any order', async () => {
      suite.upstream.play(playModel([toolTurn, textTurn]));
      const asked = await ask({ ...request, tools });
      expect(asked).toMatchObject({ content: toolContent, stop_reason: 'tool_use', usage: reportedUsage });
      const results: Anthropic.ToolResultBlockParam[] = ['call_2', 'call_1'].map((id) => ({
        type: 'tool_result',
        tool_use_id: id,
        content: `7 °C by ${id}`,
      }));
      const told = await ask({
        ...request,
        tools,
        messages: [
          ...request.messages,
          { role: 'assistant', content: asked.content },
          { role: 'user', content: results },
        ],
      });
      expect(told.content).toMatchObject([{ type: 'text', text: 'It is 7 °C in Ulm. 🌡️' }]);
      const sent = suite.upstream.requests[1]?.body.toString('utf8');
      expect([sent?.includes('7 °C by call_1'), sent?.includes('7 °C by call_2')]).toEqual([true, true]);
    });
  });

  test('raises what the upstream refuses as the class of its status, with our request id', async () => {
    suite.upstream.play(() => [
      { kind: 'head', status: 400, headers: { 'content-type': 'application/json' } },
      {
        kind: 'write',
        bytes: JSON.stringify({
          type: 'error',
          error: { type: 'invalid_request_error', message: 'temperature: too warm' },
        }),
      },
    ]);
    const refused = client().messages.create(request);
    await expect(refused).rejects.toBeInstanceOf(Anthropic.BadRequestError);
    await expect(refused).rejects.toThrow('temperature: too warm');
    await expect(refused).rejects.toMatchObject({ requestID: expect.stringMatching(/^req_/u) });
  });
});

test.each([true, false])(
  'the tool runner of the SDK goes to its end by itself, though it asks for a thread that the provider cannot hold (stream: %s)',
  async (stream) => {
    const baseURL = `${suite.gateway.url}/openai:gpt-4.1`;
    const client = new Anthropic({ baseURL, apiKey: suite.apiKey, authToken: null, maxRetries: 0 });
    suite.upstream.play(playModel([toolTurn, textTurn]));
    const places: unknown[] = [];
    const run = (input: unknown): string => {
      places.push(jsonAt(input, 'place'));
      return '7 °C';
    };
    const runner = client.beta.messages.toolRunner({
      ...request,
      stream,
      tools: [{ type: 'custom', name: 'thermometer', input_schema: { type: 'object' }, run, parse: (input) => input }],
    });
    const last = await runner;
    expect(last.content).toMatchObject([{ type: 'text', text: 'It is 7 °C in Ulm. 🌡️' }]);
    expect(places).toEqual(['Ulm', 'Köln "Süd"']);
  },
);

describe('the model list', () => {
  test('names models that can be asked for by their names', async () => {
    const client = new Anthropic({ baseURL: suite.gateway.url, apiKey: null, authToken: suite.apiKey, maxRetries: 0 });
    const listed = await client.models.list({ limit: 1000 });
    expect(listed.data.length).toBeGreaterThan(0);
    suite.upstream.play(playModel([textTurn]));
    for (const { id, type } of listed.data) {
      expect(type).toBe('model');
      expect((await client.messages.create({ ...request, model: id })).content).toMatchObject([{ type: 'text' }]);
    }
    const served = suite.upstream.requests.map((sent) => jsonAt(sent.json(), 'model'));
    expect(new Set(served)).toEqual(new Set(['gpt-4.1', 'gpt-4.1-mini']));
  });
});
