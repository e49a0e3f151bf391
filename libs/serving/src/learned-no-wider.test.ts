import { jsonAt } from '@ccg/testkit';
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

// What is learned of a server is no wider than what it refused.

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
