import { randomUUID } from 'node:crypto';
import { redisForSuite } from '@ccg/testkit';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/* What the product, BullMQ included, takes for granted of a Redis, held to each of the stores by the same lines. */

const suite = redisForSuite('conformance');
const opened: Redis[] = [];
let redis: Redis;
let key: string;
let other: string;

beforeEach(() => {
  redis = open();
  // One tag, as keys of one call have it.
  key = `${suite.keyPrefix}{${randomUUID()}}:key`;
  other = `${key}:other`;
});

afterEach(() => {
  for (const one of opened.splice(0)) one.disconnect();
});

function open(): Redis {
  const one = new Redis(suite.url);
  opened.push(one);
  return one;
}

type Line = readonly [command: string, reply: unknown];

/** Sends a command as it is written; `KEY` and `OTHER` stand for two keys of the test. */
async function send(command: string, client = redis): Promise<unknown> {
  const [name = '', ...args] = command
    .split(' ')
    .map((word) => (word === 'KEY' ? key : word === 'OTHER' ? other : word));
  return client.call(name, ...args).catch((error: unknown) => (error instanceof Error ? error.message : error));
}

const wrongType = 'WRONGTYPE Operation against a key holding the wrong kind of value';

const types: Readonly<Record<string, readonly Line[]>> = {
  'a string': [
    ['GET KEY', null],
    ['SET KEY a', 'OK'],
    ['SET KEY b NX', null],
    ['GET KEY', 'a'],
    ['SET OTHER c NX PX 60000', 'OK'],
    ['EXISTS KEY OTHER', 2],
    ['DEL KEY OTHER', 2],
    ['EXISTS KEY', 0],
    ['INCRBY KEY 5', 5],
    ['HGET KEY field', wrongType],
  ],
  'a hash': [
    ['HSET KEY a 1 b 2', 2],
    ['HSET KEY b 3 c 4', 1],
    ['HGET KEY b', '3'],
    ['HMGET KEY a no c', ['1', null, '4']],
    ['HSETNX KEY a 9', 0],
    ['HINCRBY KEY a 2', 3],
    ['HDEL KEY a no', 1],
    ['HGETALL KEY', ['b', '3', 'c', '4']],
    ['HLEN KEY', 2],
    ['HDEL KEY b c', 2],
    ['EXISTS KEY', 0],
  ],
  'a list': [
    ['RPUSH KEY a b c', 3],
    ['LPUSH KEY z', 4],
    ['LRANGE KEY 0 -1', ['z', 'a', 'b', 'c']],
    ['LMOVE KEY OTHER RIGHT LEFT', 'c'],
    ['RPOPLPUSH KEY OTHER', 'b'],
    ['LRANGE OTHER 0 -1', ['b', 'c']],
    ['LREM OTHER 0 c', 1],
    ['LTRIM KEY 0 0', 'OK'],
    ['LINDEX KEY 0', 'z'],
    ['RPOP KEY', 'z'],
    ['LLEN KEY', 0],
    ['EXISTS KEY', 0],
  ],
  'a set': [
    ['SADD KEY a b a', 2],
    ['SISMEMBER KEY a', 1],
    ['SREM KEY a no', 1],
    ['SMEMBERS KEY', ['b']],
    ['SCARD KEY', 1],
    ['SMEMBERS OTHER', []],
  ],
  'a sorted set': [
    ['ZADD KEY 2 b 1 a 3 c', 3],
    ['ZADD KEY XX 9 no', 0],
    ['ZADD KEY NX 9 a', 0],
    ['ZSCORE KEY a', '1'],
    ['ZCARD KEY', 3],
    ['ZRANGE KEY 0 -1', ['a', 'b', 'c']],
    ['ZRANGEBYSCORE KEY (1 +inf LIMIT 0 1', ['b']],
    ['ZREMRANGEBYSCORE KEY -inf (2', 1],
    ['ZREM KEY b no', 1],
    ['ZPOPMIN KEY', ['c', '3']],
    ['EXISTS KEY', 0],
    // Milliseconds with all their digits: the time at which a lease lapses.
    ['ZADD KEY 1764302400123.4568 lease', 1],
    ['ZSCORE KEY lease', '1764302400123.4568'],
  ],
  'a sorted set in the order of its members': [
    ['ZADD KEY 0 b 0 a 0 c 0 B', 4],
    ['ZRANGEBYLEX KEY - + LIMIT 0 2', ['B', 'a']],
    ['ZRANGEBYLEX KEY (a + LIMIT 0 9', ['b', 'c']],
    ['ZRANGEBYLEX KEY [b + LIMIT 0 1', ['b']],
    ['ZRANGEBYLEX KEY (c + LIMIT 0 9', []],
    ['ZRANGEBYLEX OTHER - +', []],
  ],
  'a stream': [
    ['XADD KEY 1-1 entry a', '1-1'],
    ['XADD KEY 1-2 entry b', '1-2'],
    ['XADD KEY 2-0 entry c', '2-0'],
    ['XADD KEY 1-9 entry d', 'ERR The ID specified in XADD is equal or smaller than the target stream top item'],
    ['XRANGE KEY - + COUNT 1', [['1-1', ['entry', 'a']]]],
    ['XRANGE KEY (1-1 + COUNT 1', [['1-2', ['entry', 'b']]]],
    ['XREVRANGE KEY + - COUNT 1', [['2-0', ['entry', 'c']]]],
    ['XADD KEY MAXLEN 2 3-0 entry e', '3-0'],
    ['XLEN KEY', 2],
    ['XTRIM KEY MAXLEN 1', 1],
    ['XRANGE KEY - +', [['3-0', ['entry', 'e']]]],
    ['XRANGE OTHER - + COUNT 5', []],
  ],
  'an expiry': [
    ['PTTL KEY', -2],
    ['SET KEY a', 'OK'],
    ['PTTL KEY', -1],
    ['PEXPIRE KEY 60000', 1],
    ['SET KEY b', 'OK'],
    ['PTTL KEY', -1],
    ['PEXPIREAT KEY 1', 1],
    ['EXISTS KEY', 0],
    ['PEXPIRE KEY 60000', 0],
  ],
};

