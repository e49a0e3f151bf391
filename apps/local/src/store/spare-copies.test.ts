import { ClientSession, createRedisCommandExecutor, RedisServerState } from 'js-redis-server/core';
import type { RedisDataValue } from 'js-redis-server/core';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { spareCopies } from './spare-copies.ts';

let state: RedisServerState;

beforeEach(() => {
  state = new RedisServerState({ activeExpiryIntervalMs: false });
});

afterEach(() => {
  state.close();
});

test('a write tells its listeners the type of the value alone, and the value stays', async () => {
  const db = state.getDatabase(0);
  const told: RedisDataValue[] = [];
  db.subscribe((event) => {
    if (event.type === 'write') told.push(event.value);
  });
  spareCopies(db);
  const session = new ClientSession({ server: state, executor: createRedisCommandExecutor() });
  const lines = ['SET string x', 'HSET hash f x', 'RPUSH list x', 'SADD set x', 'ZADD zset 1 x', 'XADD stream 1-1 f x'];
  for (const line of lines) {
    const [name = '', ...args] = line.split(' ').map((word) => Buffer.from(word));
    await session.execute(name, args);
  }
  expect(told.map(({ type }) => type)).toEqual(['string', 'hash', 'list', 'set', 'zset', 'stream']);
  expect(told.map(sizeOf)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(db.entriesSnapshot().map(({ value }) => sizeOf(value))).toEqual([1, 1, 1, 1, 1, 1]);
});

function sizeOf(value: RedisDataValue): number {
  switch (value.type) {
    case 'string':
      return value.value.length;
    case 'hash':
      return value.fields.size;
    case 'list':
      return value.values.length;
    case 'set':
    case 'zset':
      return value.members.size;
    case 'stream':
      return value.entries.length;
    default:
      return value satisfies never;
  }
}
