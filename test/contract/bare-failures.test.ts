import { describe, expect, test } from 'vitest';
import { bytesOf, plainRequest, playStream, translate } from './translate.ts';
import type { TestTarget } from './translate.ts';

const chat: TestTarget = { dialect: 'openai-chat', model: 'm', profile: 'compatible' };
const compatible: TestTarget = { dialect: 'anthropic', anthropicProfile: 'glm', model: 'm' };

/** Failures without a member `error`. */
const failures = [
  { detail: 'worker died' },
  { code: 500, message: 'worker died' },
  { code: 500 },
  { code: 'InternalError', message: 'worker died' },
  { message: 'worker died' },
  { status: 500, msg: 'worker died' },
  { errors: [{ message: 'worker died' }] },
  { error_code: 336_100, error_msg: 'worker died' },
  { errcode: 12, errmsg: 'worker died' },
  { title: 'worker died', status: 503 },
  { object: 'error', message: 'worker died' },
  { type: 'error', message: 'worker died' },
  { detail: [{ loc: ['body'], msg: 'worker died' }] },
  { base_resp: { status_code: 1027, status_msg: 'output new_sensitive' }, choices: null },
  { id: 'x', choices: [], base_resp: { status_code: 1027, status_msg: 'output new_sensitive' } },
  { message: '服务器内部错误' },
];
const healthy = [
  { base_resp: { status_code: 0, status_msg: '' } },
  { base_resp: { status_code: 0, status_msg: 'success' } },
  { code: 0, message: 'ok' },
  { code: 200, msg: 'success', errors: [] },
  { type: 'heartbeat', message: 'still working' },
  { type: 'status', message: 'processing' },
  { status: 'processing' },
];

const data = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const chunk = (delta: object, end: string | null = null) =>
  data({ choices: [{ index: 0, delta, finish_reason: end }] });
const event = (type: string, rest: object) => `event: ${type}\n${data({ type, ...rest })}`;
const servers = [
  {
    name: 'chat completions',
    target: chat,
    begin: chunk({ content: 'Hel' }),
    end: `${chunk({}, 'stop')}data: [DONE]\n\n`,
  },
  {
    name: 'an Anthropic-compatible server',
    target: compatible,
    begin:
      event('message_start', { message: { content: [], usage: {} } }) +
      event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) +
      event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Hel' } }),
    end: event('message_delta', { delta: { stop_reason: 'end_turn' } }) + event('message_stop', {}),
  },
];

describe.each(servers)('a stream of $name', ({ target, begin, end }) => {
  const played = (stream: string) => playStream(translate(plainRequest, target), [bytesOf(stream)]);

  test.each(failures)('that breaks off with %j is no success', (failure) => {
    for (const rest of [end, 'data: [DONE]\n\n', '']) {
      const { progress, text } = played(begin + data(failure) + rest);
      expect(progress.state).toBe('failed');
      expect(text.match(/^event: error$/gmu)).toHaveLength(1);
      expect(text).not.toContain('message_stop');
      if (JSON.stringify(failure).includes('worker died')) expect(text).toContain('worker died');
    }
  });

  test.each(healthy)('goes on after %j', (piece) => {
    expect(played(begin + data(piece) + end).progress.state).toBe('complete');
  });

  test('that begins with a failure is that failure, with its class', () => {
    const first = (failure: object) => played(data(failure) + end).progress.error;
    expect(first({ detail: 'Invalid API key' })).toMatchObject({
      code: 'upstream-credential-rejected',
      retry: 'never',
    });
    expect(first({ base_resp: { status_code: 1008, status_msg: 'insufficient balance' } })).toMatchObject({
      code: 'upstream-account-empty',
    });
    expect(first({ code: 429, message: 'slow down' })).toMatchObject({ status: 429 });
    expect(
      first({
        detail: "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens.",
      }),
    ).toMatchObject({ status: 400, publicMessage: expect.stringContaining('prompt is too long: 5000') });
  });

  test('that is a document with the failure is that failure', () => {
    const body = JSON.stringify({ base_resp: { status_code: 1008, status_msg: 'insufficient balance' } });
    const answer = translate(plainRequest, target).reader.answer(bytesOf(body));
    expect(answer).toMatchObject({ kind: 'failure', error: { code: 'upstream-account-empty' } });
  });
});