describe.each(Object.entries(types))('%s', (_type, lines) => {
  test('answers each command as Redis documents it', async () => {
    const replies: Line[] = [];
    for (const [command] of lines) replies.push([command, await send(command)]);
    expect(replies).toEqual(lines);
  });
});

test('a key is gone when its time is up, whether or not somebody asks for it', async () => {
  await send('SET KEY a PX 30');
  await send('HSET OTHER field value');
  await send('PEXPIRE OTHER 30');
  await expect.poll(() => send('EXISTS KEY OTHER'), { timeout: 10_000 }).toBe(0);
  expect(await send('RPUSH OTHER a')).toBe(1);
});

test('bytes of any kind come back as they were sent', async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  await redis.hset(key, bytes, bytes);
  expect(await redis.hgetallBuffer(key)).toEqual({ [bytes.toString()]: bytes });
  expect(await redis.xadd(other, '1-1', bytes, bytes)).toBe('1-1');
  expect(await redis.callBuffer('XRANGE', other, '-', '+')).toEqual([[Buffer.from('1-1'), [bytes, bytes]]]);
});

describe('a script', () => {
  const evaluate = (source: string, ...args: readonly string[]) =>
    redis
      .eval(source, 2, key, other, ...args)
      .catch((error: unknown) => (error instanceof Error ? error.message : error));

  test.each<[what: string, source: string, reply: unknown]>([
    ['a number loses its fraction', 'return 3.99', 3],
    ['false and nil are null', "return {redis.call('GET', KEYS[1]), false}", [null, null]],
    ['a missing field is false', "return tostring(redis.call('HGET', KEYS[1], 'no'))", 'false'],
    ['a list ends at the first nil', 'return {1, nil, 3}', [1]],
    ['true is 1', 'return true', 1],
    ['an argument is a string that counts as a number', 'return ARGV[1] * 2', 14],
    [
      'numbers keep 17 digits where they are asked for',
      "return string.format('%.17g', 1764302400123.4568)",
      '1764302400123.4568',
    ],
    ['a status is its text', "return redis.status_reply('fine')", 'fine'],
    ['an error is an error', "return redis.error_reply('ERR mine')", 'ERR mine'],
    ['JSON', 'return cjson.encode(cjson.decode(\'[1,"a",{"b":null}]\'))', '[1,"a",{"b":null}]'],
    ['MessagePack', "return cmsgpack.unpack(cmsgpack.pack({1, 'a'}))[2]", 'a'],
    ['the time is seconds and microseconds', "local t = redis.call('TIME') return #t .. type(t[1])", '2string'],
    ['a failed call may be caught', "return redis.pcall('INCR', KEYS[1], 'extra').err ~= nil and 1 or 0", 1],
  ])('%s', async (_what, source, reply) => {
    expect(await evaluate(source, '7')).toEqual(reply);
  });

  test('leaves what it wrote before it failed', async () => {
    const source = "redis.call('SET', KEYS[1], 'a') redis.call('HGET', KEYS[1], 'f') redis.call('SET', KEYS[2], 'b')";
    expect(await evaluate(source)).toContain('WRONGTYPE');
    expect([await send('GET KEY'), await send('EXISTS OTHER')]).toEqual(['a', 0]);
  });

  test('is known by its digest once it has run, and not before', async () => {
    const source = `return '${randomUUID()}'`;
    const sha1 = String(await redis.eval(`return redis.sha1hex(ARGV[1])`, 0, source));
    expect(await send(`EVALSHA ${sha1} 0`)).toMatch(/^NOSCRIPT/u);
    expect(await send(`EVALSHA ${sha1} 0`)).not.toBe(await redis.eval(source, 0));
    expect(await send(`EVALSHA ${sha1} 0`)).toBe(await redis.eval(source, 0));
  });

  test('runs alone: of many at once, from several connections, none sees half of another', async () => {
    const source = `
      local before = redis.call('GET', KEYS[1]) or '0'
      redis.call('SET', KEYS[1], before + 1)
      redis.call('SET', KEYS[2], before + 1)
      return redis.call('GET', KEYS[1]) == redis.call('GET', KEYS[2]) and 1 or 0`;
    const runs = [redis, open(), open()].flatMap((client) =>
      Array.from({ length: 100 }, () => client.eval(source, 2, key, other)),
    );
    expect(new Set(await Promise.all(runs))).toEqual(new Set([1]));
    expect(await send('GET KEY')).toBe('300');
  });
});

