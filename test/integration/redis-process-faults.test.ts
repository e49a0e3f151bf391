import { sendRedisCommand } from '@ccg/local';
import { connectStore, createScript, findMissingPermissions, StoreUnavailableError } from '@ccg/store';
import type { Store, StoreOptions } from '@ccg/store';
import { redisBinary, startRedisProcess } from '@ccg/testkit';
import type { RedisProcess, RedisProcessOptions } from '@ccg/testkit';
import { afterEach, describe, expect, test } from 'vitest';

const patienceMs = 10_000;
const stores: Store[] = [];
const servers: RedisProcess[] = [];

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function startServer(options: Omit<RedisProcessOptions, 'binary'> = {}): Promise<RedisProcess> {
  const binary = redisBinary();
  if (binary === undefined)
    throw new Error('This test hurts a Redis of its own: install one, e.g. apt-get install redis-server.');
  const server = await startRedisProcess({ binary, ...options });
  servers.push(server);
  return server;
}

function open(options: Partial<StoreOptions>): Store {
  const store = connectStore({ url: undefined, keyPrefix: 'test:', commandTimeoutMs: 2000, ...options });
  stores.push(store);
  return store;
}

async function reasonOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'answered',
    (error: unknown) => (error instanceof StoreUnavailableError ? error.reason : error),
  );
}

test('a Redis that was killed and came back empty is used again, its scripts too', async () => {
  const server = await startServer();
  const store = open({ url: server.url });
  await store.whenReady(patienceMs);
  const script = createScript("return redis.call('INCR', KEYS[1])");
  expect(await store.run(script, ['test:counter'], [])).toBe(1);
  await server.kill();
  expect(['down', 'timeout']).toContain(await reasonOf(store.run(script, ['test:counter'], [])));
  await server.start();
  await store.whenReady(patienceMs);
  expect(await store.run(script, ['test:counter'], [])).toBe(1);
});

test('a frozen Redis costs three timeouts, and is used again when it thaws', async () => {
  const server = await startServer();
  const store = open({ url: server.url });
  await store.whenReady(patienceMs);
  server.freeze();
  const reasons = [];
  for (let call = 0; call < 4; call += 1) reasons.push(await reasonOf(store.command('ping', [], { timeoutMs: 20 })));
  expect(reasons).toEqual(['timeout', 'timeout', 'timeout', 'breaker']);
  server.thaw();
  await expect.poll(() => store.state(), { timeout: patienceMs }).toBe('ready');
  expect(await store.command('ping', [])).toBe('PONG');
});

test('a connection that stays silent is given up, so that a Redis that moved is found', async () => {
  const server = await startServer();
  const store = open({ url: server.url });
  await store.whenReady(patienceMs);
  server.freeze();
  expect(await reasonOf(store.command('ping', [], { timeoutMs: 20 }))).toBe('timeout');
  await expect.poll(() => reasonOf(store.command('ping', [], { timeoutMs: 20 })), { timeout: patienceMs }).toBe('down');
});

test('a unix socket serves as well as a port', async () => {
  const server = await startServer();
  const store = open({ socketPath: server.socketPath });
  await store.whenReady(patienceMs);
  expect(await store.command('ping', [])).toBe('PONG');
});

test('a password is used, and a wrong one is an unavailable store that never repeats it', async () => {
  const server = await startServer({ password: 'right-password' });
  const store = open({ url: server.url });
  await store.whenReady(patienceMs);
  expect(await store.command('ping', [])).toBe('PONG');

  const details: string[] = [];
  const stranger = open({
    url: server.url.replace('right', 'wrong'),
    onState: (_state, detail) => details.push(detail),
  });
  await expect.poll(() => details, { timeout: patienceMs }).toEqual(['WRONGPASS']);
  const error: unknown = await stranger.command('ping', []).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StoreUnavailableError);
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('wrong-password');
});

describe('a Redis user that may not do everything', () => {
  const keyPrefix = 'ccg:';
  const everything = ['~ccg:*', '&ccg:*', '+@all'];

  async function missingFor(...rules: readonly string[]) {
    const server = await startServer();
    const user = ['SETUSER', 'limited', 'on', '>secret', 'resetchannels', ...rules];
    await sendRedisCommand(server.socketPath, ['ACL', ...user], patienceMs);
    const url = server.url.replace('redis://', 'redis://limited:secret@');
    return findMissingPermissions({ url }, { keyPrefix, timeoutMs: patienceMs });
  }

  test.each([
    ['all commands', everything],
    ['what the README recommends', [...everything, '-@dangerous', '+info']],
  ])('lacks nothing with %s on our keys and channels, and leaves no key behind', async (_what, rules) => {
    expect(await missingFor(...rules)).toMatchObject({ aclRules: [], unknownCommands: [] });
    expect(await sendRedisCommand(servers[0]?.socketPath ?? '', ['DBSIZE'], patienceMs)).toBe('0');
  });

  test.each(['+hset', '+evalsha', '+zadd', '+subscribe', '+del'])('lacks %s', async (rule) => {
    expect(await missingFor(...everything, rule.replace('+', '-'))).toMatchObject({
      aclRules: [rule],
      unknownCommands: [],
    });
  });

  test.each([
    ['~ccg:*', ['~other:*', '&ccg:*', '+@all']],
    ['&ccg:*', ['~ccg:*', '+@all']],
  ])('lacks %s', async (rule, rules) => {
    expect((await missingFor(...rules)).aclRules).toEqual([rule]);
  });
});

test('a server that does not know a command is told apart from one that forbids it', async () => {
  const server = await startServer({ extraArgs: ['--rename-command', 'EVALSHA', ''] });
  expect(await findMissingPermissions({ url: server.url }, { keyPrefix: 'ccg:', timeoutMs: patienceMs })).toMatchObject(
    {
      aclRules: [],
      unknownCommands: ['evalsha'],
    },
  );
});
