import { readJson, writeJson } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import { expect, test } from 'vitest';
import { asObject } from '../../json-fields.ts';
import { alternate } from './alternate.ts';

const image = { type: 'image_url', image_url: { url: 'x' } };
const part = (text: string) => ({ type: 'text', text });
const user = (content: unknown) => ({ role: 'user', content });
const assistant = (content: unknown, more: object = {}) => ({ role: 'assistant', content, ...more });
const tool = (content: unknown) => ({ role: 'tool', tool_call_id: '1', content });
const calls = { tool_calls: [{ id: '1' }] };

function alternated(...messages: readonly object[]): unknown {
  const read = messages.map((message): JsonObject => asObject(readJson(JSON.stringify(message))) ?? {});
  return JSON.parse(writeJson(alternate(read)));
}

test.each([
  ['texts become one', [user('a'), user('b'), user('c')], [user('a\n\nb\n\nc')]],
  ['parts that are text become one text', [user([part('a')]), user([part('b'), part('c')])], [user('a\n\nb\n\nc')]],
  [
    'from the first image on there are parts',
    [user('a'), user('b'), user([image]), user('c'), user('d')],
    [user([part('a\n\nb'), image, part('c'), part('d')])],
  ],
  ['an image comes first', [user([image]), user('a')], [user([image, part('a')])]],
  [
    'calls of a turn that is joined stay',
    [user('a'), assistant('b'), assistant('c', calls)],
    [user('a'), assistant('b\n\nc', calls)],
  ],
  [
    'calls end a turn',
    [user('a'), assistant('b', calls), assistant('c')],
    [user('a'), assistant('b', calls), assistant('c')],
  ],
  ['what the user says after results belongs to the last', [tool('a'), user('b'), user('c')], [tool('a\n\nb\n\nc')]],
])('of messages of one role %s', (_what, messages, expected) => {
  expect(alternated(...messages)).toEqual(expected);
});