test('a transaction runs as a whole, and not at all when a watched key has changed', async () => {
  expect(await redis.multi().set(key, 'a').incr(other).exec()).toEqual([
    [null, 'OK'],
    [null, 1],
  ]);
  await redis.watch(key);
  await open().set(key, 'b');
  expect(await redis.multi().set(key, 'c').exec()).toBeNull();
  expect(await send('GET KEY')).toBe('b');
});

test('commands of one connection are answered in their order, however many are sent at once', async () => {
  const replies = await Promise.all(Array.from({ length: 500 }, () => redis.incr(key)));
  expect(replies).toEqual(Array.from({ length: 500 }, (_, at) => at + 1));
});

test('a message reaches who listens, in order, and nobody else; the sender learns how many that were', async () => {
  const [listener, elsewhere] = [open(), open()];
  const received: string[] = [];
  listener.on('message', (channel: string, message: string) => received.push(`${channel} ${message}`));
  elsewhere.on('message', (channel: string) => received.push(channel));
  await listener.subscribe(key);
  await elsewhere.subscribe(other);
  expect([await redis.publish(key, 'first'), await redis.publish(key, 'second')]).toEqual([1, 1]);
  expect(await redis.publish(`${key}:nobody`, 'x')).toBe(0);
  await expect.poll(() => received, { timeout: 10_000 }).toEqual([`${key} first`, `${key} second`]);
});

test('who waits for a job is woken by it', async () => {
  const waiting = [open().bzpopmin(key, 10), open().blmove(other, `${other}:active`, 'RIGHT', 'LEFT', 10)];
  await redis.zadd(key, 1, 'job');
  await redis.lpush(other, 'job');
  expect(await Promise.all(waiting)).toEqual([[key, 'job', '1'], 'job']);
});

test('a group of consumers gets each entry once, and a second time what was not acknowledged', async () => {
  await send('XGROUP CREATE KEY group 0 MKSTREAM');
  await send('XADD KEY 1-1 f a');
  await send('XADD KEY 1-2 f b');
  const read = (from: string) => redis.xreadgroup('GROUP', 'group', 'one', 'COUNT', '9', 'STREAMS', key, from);
  const [first, second] = [
    ['1-1', ['f', 'a']],
    ['1-2', ['f', 'b']],
  ];
  expect(await read('>')).toEqual([[key, [first, second]]]);
  expect(await read('>')).toBeNull();
  expect(await send('XACK KEY group 1-1')).toBe(1);
  expect(await read('0')).toEqual([[key, [second]]]);
});
