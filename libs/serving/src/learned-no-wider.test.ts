import { jsonAt, jsonScript, openAiChatSseHead, write } from '@ccg/testkit';
import type { Script } from '@ccg/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import {
  closeServer,
  compatible,
  gauge,
  has,
  rejection,
  start,
  thinking,
  tools,
  warned,
} from '../test/rejecting-server.ts';

// What is learned of a server is no wider than what it refused, and wherever in its answer it did so.

afterEach(closeServer);

describe('what a server refuses under a condition alone', () => {
  const model = 'gpt-5.2';
  const effort = (level: string) => ({ ...thinking, output_config: { effort: level } });
  const efforts = (sent: readonly unknown[]) => sent.map((body) => jsonAt(body, 'reasoning_effort'));

  test('is learned as the combination: thinking beside tools is off, and other requests keep theirs', async () => {
    const words =
      'Function tools with reasoning_effort are not supported for gpt-5.2 in /v1/chat/completions. Please use /v1/responses instead.';
    const server = await start({
      rejects: (body) =>
        has(body, 'tools') && jsonAt(body, 'reasoning_effort') === 'high' ? rejection(words) : undefined,
    });
    const first = await server.ask({ ...effort('high'), tools }, model);
    expect([first.end, first.record.attempts.length]).toEqual(['completed ok', 2]);
    expect((await server.ask({ ...effort('high'), tools }, model)).record.attempts).toHaveLength(1);
    expect(efforts((await server.ask(effort('high'), model)).sent)).toEqual(['high']);
    expect(await server.learned()).toEqual([gauge('form', 1)]);
  });

  const sampling = { temperature: 0.5, top_p: 0.5 };
  const asked = { top_p: sampling, tools: { temperature: 0.5, tools }, stream: { temperature: 0.5, stream: true } };

  test.each([
    ['temperature is not supported when top_p is set', 'top_p'],
    ["'temperature' is unsupported in combination with top_p", 'top_p'],
    ['When top_p is given, `temperature` is not supported', 'top_p'],
    ['使用 top_p 时不支持参数 temperature', 'top_p'],
    ["Unsupported parameter: 'temperature' together with top_p.", 'top_p'],
    ['temperature is not supported with tools', 'tools'],
    ['`temperature` is not supported when functions are used', 'tools'],
    ['temperature is not supported in streaming mode', 'stream'],
  ] as const)('is left out at first from then on where it holds, and nowhere else: %s', async (words, other) => {
    const server = await start({
      rejects: (body) => {
        const holds = other === 'stream' ? jsonAt(body, 'stream') === true : has(body, other);
        return has(body, 'temperature') && holds ? rejection(words) : undefined;
      },
    });
    const first = await server.ask(asked[other]);
    expect([first.end, warned(first)]).toEqual(['completed ok', ['temperature unsupported']]);
    const again = await server.ask(asked[other]);
    expect([again.end, again.record.attempts.length]).toEqual(['completed ok', 1]);
    expect((await server.ask({ temperature: 0.5 })).sent.map((body) => jsonAt(body, 'temperature'))).toEqual([0.5]);
    expect(await server.learned()).toEqual([gauge('field', 1)]);
  });

  test.each([
    ['`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.', 1],
    ['temperature must be 1 when thinking is enabled', 1],
    ['temperature must be between 0.9 and 1 while reasoning is on', 0.9],
  ])('that is a value is sent as the server takes it where it holds: %s', async (words, nearest) => {
    const server = await start({
      prefix: compatible,
      rejects: (body) =>
        jsonAt(body, 'thinking', 'type') === 'enabled' && jsonAt(body, 'temperature') === 0.5
          ? rejection(words)
          : undefined,
    });
    const thinks = { ...thinking, max_tokens: 9000, temperature: 0.5 };
    expect((await server.ask(thinks)).sent.map((body) => jsonAt(body, 'temperature'))).toEqual([0.5, nearest]);
    expect((await server.ask(thinks)).record.attempts).toHaveLength(1);
    expect((await server.ask({ temperature: 0.5 })).sent.map((body) => jsonAt(body, 'temperature'))).toEqual([0.5]);
  });

  test('that cannot be told from a request changes this request and no other', async () => {
    const words = 'temperature is not supported unless the account is verified';
    const server = await start({
      rejects: (body) => (has(body, 'temperature') ? rejection(words) : undefined),
    });
    const first = await server.ask({ temperature: 0.5 });
    expect([first.end, warned(first)]).toEqual(['completed ok', ['temperature unsupported']]);
    expect((await server.ask({ temperature: 0.5 })).record.attempts).toHaveLength(2);
    expect(await server.learned()).toEqual([]);
  });

  test.each([
    ["reasoning_effort 'xhigh' is not supported for this model", 'value'],
    ['does not support reasoning_effort xhigh', 'value'],
    ['Unsupported parameter: reasoning_effort=xhigh', 'value'],
    ["The parameter reasoning_effort is not supported for value 'xhigh'", 'value'],
    ["参数 reasoning_effort 不支持 'xhigh'", 'value'],
  ])('is learned as the value: %s', async (words, kind) => {
    const server = await start({
      rejects: (body) => (jsonAt(body, 'reasoning_effort') === 'xhigh' ? rejection(words) : undefined),
    });
    expect((await server.ask(effort('xhigh'), model)).end).toBe('completed ok');
    expect(efforts((await server.ask(effort('low'), model)).sent)).toEqual(['low']);
    expect(await server.learned()).toEqual([gauge(kind, 1)]);
  });

  test.each([
    'temperature must be between 0 and 0.5',
    'temperature must be 0.3',
    'the valid range of temperature is (0, 0.5]',
    'temperature 取值范围为 (0, 0.5]',
    "3 is out of range: 'temperature' should be less than or equal to 0.5",
  ])('is learned as the value, where a number is out of its range: %s', async (words) => {
    const server = await start({
      rejects: (body) => (Number(jsonAt(body, 'temperature') ?? 0) > 0.5 ? rejection(words) : undefined),
    });
    expect((await server.ask({ temperature: 0.9 })).end).toBe('completed ok');
    const next = await server.ask({ temperature: 0.3 });
    expect(next.sent.map((body) => jsonAt(body, 'temperature'))).toEqual([0.3]);
    expect(await server.learned()).toEqual([gauge('value', 1)]);
  });

  test.each([
    'temperature is not supported with this model',
    "'temperature' is not supported for gpt-5.2",
    'The temperature parameter is not supported by acme/acme-1.',
    '不支持的参数：temperature',
  ])('is learned as the field where the words are about the model alone: %s', async (words) => {
    const server = await start({
      rejects: (body) => (has(body, 'temperature') ? rejection(words) : undefined),
    });
    await server.ask({ temperature: 0.5 });
    expect((await server.ask({ temperature: 0.7 })).record.attempts).toHaveLength(1);
    expect(await server.learned()).toEqual([gauge('field', 1)]);
  });
});

