import { jsonAt, jsonListAt } from '@ccg/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import {
  chat,
  closeServer,
  compatible,
  gauge,
  has,
  ollama,
  rejection,
  start,
  thinking,
  tools,
  warned,
} from '../test/rejecting-server.ts';

// Servers that refuse a form of the history: it is sent in its other form from then on.

afterEach(closeServer);

const system = 'Be brief.';
const roles = (body: unknown) => jsonListAt(body, 'messages').map((message) => jsonAt(message, 'role'));
const hasSystem = (body: unknown) => has(body, 'system') || roles(body).some((role) => role === 'system');

describe('messages of the system that a model does not take', () => {
  const param = { param: 'messages[0].role', code: 'unsupported_value' };

  test.each([
    ['System role not supported', chat, {}],
    ['System messages are not allowed', chat, {}],
    ["Unsupported value: 'messages[0].role' does not support 'system' with this model.", chat, param],
    ['Developer instruction is not enabled for models/gemini-2.0-flash-exp', chat, {}],
    ["'system' is not one of ['user', 'assistant'] - 'messages.0.role'", chat, {}],
    ["system is not one of ['user', 'assistant']", chat, {}],
    ['Only user and assistant roles are supported!', chat, {}],
    ['This model does not support system prompts.', chat, {}],
    ['messages[0].role: unknown variant `system`, expected `user` or `assistant`', chat, {}],
    ['该模型不支持system角色', chat, {}],
    ['system: Extra inputs are not permitted', compatible, {}],
    ['System role not supported', compatible, {}],
    ['system role not supported', ollama, {}],
  ])('stand at the beginning of the first message of the user: %s', async (words, prefix, more) => {
    const server = await start({
      prefix,
      rejects: (body) => (hasSystem(body) ? rejection(words, more) : undefined),
    });
    const first = await server.ask({ system });
    expect([first.end, first.record.attempts.length, warned(first)]).toEqual([
      'completed ok',
      2,
      ['system approximated'],
    ]);
    const next = await server.ask({ system });
    expect(next.record.attempts).toHaveLength(1);
    const told = JSON.stringify(jsonListAt(next.sent[0], 'messages')[0]);
    expect(told.indexOf(system)).toBeGreaterThan(0);
    expect(told.indexOf('hi', told.indexOf(system))).toBeGreaterThan(0);
    const without = await server.ask({});
    expect([without.end, warned(without)]).toEqual(['completed ok', []]);
    expect(await server.learned()).toEqual([gauge('form', 1, prefix.provider)]);
  });

  test('stand in a message of their own where the history begins with the assistant', async () => {
    const server = await start({
      rejects: (body) => (hasSystem(body) ? rejection('System role not supported') : undefined),
    });
    const messages = [
      { role: 'assistant', content: 'Well?' },
      { role: 'user', content: 'Go' },
    ];
    const { sent } = await server.ask({ system, messages });
    expect(roles(sent.at(-1))).toEqual(['user', 'assistant', 'user']);
  });

  test('of a model that knows neither them nor messages of tools become text, all of them', async () => {
    const server = await start({
      rejects: (body) =>
        roles(body).every((role) => role === 'user' || role === 'assistant')
          ? undefined
          : rejection('Only user and assistant roles are supported!'),
    });
    const messages = [
      { role: 'user', content: 'Go' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'call_1', name: 'Bash', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'ok' }] },
    ];
    const first = await server.ask({ system, messages });
    expect([first.end, first.record.attempts.length]).toEqual(['completed ok', 3]);
    expect((await server.ask({ system, messages })).record.attempts).toHaveLength(1);
  });

  test.each(["'tool' is not one of ['system', 'user', 'assistant'] - 'messages.2.role'"])(
    'are no matter where the role of results is refused: %s',
    async (words) => {
      const server = await start({
        rejects: (body) => (roles(body).includes('tool') ? rejection(words) : undefined),
      });
      const messages = [
        { role: 'user', content: 'Go' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'call_1', name: 'Bash', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'ok' }] },
      ];
      const { end, sent } = await server.ask({ system, messages });
      expect([end, sent.length]).toEqual(['completed ok', 2]);
      expect(roles(sent.at(-1))).toEqual(['system', 'user', 'assistant', 'user']);
    },
  );
});

describe('reasoning in messages that a server of the older protocol does not know', () => {
  const messages = [
    { role: 'user', content: 'Go' },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
        { type: 'text', text: 'Well.' },
      ],
    },
    { role: 'user', content: 'On' },
  ];
  const extra = { type: 'extra_forbidden', loc: ['body', 'messages', 1, 'content', 0, 'signature'] };
  const tag = "Input tag 'thinking' found using 'type' does not match any of the expected tags: 'text', 'image'";
  const union = { type: 'union_tag_invalid', loc: ['body', 'messages', 1, 'content', 0], msg: tag };

  test.each([
    ['messages.1.content.0.signature: Extra inputs are not permitted', {}],
    [`messages.1.content.0: ${tag}`, {}],
    ['messages[1].content[0].type: unknown variant `thinking`, expected one of `text`, `image`', {}],
    ["messages.1.content.0: content type 'thinking' is not supported", {}],
    ['see detail', { detail: [extra] }],
    ['see detail', { detail: [union] }],
  ])('is left out, and not sent again: %s %j', async (words, more) => {
    const server = await start({
      prefix: compatible,
      rejects: (body) => (JSON.stringify(body).includes('"type":"thinking"') ? rejection(words, more) : undefined),
    });
    const first = await server.ask({ messages });
    expect([first.end, first.record.attempts.length]).toEqual(['completed ok', 2]);
    const next = await server.ask({ messages });
    expect([next.end, next.record.attempts.length]).toEqual(['completed ok', 1]);
    expect(await server.learned()).toEqual([gauge('form', 1, 'anthropic')]);
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

  test('is left to the model for this choice from then on where nothing else helps', async () => {
    const server = await start({ rejects: (body) => (isForced(body) ? rejection(words) : undefined) });
    const first = await server.ask(forced, 'deepseek-v3.1');
    expect([first.end, warned(first)]).toEqual(['completed ok', ['tool_choice unsupported']]);
    expect((await server.ask(forced, 'deepseek-v3.1')).record.attempts).toHaveLength(1);
    const auto = await server.ask({ tools, tool_choice: { type: 'auto' } }, 'deepseek-v3.1');
    expect(auto.sent.map((body) => jsonAt(body, 'tool_choice'))).toEqual(['auto']);
  });
});
