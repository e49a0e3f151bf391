import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseStore, isProcessAlive, sendRedisCommand } from '@ccg/local';
import type { LocalStore, StoreChoice } from '@ccg/local';
import { StartError } from '@ccg/startup';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

let root: string;
let opened: LocalStore[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ccg-store-'));
  opened = [];
});

afterEach(async () => {
  for (const store of opened) await store.close();
  await rm(root, { recursive: true });
});

async function choose(choice: Partial<StoreChoice>, observer = observe()): Promise<LocalStore> {
  const store = await chooseStore(
    {
      forced: undefined,
      redisVariable: undefined,
      searchPath: process.env['PATH'] ?? '',
      dataDir: join(root, 'data'),
      temporaryDir: root,
      ...choice,
    },
    observer,
  );
  opened.push(store);
  return store;
}

function observe() {
  return { say: vi.fn<(line: string) => void>(), restarted: vi.fn<() => Promise<void>>(() => Promise.resolve()) };
}

function send(store: LocalStore, ...words: readonly string[]): Promise<string> {
  return sendRedisCommand(socketOf(store), words, 2000);
}

function socketOf(store: LocalStore): string {
  return (store.url ?? '').replace(/^unix:\/\//, '');
}

async function pidOf(store: LocalStore): Promise<number> {
  return Number(/^process_id:(\d+)/m.exec(await send(store, 'INFO', 'server'))?.[1]);
}

describe('the choice of a store', () => {
  test('is REDIS_URL first, and takes it as it is', async () => {
    const store = await choose({ redisVariable: 'REDIS_URL' });
    expect(store.url).toBeUndefined();
    expect(store.name).not.toContain('secret');
    expect(store.durability()).toBe('as durable as that server is configured to be');
  });

  test('is a server of the machine next, and the embedded one last', async () => {
    expect((await choose({})).name).toMatch(/^(redis|valkey)-server \d+\.\d+/);
    expect((await choose({ searchPath: root })).name).toBe('embedded');
  });

  test('can be forced, and says what a forced one lacks', async () => {
    expect((await choose({ forced: 'embedded', redisVariable: 'REDIS_CLUSTER_NODES' })).name).toBe('embedded');
    await expect(choose({ forced: 'redis-url' })).rejects.toThrow('LOCAL_STORE=redis-url needs REDIS_URL.');
    await expect(choose({ forced: 'redis-server', searchPath: root })).rejects.toThrow(/apt-get install redis-server/);
  });
});

describe('a spawned server', () => {
  const forced = 'redis-server';

  test('keeps what was written when it is closed and started again', async () => {
    const first = await choose({ forced });
    await first.start();
    await send(first, 'SET', 'kept', 'yes');
    const pid = await pidOf(first);
    await first.close();
    expect(isProcessAlive(pid)).toBe(false);
    const second = await choose({ forced });
    await second.start();
    expect(await send(second, 'GET', 'kept')).toBe('yes');
    const folder = join(root, 'data', 'redis');
    expect(second.durability()).toBe(`kept in ${folder}; a crash of the machine loses at most the last second`);
  });

  test('is private, durable, bound to no port, in its own process group and without our environment', async () => {
    const store = await choose({ forced });
    await store.start();
    const pid = await pidOf(store);
    expect((await stat(join(root, 'data', 'redis'))).mode & 0o777).toBe(0o700);
    expect(await send(store, 'INFO', 'persistence')).toContain('aof_enabled:1');
    expect(await send(store, 'INFO', 'memory')).toContain('maxmemory_policy:noeviction');
    expect(await send(store, 'INFO', 'server')).toContain('tcp_port:0');
    const processGroup = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[2];
    expect(processGroup).toBe(String(pid));
    expect(await readFile(`/proc/${pid}/environ`, 'utf8')).not.toContain('PATH=');
  });

  test('is adopted by the next start when its parent left it running', async () => {
    const left = await choose({ forced });
    await left.start();
    const pid = await pidOf(left);
    const observer = observe();
    const next = await choose({ forced }, observer);
    await next.start();
    expect(await pidOf(next)).toBe(pid);
    expect(observer.say).toHaveBeenCalledWith(`Adopted the Redis (process ${pid}) that an earlier run left.`);
    await next.close();
    expect(isProcessAlive(pid)).toBe(false);
  });

  test('does not start on the files of a server in another container, whose processes cannot be seen', async () => {
    const left = await choose({ forced });
    await left.start();
    // Its pid means nothing here.
    await writeFile(join(root, 'data', 'redis', 'redis.pid'), '999999999\n');
    const next = await choose({ forced });
    await expect(next.start()).rejects.toThrow(/^Another Redis uses .*Stop that one first, or give this one a volume/u);
  });

  test('is not mistaken for another process that now has its id', async () => {
    const store = await choose({ forced });
    await store.start();
    await store.close();
    await writeFile(join(root, 'data', 'redis', 'redis.pid'), `${process.ppid}\n`);
    await store.close();
    const next = await choose({ forced });
    await next.start();
    expect(await pidOf(next)).not.toBe(process.ppid);
  });

  test('is started again when it is killed', async () => {
    const observer = observe();
    const store = await choose({ forced }, observer);
    await store.start();
    const pid = await pidOf(store);
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(
      () => {
        expect(observer.restarted).toHaveBeenCalledOnce();
      },
      { timeout: 10_000 },
    );
    expect(await pidOf(store)).not.toBe(pid);
  });

  test('shows the end of its log when it does not start', async () => {
    const store = await choose({ forced });
    await store.start();
    await send(store, 'SET', 'a', 'b');
    await store.close();
    const folder = join(root, 'data', 'redis');
    for (const name of await readdir(folder, { recursive: true })) {
      if (name.endsWith('.aof')) await writeFile(join(folder, name), 'not an append-only file\n');
    }
    const next = await choose({ forced });
    await expect(next.start()).rejects.toThrow(/did not start \(it ended\)\. Its log ends with:\n.*format/s);
  });
});

describe.each(['redis-server', 'embedded'] as const)('%s', (forced) => {
  test('listens under the temporary directory when DATA_DIR is too long for a socket', async () => {
    const store = await choose({ forced, dataDir: join(root, 'long'.repeat(30), 'a b%#?') });
    await store.start();
    expect(await send(store, 'PING')).toBe('PONG');
    expect(socketOf(store).length).toBeLessThan(107);
  });

  test('has a URL that survives a path with spaces, percent signs and more', async () => {
    const store = await choose({ forced, dataDir: join(root, 'a b%20#?ü') });
    await store.start();
    expect(await send(store, 'PING')).toBe('PONG');
  });
});

describe('the embedded server', () => {
  const journal = () => join(root, 'data', 'redis', 'journal');

  test('runs Lua, keeps what was written when it is closed and started again, and leaves no socket', async () => {
    const store = await choose({ forced: 'embedded' });
    await store.start();
    const script = "redis.call('SET', KEYS[1], ARGV[1]); return redis.call('GET', KEYS[1])";
    expect(await send(store, 'EVAL', script, '1', 'k', 'value')).toBe('value');
    await send(store, 'SET', 'limit', 'used', 'PX', '600000');
    await store.close();
    expect(await readdir(join(root, 'data', 'redis'))).toEqual(['journal']);
    const next = await choose({ forced: 'embedded' });
    await next.start();
    expect(await send(next, 'GET', 'k')).toBe('value');
    expect(await send(next, 'GET', 'limit')).toBe('used');
    expect(Number(await send(next, 'PTTL', 'limit'))).toBeGreaterThan(500_000);
    expect(await send(next, 'INFO', 'persistence')).toContain('aof_enabled:1');
    expect(next.durability()).toBe(`kept in ${journal()}; a crash of the machine loses at most the last second`);
  });

  test('says what a crash cut off its journal, and has the rest', async () => {
    const store = await choose({ forced: 'embedded' });
    await store.start();
    await send(store, 'SET', 'k', 'value');
    const size = (await stat(journal())).size;
    await send(store, 'SET', 'late', 'value');
    await store.close();
    await truncate(journal(), size + 10);
    const observer = observe();
    const next = await choose({ forced: 'embedded' }, observer);
    await next.start();
    expect(observer.say.mock.calls).toEqual([
      [
        `The last 10 bytes of the store's journal ${journal()} are not used: a crash cut them off while they were written.`,
      ],
    ]);
    expect([await send(next, 'GET', 'k'), await send(next, 'EXISTS', 'late')]).toEqual(['value', '0']);
  });

  test('refuses to start on a journal that is damaged, and leaves it as it is', async () => {
    const store = await choose({ forced: 'embedded' });
    await store.start();
    await send(store, 'SET', 'k', 'value');
    await store.close();
    const damaged = (await readFile(journal())).fill(0xff, 20, 21);
    await writeFile(journal(), damaged);
    const next = await choose({ forced: 'embedded' });
    await expect(next.start()).rejects.toThrow(
      new StartError(
        `The store's journal ${journal()} is damaged at byte 0. Put back a copy of it, or move it away to begin with an empty store, in which only the first API key works.`,
      ),
    );
    expect(await readFile(journal())).toEqual(damaged);
  });

  test('works on when its journal cannot be written, and says that nothing is kept, and when it is again', async () => {
    await mkdir(join(root, 'data', 'redis', 'journal.new'), { recursive: true, mode: 0o700 });
    const observer = observe();
    const store = await choose({ forced: 'embedded' }, observer);
    await store.start();
    expect(store.durability()).toMatch(/^nothing is kept, because .+\/journal cannot be written \(EISDIR/u);
    expect(observer.say.mock.calls).toEqual([
      [expect.stringContaining(`Warning: the store cannot write ${journal()}`)],
    ]);
    await send(store, 'SET', 'k', 'value');
    await rm(join(root, 'data', 'redis', 'journal.new'), { recursive: true });
    await vi.waitFor(
      () => {
        expect(observer.say).toHaveBeenLastCalledWith(`The store writes ${journal()} again: everything is kept.`);
      },
      { timeout: 10_000 },
    );
    await store.close();
    const next = await choose({ forced: 'embedded' });
    await next.start();
    expect(await send(next, 'GET', 'k')).toBe('value');
  });

  test('takes the place of a socket file that a killed process left', async () => {
    await writeFile(join(root, 'stale'), '');
    const store = await choose({ forced: 'embedded' });
    await writeFile(socketOf(store), '');
    await store.start();
    const socket = connect(socketOf(store));
    await once(socket, 'connect');
    socket.destroy();
  });
});