describe('a refusal inside of an answer with status 200', () => {
  const refusal = (message: string) => ({ error: { message, code: 400 } });
  const asDocument = (message: string) => jsonScript(200, refusal(message));
  const asEvent = (message: string): Script => [
    ...openAiChatSseHead(),
    write(`data: ${JSON.stringify(refusal(message))}\n\ndata: [DONE]\n\n`),
  ];

  test.each([
    ['as a document, of a field', asDocument, "property 'temperature' is unsupported", 'temperature', 'field', false],
    ['as the first event, of a field', asEvent, "property 'temperature' is unsupported", 'temperature', 'field', true],
    ['as the first event, for JSON', asEvent, 'Unknown parameter: temperature', 'temperature', 'field', false],
    ['as a document, for a stream', asDocument, 'Unknown parameter: temperature', 'temperature', 'field', true],
  ] as const)('%s: asked again without it, which is remembered', async (_how, script, words, field, kind, stream) => {
    const server = await start({ rejects: (body) => (has(body, field) ? script(words) : undefined) });
    const first = await server.ask({ temperature: 0.5, stream });
    expect([first.end, first.record.attempts.length]).toEqual(['completed ok', 2]);
    expect((await server.ask({ temperature: 0.5, stream })).record.attempts).toHaveLength(1);
    expect(await server.learned()).toEqual([gauge(kind, 1)]);
  });

  test('of a length is asked again with a shorter one', async () => {
    const server = await start({
      rejects: (body) =>
        Number(jsonAt(body, 'max_tokens')) > 8192 ? asEvent('max_tokens must be <= 8192') : undefined,
    });
    const { end, sent } = await server.ask({ max_tokens: 32_000, stream: true });
    expect([end, sent.map((body) => jsonAt(body, 'max_tokens'))]).toEqual(['completed ok', [32_000, 8192]]);
  });

  test('every time comes to an end, and nothing is learned from it', async () => {
    const server = await start({ rejects: () => asEvent("Unsupported parameter: 'temperature'") });
    const { record } = await server.ask({ temperature: 0.5, stream: true });
    expect(record.attempts).toHaveLength(2);
    expect(record.end).toMatchObject({ error: { status: 400 } });
    expect(await server.learned()).toEqual([]);
  });
});
