import { jsonAt, jsonListAt } from '@ccg/testkit';
import { afterEach, expect, test } from 'vitest';
import { closeServer, gauge, rejection, start, thinking, tools } from '../test/rejecting-server.ts';

// What messages with calls must have at some servers: their reasoning, and a content.

afterEach(closeServer);

const called = (id: string, reasoning: string) => ({
  role: 'assistant',
  content: [
    { type: 'thinking', thinking: reasoning, signature: '' },
    { type: 'tool_use', id, name: 'Bash', input: { word: 'a' } },
  ],
});
const answered = (id: string) => ({ role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'ok' }] });
const asked = {
  ...thinking,
  tools,
  messages: [
    { role: 'user', content: 'Go' },
    called('a', 'I look.'),
    answered('a'),
    called('b', 'Once more.'),
    answered('b'),
  ],
};
const ofCalls = (body: unknown, name: string) =>
  jsonListAt(body, 'messages')
    .filter((message) => jsonAt(message, 'tool_calls') !== undefined)
    .map((message) => jsonAt(message, name));

test.each([
  'The `reasoning_content` in the thinking mode must be passed back to the API.',
  'thinking is enabled but reasoning_content is missing in assistant tool call message at index 2',
  'Missing `reasoning_content` field in the assistant message at message index 1.',
])('calls go back with the reasoning before them where a server wants it, which is remembered: %s', async (words) => {
  const server = await start({
    rejects: (body) => (ofCalls(body, 'reasoning_content').includes(undefined) ? rejection(words) : undefined),
  });
  const { end, sent } = await server.ask(asked);
  expect([end, sent.map((body) => ofCalls(body, 'reasoning_content'))]).toEqual([
    'completed ok',
    [
      [undefined, undefined],
      ['I look.', 'Once more.'],
    ],
  ]);
  expect((await server.ask(asked)).sent).toHaveLength(1);
  expect(await server.learned()).toEqual([gauge('form', 1)]);
});

test.each([
  'messages[1]: missing field `content`',
  "Invalid request: the message at position 1 with role 'assistant' must not be empty",
  "Invalid value for 'content': expected a string, got null.",
  'content cannot be null',
])('calls go back with an empty content where a server wants one, which is remembered: %s', async (words) => {
  const server = await start({
    rejects: (body) => (ofCalls(body, 'content').includes(null) ? rejection(words) : undefined),
  });
  const { end, sent } = await server.ask(asked);
  expect([end, sent.map((body) => ofCalls(body, 'content'))]).toEqual([
    'completed ok',
    [
      [null, null],
      ['', ''],
    ],
  ]);
  expect((await server.ask(asked)).sent).toHaveLength(1);
});

test('neither is sent to a server that did not ask for it', async () => {
  const server = await start({ rejects: () => undefined });
  const { sent } = await server.ask(asked);
  expect(sent.map((body) => [ofCalls(body, 'content'), ofCalls(body, 'reasoning_content')])).toEqual([
    [
      [null, null],
      [undefined, undefined],
    ],
  ]);
});
