import { expect, test } from 'vitest';
import { StoreReplyError, StoreUnavailableError, toStoreError } from './errors.ts';

function replyError(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError', command: { name: 'get', args: ['a-secret'] } });
}

test.each([
  'LOADING Redis is loading the dataset in memory',
  "READONLY You can't write against a read only replica.",
  'OOM command not allowed',
])('a server that cannot serve now is an unavailable store: %s', (message) => {
  expect(toStoreError(replyError(message))).toMatchObject({ name: 'StoreUnavailableError', reason: 'refused' });
});

test('a lost connection is an unavailable store and tells the system’s code alone', () => {
  const lost = Object.assign(new Error('connect ECONNREFUSED redis.internal:6379'), { code: 'ECONNREFUSED' });
  const error = toStoreError(lost);
  expect(error).toBeInstanceOf(StoreUnavailableError);
  expect(error.message).toContain('ECONNREFUSED');
  expect(error.message).not.toContain('redis.internal');
});

test('an error reply is kept without the arguments of the command', () => {
  const error = toStoreError(replyError("ERR unknown command 'x', with args beginning with: 'a-secret'"));
  expect(error).toBeInstanceOf(StoreReplyError);
  expect(error.message).toBe("ERR unknown command 'x'");
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('a-secret');
});
