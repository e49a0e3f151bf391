import { jsonAt, jsonListAt, jsonScript } from '@ccg/testkit';
import type { RecordedRequest } from '@ccg/testkit';
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

describe('values', () => {
  const words =
    "Unsupported value: 'reasoning_effort' does not support 'xhigh' with this model. Supported values are: 'low', 'medium', and 'high'.";
  const levels = ['low', 'medium', 'high'];
  const effort = (level: string) => ({ ...thinking, output_config: { effort: level } });
  const rejects = (body: unknown) => {
    const sent = jsonAt(body, 'reasoning_effort');
    return sent === undefined || levels.some((level) => level === sent)
      ? undefined
      : rejection(words, { param: 'reasoning_effort', code: 'unsupported_value' });
  };

  test("become the nearest one that the server names, and no other developer's request changes", async () => {
    const server = await start({ rejects });
    const model = 'gpt-5.2';
    const first = await server.ask(effort('xhigh'), model);
    expect([first.end, first.record.attempts.length]).toEqual(['completed ok', 2]);
    expect(first.sent.map((body) => jsonAt(body, 'reasoning_effort'))).toEqual(['xhigh', 'high']);
    expect(warned(first)).toEqual(['thinking approximated']);
    const other = await server.ask(effort('medium'), model);
    expect(other.sent.map((body) => jsonAt(body, 'reasoning_effort'))).toEqual(['medium']);
    expect(warned(other)).toEqual([]);
    const again = await server.ask(effort('max'), model);
    expect(again.sent.map((body) => jsonAt(body, 'reasoning_effort'))).toEqual(['high']);
    expect(await server.learned()).toEqual([gauge('value', 1)]);
  });

  test('without an order are left out for that value alone', async () => {
    const server = await start({
      rejects: (body) =>
        jsonAt(body, 'temperature') === 0.5
          ? rejection(
              "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is supported.",
              { param: 'temperature', code: 'unsupported_value' },
            )
          : undefined,
    });
    const first = await server.ask({ temperature: 0.5 });
    expect([first.end, warned(first)]).toEqual(['completed ok', ['temperature unsupported']]);
    expect((await server.ask({ temperature: 1 })).sent.map((body) => jsonAt(body, 'temperature'))).toEqual([1]);
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

describe('a forced tool choice', () => {
  const words = 'Thinking mode does not support this tool_choice';
  const forced = { tools, tool_choice: { type: 'tool', name: 'Bash' } };
  const isForced = (body: unknown) =>
    has(body, 'tool_choice', 'function') || jsonAt(body, 'tool_choice', 'type') === 'tool';

  test('that a server rejects while the model thinks switches thinking off, for such requests alone', async () => {
    const server = await start({
      prefix: compatible,
      rejects: (body) =>
        isForced(body) && jsonAt(body, 'thinking', 'type') !== 'disabled' ? rejection(words) : undefined,
    });
    const first = await server.ask({ ...forced, ...thinking, max_tokens: 9000 });
    expect([first.end, first.record.attempts.length]).toEqual(['completed ok', 2]);
    expect(warned(first)).toEqual(['thinking unsupported']);
    expect((await server.ask(forced)).record.attempts).toHaveLength(1);
    const free = await server.ask({ tools, ...thinking, max_tokens: 9000 });
    expect(free.sent.map((body) => jsonAt(body, 'thinking', 'type'))).toEqual(['enabled']);
    expect(await server.learned()).toEqual([gauge('form', 1, 'anthropic')]);
  });

  test('is left to the model for this request where nothing else helps', async () => {
    const server = await start({ rejects: (body) => (isForced(body) ? rejection(words) : undefined) });
    const first = await server.ask(forced, 'deepseek-v3.1');
    expect([first.end, warned(first)]).toEqual(['completed ok', ['tool_choice unsupported']]);
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

  test('something else every time is asked three times more, and ends in its own 400', async () => {
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
