import { jsonAt, jsonListAt, jsonScript } from '@ccg/testkit';
import type { RecordedRequest, Script } from '@ccg/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import {
  chat,
  closeServer,
  compatible,
  gauge,
  has,
  hourMs,
  rejection,
  start,
  thinking,
  tools,
  warned,
} from '../test/rejecting-server.ts';

// Servers that reject something: what they are asked next, and what is sent to them from then on.

afterEach(closeServer);

const turnWithReasoning = [
  { role: 'user', content: 'Go' },
  {
    role: 'assistant',
    content: [
      { type: 'thinking', thinking: 'Hm.', signature: '' },
      { type: 'tool_use', id: 'call_1', name: 'Bash', input: {} },
    ],
  },
  { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'ok' }] },
];

describe('fields', () => {
  const template = 'deepseek-v3.1';

  test.each([
    ['in a sentence', rejection("property 'chat_template_kwargs' is unsupported")],
    ['by param', rejection('Bad request', { param: 'chat_template_kwargs', code: 'unknown_parameter' })],
    [
      'by loc, inside of the message',
      jsonScript(422, {
        object: 'error',
        message: {
          detail: [
            {
              type: 'extra_forbidden',
              loc: ['body', 'chat_template_kwargs'],
              msg: 'Extra inputs are not permitted',
              input: {},
            },
          ],
        },
        type: 'invalid_request_error',
      }),
    ],
    [
      'by loc, at the top',
      jsonScript(422, {
        detail: [
          { type: 'extra_forbidden', loc: ['body', 'chat_template_kwargs'], msg: 'Extra inputs are not permitted' },
        ],
      }),
    ],
    [
      'in JSON inside of a text',
      rejection('{"error":{"param":"chat_template_kwargs","code":"unsupported_parameter"}}'),
    ],
  ])('that a server names %s are left out, and not sent again', async (_how, said) => {
    const server = await start({ rejects: (body) => (has(body, 'chat_template_kwargs') ? said : undefined) });
    const first = await server.ask(thinking, template);
    expect([first.end, first.record.attempts.length]).toEqual(['completed ok', 2]);
    expect(warned(first)).toEqual(['thinking unsupported']);
    const next = await server.ask({}, template);
    expect([next.end, next.record.attempts.length, warned(next)]).toEqual(['completed ok', 1, []]);
    expect(await server.learned()).toEqual([gauge('field', 1)]);
  });

  test('of messages are left out of every message, beside fields of the request', async () => {
    const words =
      "'messages.1' : for 'role:assistant' the following must be satisfied[('messages.1' : property 'reasoning_content' is unsupported)]";
    const server = await start({
      rejects(body) {
        if (has(body, 'chat_template_kwargs')) return rejection("property 'chat_template_kwargs' is unsupported");
        return jsonListAt(body, 'messages').some((message) => has(message, 'reasoning_content'))
          ? rejection(words)
          : undefined;
      },
    });
    const asked = { ...thinking, tools, messages: turnWithReasoning };
    const first = await server.ask(asked, template);
    expect([first.end, first.record.attempts.length]).toEqual(['completed ok', 3]);
    expect(warned(first)).toEqual(['thinking unsupported', 'messages.thinking unsupported']);
    expect((await server.ask(asked, template)).record.attempts).toHaveLength(1);
    expect(await server.learned()).toEqual([gauge('field', 1), gauge('message_field', 1)]);
  });

  test('one after the other are all left out, and those that are named together in one round', async () => {
    const named = ['temperature', 'top_p', 'stop', 'parallel_tool_calls', 'tool_choice', 'stream_options'];
    const asked = {
      temperature: 0.5,
      top_p: 0.5,
      stop_sequences: ['x'],
      stream: true,
      tools,
      tool_choice: { type: 'any', disable_parallel_tool_use: true },
    };
    const oneByOne = await start({
      rejects(body) {
        const found = named.find((name) => has(body, name));
        return found === undefined ? undefined : rejection(`property '${found}' is unsupported`);
      },
    });
    const first = await oneByOne.ask(asked);
    expect([first.end, first.record.attempts.length]).toEqual(['completed ok', 7]);
    expect((await oneByOne.ask(asked)).record.attempts).toHaveLength(1);
    await closeServer();
    const together: readonly ((found: readonly string[]) => Script)[] = [
      (found) => rejection(`Unsupported parameter(s): ${found.join(', ')}`),
      (found) =>
        jsonScript(422, {
          detail: found.map((name) => ({
            type: 'extra_forbidden',
            loc: ['body', name],
            msg: 'Extra inputs are not permitted',
          })),
        }),
      (found) =>
        jsonScript(400, {
          message: found.map((name) => `property ${name} should not exist`),
          error: 'Bad Request',
          statusCode: 400,
        }),
    ];
    for (const told of together) {
      const server = await start({
        rejects(body) {
          const found = named.filter((name) => has(body, name));
          return found.length === 0 ? undefined : told(found);
        },
      });
      const { end, record } = await server.ask(asked);
      expect([end, record.attempts.length]).toEqual(['completed ok', 2]);
      await closeServer();
    }
  });

  test('that the gateway adds by itself are no matter of the client', async () => {
    const server = await start({
      rejects: (body) => (has(body, 'stream_options') ? rejection('Unknown parameter: stream_options') : undefined),
    });
    const first = await server.ask({ stream: true });
    expect([first.end, first.record.attempts.length, warned(first)]).toEqual(['completed ok', 2, []]);
  });

  test('are asked for again after an hour', async () => {
    const server = await start({
      rejects: (body) => (has(body, 'temperature') ? rejection("Unsupported parameter: 'temperature'") : undefined),
    });
    await server.ask({ temperature: 0.5 });
    server.clock.advance(hourMs);
    expect(await server.learned()).toEqual([]);
    expect((await server.ask({ temperature: 0.5 })).record.attempts).toHaveLength(2);
  });

  test('of an Anthropic-compatible server are left out, too', async () => {
    const server = await start({
      prefix: compatible,
      rejects: (body) => (has(body, 'top_k') ? rejection('top_k: Extra inputs are not permitted') : undefined),
    });
    const first = await server.ask({ top_k: 4 });
    expect([first.end, first.record.attempts.length, warned(first)]).toEqual([
      'completed ok',
      2,
      ['top_k unsupported'],
    ]);
    expect((await server.ask({ top_k: 4 })).record.attempts).toHaveLength(1);
    expect(await server.learned()).toEqual([gauge('field', 1, 'anthropic')]);
  });
});

