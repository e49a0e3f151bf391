import { jsonAt, jsonScript } from '@ccg/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { closeServer, gauge, has, rejection, start, thinking, warned } from '../test/rejecting-server.ts';

// Servers that refuse a value: the nearest one that they take is sent, and nobody else's request changes.

afterEach(closeServer);

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

  test.each([
    ['temperature must be between 0 and 0.5', 0.9, 0.5],
    ['`temperature` must be in the range of [0.0,0.5]', 0.9, 0.5],
    ['Invalid params: temperature must be in range (0, +inf)', 0, 0.01],
    ['temperature: range: 0..0.5', 0.9, 0.5],
    ['Temperature should be in [0.0, 0.5)', 0.9, 0.49],
    ['The valid range for the temperature hyperparameter should be between 0 and 0.5.', 0.9, 0.5],
    ["Invalid 'temperature': decimal above maximum value. Expected a value <= 0.5, but got 0.9 instead.", 0.9, 0.5],
    ['temperature must be one of 0, 0.2, 0.5', 0.9, 0.5],
    [
      "Unsupported value: 'temperature' does not support 0.9 with this model. Only the default (1) value is supported.",
      0.9,
      1,
    ],
    ['invalid temperature: only 0.6 is allowed for this model', 0.9, 0.6],
    ['temperature must be non-negative, got -1.0', -1, 0],
    ['参数 temperature 必须小于等于 0.5', 0.9, 0.5],
    ['temperature 取值范围为 (0, 0.5]', 0, 0.01],
  ])('that are numbers become the nearest one that the server takes: %s', async (said, asked, nearest) => {
    const server = await start({
      rejects: (body) => (jsonAt(body, 'temperature') === asked ? rejection(said) : undefined),
    });
    const first = await server.ask({ temperature: asked });
    expect([first.end, warned(first)]).toEqual(['completed ok', ['temperature approximated']]);
    expect(first.sent.map((body) => jsonAt(body, 'temperature'))).toEqual([asked, nearest]);
    expect((await server.ask({ temperature: asked })).sent.map((body) => jsonAt(body, 'temperature'))).toEqual([
      nearest,
    ]);
    expect(await server.learned()).toEqual([gauge('value', 1)]);
  });

  test.each([
    [
      {
        type: 'less_than_equal',
        loc: ['body', 'top_p'],
        msg: 'Input should be less than or equal to 0.8',
        ctx: { le: 0.8 },
      },
      0.8,
    ],
    [{ type: 'less_than', loc: ['body', 'top_p'], msg: 'Input should be less than 0.8', ctx: { lt: 0.8 } }, 0.79],
    [
      {
        instancePath: '/top_p',
        keyword: 'maximum',
        params: { comparison: '<=', limit: 0.8 },
        message: 'must be <= 0.8',
      },
      0.8,
    ],
    [{ code: 'too_big', path: ['top_p'], maximum: 0.8, inclusive: true, type: 'number', message: 'Too big' }, 0.8],
    [
      {
        type: 'number.max',
        path: ['top_p'],
        context: { limit: 0.8 },
        message: '"top_p" must be less than or equal to 0.8',
      },
      0.8,
    ],
  ])('that are numbers are read from the terms of validators: %j', async (fault, nearest) => {
    const server = await start({
      rejects: (body) => (Number(jsonAt(body, 'top_p') ?? 0) > 0.8 ? jsonScript(422, { detail: [fault] }) : undefined),
    });
    const first = await server.ask({ top_p: 0.95 });
    expect([first.end, first.sent.map((body) => jsonAt(body, 'top_p'))]).toEqual(['completed ok', [0.95, nearest]]);
    const other = await server.ask({ top_p: 0.99 });
    expect(other.sent.map((body) => jsonAt(body, 'top_p'))).toEqual([nearest]);
    const within = await server.ask({ top_p: 0.3 });
    expect([within.sent.map((body) => jsonAt(body, 'top_p')), warned(within)]).toEqual([[0.3], []]);
  });

  test('that lie within the stated range, and are refused all the same, are left out', async () => {
    const server = await start({
      rejects: (body) => (has(body, 'temperature') ? rejection('temperature must be between 0 and 1') : undefined),
    });
    const first = await server.ask({ temperature: 0.5 });
    expect([first.end, warned(first), first.record.attempts.length]).toEqual([
      'completed ok',
      ['temperature unsupported'],
      2,
    ]);
  });

  test('without an order are left out for that value alone', async () => {
    const format = { format: { type: 'json_schema', schema: { type: 'object', properties: {} } } };
    const server = await start({
      rejects: (body) =>
        jsonAt(body, 'response_format', 'type') === 'json_schema'
          ? rejection('response_format.type `json_schema` is unavailable now')
          : undefined,
    });
    const first = await server.ask({ output_config: format }, 'gpt-5.2');
    expect([first.end, first.record.attempts.length]).toEqual(['completed ok', 2]);
    expect((await server.ask({ output_config: format }, 'gpt-5.2')).record.attempts).toHaveLength(1);
    expect(await server.learned()).toEqual([gauge('value', 1)]);
  });
});
