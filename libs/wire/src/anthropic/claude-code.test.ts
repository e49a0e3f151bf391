import { expect, test } from 'vitest';
import { encodeText } from '../bytes.ts';
import { RawText } from '../json/json-value.ts';
import { readJson } from '../json/read-json.ts';
import { isAttribution, readClientIdentity } from './claude-code.ts';

function metadata(userId: unknown) {
  return readJson(encodeText(JSON.stringify({ user_id: userId })));
}

const nobody = { user: undefined, session: undefined };

test.each([
  ['an account', JSON.stringify({ device_id: 'd', account_uuid: 'a', session_id: 's' }), { user: 'a', session: 's' }],
  ['a device', JSON.stringify({ device_id: 'd', account_uuid: '', session_id: 's' }), { user: 'd', session: 's' }],
  ['no session', JSON.stringify({ device_id: 'd' }), { user: 'd', session: undefined }],
  ['the older form', 'user_d_account_a_session_s', { user: 'user_d_account_a', session: 's' }],
  ['a name of another client', 'José', { user: 'José', session: undefined }],
  ['a JSON text that is no object', '"x"', { user: '"x"', session: undefined }],
  ['members of other types', JSON.stringify({ account_uuid: 1, session_id: null }), nobody],
  ['members that it inherits', '{"__proto__":{"session_id":"s"}}', nobody],
  ['an empty text', '', nobody],
  ['a number', 7, nobody],
])('the identity of a client with %s', (_what, userId, identity) => {
  expect(readClientIdentity(metadata(userId))).toEqual(identity);
});

test.each([[undefined], [null], ['text'], [[]], [{}]])('metadata that is %j names nobody', (value) => {
  expect(readClientIdentity(value)).toEqual(nobody);
});

test('the header with the session overrides metadata, and is enough alone', () => {
  const headers = [['x-claude-code-session-id', ' h ']] as const;
  expect(readClientIdentity(metadata('user_d_session_s'), headers)).toEqual({ user: 'user_d', session: 'h' });
  expect(readClientIdentity(undefined, headers)).toEqual({ user: undefined, session: 'h' });
  expect(readClientIdentity(metadata('u_session_s'), [['x-claude-code-session-id', '']])).toMatchObject({
    session: 's',
  });
});

test('the attribution line is known by its beginning, however it is escaped', () => {
  expect(isAttribution(readText('x-anthropic-billing-header: cc_version=1'))).toBe(true);
  expect(isAttribution(readText('x\\u002danthropic-billing-header: a'))).toBe(true);
  expect(isAttribution(readText('the x-anthropic-billing-header: a'))).toBe(false);
});

function readText(literal: string) {
  const text = readJson(`"${literal}"`);
  return typeof text === 'string' || text instanceof RawText ? text : '';
}