describe('capacities', () => {
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
  const results = (count: number) =>
    Array.from({ length: count }, (_, index) => [
      { role: 'assistant', content: [{ type: 'tool_use', id: `call_${index}`, name: 'Bash', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: `call_${index}`, content: [image] }] },
    ]).flat();
  const asked = (count: number) => ({ tools, messages: [{ role: 'user', content: 'Go' }, ...results(count)] });
  const imagesIn = (request: RecordedRequest) =>
    (JSON.stringify(request.json()).match(/"type":"image(?:_url)?"/gu) ?? []).length;

  test.each([
    ['At most 4 image(s) may be provided in one prompt.', chat],
    ['At most 4 image(s) may be provided in one prompt.', compatible],
    ['This model supports a maximum of 4 images per request.', chat],
    ['too many images: 6 > 4', chat],
  ])('%s: older images become text, and the number is remembered', async (words, prefix) => {
    const sent: number[] = [];
    const server = await start({
      prefix,
      rejects(_body, request) {
        sent.push(imagesIn(request));
        return imagesIn(request) > 4 ? rejection(words) : undefined;
      },
    });
    const first = await server.ask(asked(6));
    expect([first.end, warned(first)]).toEqual(['completed ok', ['messages unsupported']]);
    const next = await server.ask(asked(7));
    expect([next.end, next.record.attempts.length]).toEqual(['completed ok', 1]);
    expect(sent).toEqual([6, 4, 4]);
    expect(warned(await server.ask(asked(4)))).toEqual([]);
    expect(await server.learned()).toEqual([gauge('capacity', 1, prefix.provider)]);
  });

  test.each([
    ['This model does not support image input', 400],
    ['image input is not supported - hint: you may need to provide the mmproj', 500],
    ['No endpoints found that support image input', 404],
    ['m is not a multimodal model', 400],
    ['该模型不支持图片输入', 400],
  ])('of no image at all do not end the session: %s', async (words, status) => {
    const server = await start({
      rejects: (_body, request) => (imagesIn(request) > 0 ? rejection(words, {}, status) : undefined),
    });
    const first = await server.ask(asked(1));
    expect([first.end, warned(first)]).toEqual(['completed ok', ['messages unsupported']]);
    expect((await server.ask(asked(2))).record.attempts).toHaveLength(1);
    expect(await server.learned()).toEqual([gauge('capacity', 1)]);
  });

  test('of tools are told to the client, since no tool can be left out silently', async () => {
    const server = await start({ rejects: () => rejection('At most 128 tools are supported, got 140.') });
    const { end, record } = await server.ask({ tools });
    expect([end, record.attempts.length]).toEqual(['unsent client_bad_request', 1]);
    expect(record.end).toMatchObject({ error: { status: 400, publicMessage: expect.stringContaining('128') } });
  });
});

describe('schemas', () => {
  test.each([
    ['Failed to initialize samplers: failed to parse grammar', chat],
    ["Invalid schema for function 'Bash': In context=('properties', 'word'), 'pattern' is not permitted.", chat],
    ['Failed to initialize samplers: failed to parse grammar', compatible],
  ])('%s: asked again with plainer ones, which is remembered', async (words, prefix) => {
    const server = await start({
      prefix,
      rejects: (body) => (JSON.stringify(body).includes('"pattern":"') ? rejection(words) : undefined),
    });
    const first = await server.ask({ tools });
    expect([first.end, first.record.attempts.length]).toEqual(['completed ok', 2]);
    expect(warned(first)).toEqual(['tools.0.input_schema approximated']);
    expect((await server.ask({ tools })).record.attempts).toHaveLength(1);
    const plain = await server.ask({ tools: [{ name: 'Bash', input_schema: { type: 'object', properties: {} } }] });
    expect(warned(plain)).toEqual([]);
    expect(await server.learned()).toEqual([gauge('schema', 1, prefix.provider)]);
  });
});

describe('a server that rejects everything', () => {
  test('the same every time is asked once more, and nothing is learned from it', async () => {
    const server = await start({ rejects: () => rejection("Unsupported parameter: 'temperature'") });
    const { end, record } = await server.ask({ temperature: 0.5 });
    expect([end, record.attempts.length]).toEqual(['unsent client_bad_request', 2]);
    expect(record.end).toMatchObject({ error: { status: 400 } });
    expect(await server.learned()).toEqual([]);
  });

  test('a field that was not sent is asked once', async () => {
    const server = await start({ rejects: () => rejection("Unsupported parameter: 'logit_bias'") });
    const { end, record } = await server.ask({});
    expect([end, record.attempts.length]).toEqual(['unsent client_bad_request', 1]);
  });

  test('something else every time is asked as often as it names something new, and ends in its own 400', async () => {
    const names = ['temperature', 'top_p', 'stop', 'stream', 'model', 'messages'];
    let asked = 0;
    const server = await start({
      rejects: () => rejection(`Unsupported parameter: '${names[(asked += 1) - 1] ?? 'messages'}'`),
    });
    const { end, record } = await server.ask({ temperature: 0.5, top_p: 0.5, stop_sequences: ['x'] });
    expect([end, record.attempts.length]).toEqual(['unsent client_bad_request', 4]);
    expect(record.end).toMatchObject({ error: { status: 400, publicMessage: expect.stringContaining('stream') } });
  });

  test('is never without its limit on tokens: either name of it is sent', async () => {
    const server = await start({ rejects: () => rejection("Unsupported parameter: 'max_tokens'") });
    const { sent } = await server.ask({});
    const limits = sent.map((body) => jsonAt(body, 'max_tokens') ?? jsonAt(body, 'max_completion_tokens'));
    expect(limits).toEqual([64, 64]);
  });
});
