import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { ClientSession, createRedisCommandExecutor, RedisServerState } from 'js-redis-server/core';
import type { RedisDatabase } from 'js-redis-server/core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { openJournal } from './journal.ts';
import type { Journal, JournalState } from './journal.ts';
import { readRecords } from './record.ts';
import { JournalRefusedError, restoreJournal } from './restore.ts';
import { trackChanges } from './tracked-changes.ts';

type Command = readonly (string | Buffer)[];

interface Server {
  readonly db: RedisDatabase;
  readonly states: readonly JournalState[];
  readonly journal: Journal;
  /** Sends a command as a client of its own connection does, and gives its answer. */
  send(...command: Command): Promise<unknown>;
}

let folder: string;
let path: string;
const opened: { close(): unknown }[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ccg-journal-'));
  path = join(folder, 'journal');
});

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  rmSync(folder, { recursive: true });
});

/** A server with a journal, without its sockets. */
async function startServer(file = path): Promise<Server> {
  const state = new RedisServerState({ activeExpiryIntervalMs: false });
  const db = state.getDatabase(0);
  let journal: Journal | undefined;
  const changes = trackChanges(db, () => journal?.write());
  const session = new ClientSession({
    server: state,
    executor: createRedisCommandExecutor({ policies: [changes.policy] }),
  });
  restoreJournal(file, db, () => undefined);
  const states: JournalState[] = [];
  journal = await openJournal({ path: file, db, changes, onState: (now) => states.push(now) });
  opened.push(journal, state);
  return {
    db,
    states,
    journal,
    async send(name = '', ...args) {
      const result = await session.execute(
        Buffer.from(name),
        args.map((arg) => Buffer.from(arg)),
      );
      return 'value' in result ? result.value : undefined;
    },
  };
}

/** What the store would hold if the process were killed now. */
function afterKill(bytes: Buffer = readFileSync(path)): unknown {
  const copy = join(folder, 'copy');
  writeFileSync(copy, bytes);
  const state = new RedisServerState({ activeExpiryIntervalMs: false });
  restoreJournal(copy, state.getDatabase(0), () => undefined);
  return contentOf(state.getDatabase(0));
}

function contentOf(db: RedisDatabase): ReadonlyMap<string, unknown> {
  return new Map(db.entriesSnapshot().map(({ key, value, expiresAt }) => [key.toString('hex'), { value, expiresAt }]));
}

/** Far away: no test waits for it. */
const hour = '3600000';

/** Makes a key of every type, with what commands act on. */
const firstCommands: readonly Command[] = [
  ['SET', 'string', 'x'],
  ['HSET', 'hash', 'x', '1', 'y', '2', 'z', '3'],
  ['RPUSH', 'list', 'x', 'y', 'z'],
  ['SADD', 'set', 'x', 'y', 'z'],
  ['ZADD', 'zset', '1', 'x', '2', 'y', '3', 'z'],
  ...['1-1', '2-1', '3-1', '4-1'].flatMap((id) => ['log', 'work'].map((key) => ['XADD', key, id, 'f', 'v'])),
  ['XGROUP', 'CREATE', 'work', 'group', '0'],
  ['XREADGROUP', 'GROUP', 'group', 'one', 'COUNT', '3', 'STREAMS', 'work', '>'],
];

const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('x', 'y', 'z') },
  fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes)),
);
const score = fc.oneof(
  fc.constantFrom('inf', '-inf', '-0', '1e-310'),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
);
const id = fc.constantFrom('1-1', '2-1', '3-1', '4-1');
const key = fc.constantFrom('string', 'hash', 'list', 'set', 'zset', 'log', 'work', 'other');

function command(name: string, ...args: readonly (string | fc.Arbitrary<string | Buffer>)[]): fc.Arbitrary<Command> {
  const rest = args.map((arg) => (typeof arg === 'string' ? fc.constant(arg) : arg));
  return fc.tuple(...rest).map((words) => [name, ...words]);
}

const ofOneType: readonly fc.Arbitrary<Command>[] = [
  command('SET', 'string', value),
  command('SET', 'string', value, 'PX', hour),
  command('APPEND', 'string', value),
  command('HSET', 'hash', value, value),
  command('HDEL', 'hash', value),
  command('HPEXPIRE', 'hash', hour, 'FIELDS', '1', value),
  command('HPERSIST', 'hash', 'FIELDS', '1', value),
  command('RPUSH', 'list', value, value),
  command('LPOP', 'list'),
  command('LSET', 'list', '0', value),
  command('LMOVE', 'list', 'list', 'LEFT', 'RIGHT'),
  command('SADD', 'set', value),
  command('SREM', 'set', value),
  command('SPOP', 'set'),
  command('SUNIONSTORE', 'other', 'set', 'set'),
  command('ZADD', 'zset', score, value),
  command('ZREM', 'zset', value),
  command('ZPOPMIN', 'zset'),
  command('ZRANGESTORE', 'other', 'zset', '0', '1'),
  command('SORT', 'set', 'ALPHA', 'STORE', 'other'),
];

const ofStreams: readonly fc.Arbitrary<Command>[] = [
  command('XADD', 'log', '*', value, value),
  command('XADD', 'log', 'MAXLEN', '3', '*', value, value),
  command('XTRIM', 'log', 'MAXLEN', '1'),
  command('XTRIM', 'log', 'MAXLEN', '0'),
  command('XDEL', fc.constantFrom('log', 'work'), id),
  command('XADD', 'work', '*', value, value),
  command('XSETID', 'log', '9999999999999-1'),
  command('XGROUP', 'CREATE', 'log', 'group', '$', 'MKSTREAM'),
  command('XGROUP', 'DESTROY', fc.constantFrom('log', 'work'), 'group'),
  command('XGROUP', 'CREATECONSUMER', 'work', 'group', value),
  command('XREADGROUP', 'GROUP', 'group', value, 'COUNT', '1', 'STREAMS', fc.constantFrom('log', 'work'), '>'),
  command('XACK', 'work', 'group', id),
  command('XCLAIM', 'work', 'group', 'two', '0', id),
];

const ofAnyType: readonly fc.Arbitrary<Command>[] = [
  command('PEXPIRE', key, hour),
  command('PERSIST', key),
  command('RENAME', key, key),
  command('COPY', key, key, 'REPLACE'),
  command('DEL', key),
  command('FLUSHALL'),
  command(
    'EVAL',
    "redis.call('SADD', KEYS[1], 'in a script') redis.call('XADD', KEYS[2], '*', 'f', 'v')",
    '2',
    key,
    'log',
  ),
];

const single = fc.oneof(
  { weight: 6, arbitrary: fc.oneof(...ofOneType) },
  { weight: 6, arbitrary: fc.oneof(...ofStreams) },
  { weight: 1, arbitrary: fc.oneof(...ofAnyType) },
);

const transaction = fc
  .tuple(fc.array(single, { maxLength: 4 }), fc.constantFrom('EXEC', 'DISCARD'))
  .map(([commands, end]): readonly Command[] => [['MULTI'], ...commands, [end]]);

/** One command, or a transaction of a few. */
const arbitraryCommands: fc.Arbitrary<readonly Command[]> = fc.oneof(
  { weight: 9, arbitrary: single.map((one): readonly Command[] => [one]) },
  { weight: 1, arbitrary: transaction },
);

describe('after kill -9', () => {
  test('property: a store that had been written is as it was, whatever commands ran', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(arbitraryCommands, fc.boolean()), { maxLength: 20, size: 'max' }),
        async (steps) => {
          path = join(folder, String((run += 1)));
          const server = await startServer(path);
          for (const [commands, isWrittenNow] of [[firstCommands, true] as const, ...steps]) {
            for (const one of commands) await server.send(...one);
            if (!isWrittenNow) continue;
            server.journal.write();
            expect(afterKill()).toEqual(contentOf(server.db));
          }
        },
      ),
    );
  }, 60_000);

  test('property: a file that was cut off anywhere gives the store as it was after one of the writes', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(arbitraryCommands, { maxLength: 20, size: 'max' }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (steps, share) => {
          path = join(folder, String((run += 1)));
          const server = await startServer(path);
          const whole = statSync(path).size;
          const written = [{ size: whole, content: contentOf(server.db) }];
          for (const one of [firstCommands, ...steps].flat()) {
            await server.send(...one);
            server.journal.write();
            written.push({ size: statSync(path).size, content: contentOf(server.db) });
          }
          const bytes = readFileSync(path);
          const cut = whole + Math.floor((bytes.length - whole) * share);
          const expected = written.findLast(({ size }) => size <= cut)?.content;
          expect(afterKill(bytes.subarray(0, cut))).toEqual(expected);
          // As after a power failure: the file is long, but its end was never written.
          expect(afterKill(Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(bytes.length - cut)]))).toEqual(
            expected,
          );
        },
      ),
      { numRuns: 50 },
    );
  }, 60_000);

  test('a key without expiry is there as soon as its command is answered, one with expiry with the next write', async () => {
    const server = await startServer();
    await server.send('SET', 'lasting', 'a');
    await server.send('SET', 'expiring', 'b', 'PX', hour);
    expect(afterKill()).toEqual(new Map([['6c617374696e67', expect.anything()]]));
    server.journal.write();
    expect(afterKill()).toEqual(contentOf(server.db));
  });

  test('a key without expiry that was removed, or got one, does not come back', async () => {
    const server = await startServer();
    for (const key of ['removed', 'expiring']) await server.send('SET', key, 'a');
    await server.send('DEL', 'removed');
    await server.send('PEXPIRE', 'expiring', hour);
    expect(afterKill()).toEqual(contentOf(server.db));
  });

  test('a script is there as a whole, as far as it came', async () => {
    const server = await startServer();
    const script = "for at = 1, 3 do redis.call('SET', 'k' .. at, 'v') end redis.call('NO-SUCH-COMMAND')";
    await server.send('EVAL', script, '0');
    expect(contentOf(server.db).size).toBe(3);
    expect(afterKill()).toEqual(contentOf(server.db));
  });

  test('a transaction is there as a whole or not at all', async () => {
    const server = await startServer();
    await server.send('MULTI');
    await server.send('SET', 'a', '1');
    await server.send('SET', 'b', '2');
    await server.send('EXEC');
    const { payloads } = readRecords(readFileSync(path));
    expect(payloads).toHaveLength(2);
    expect(afterKill()).toEqual(contentOf(server.db));
  });

  test('what has expired meanwhile stays away, and what has not keeps its time', async () => {
    const server = await startServer();
    await server.send('SET', 'short', 'a', 'PX', '1');
    await server.send('SET', 'long', 'b', 'PX', hour);
    server.journal.write();
    await vi.waitFor(() => {
      expect(afterKill()).toEqual(new Map([['6c6f6e67', expect.anything()]]));
    });
    expect(afterKill()).toEqual(contentOf(server.db));
  });
});

describe('the file', () => {
  test('is for its owner alone', async () => {
    await startServer();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('costs a line of an audit log its own length, however long the log is', async () => {
    const server = await startServer();
    const add = () => server.send('XADD', 'audit', 'MAXLEN', '~', '1000', '*', 'entry', 'x'.repeat(100));
    for (let at = 0; at < 500; at += 1) await add();
    const before = statSync(path).size;
    await add();
    expect(statSync(path).size - before).toBeLessThan(300);
    expect(afterKill()).toEqual(contentOf(server.db));
  });

  test('is written anew when it has grown, without what was overwritten', async () => {
    const server = await startServer();
    for (let at = 0; at < 60; at += 1) await server.send('SET', 'one', String(at).padStart(50_000));
    await vi.waitFor(() => {
      expect(statSync(path).size).toBeLessThan(60_000);
    });
    expect(afterKill()).toEqual(contentOf(server.db));
  });

  test('property: changed in any bit, it is refused with the place and a remedy', async () => {
    const server = await startServer();
    await server.send('SADD', 'members', 'a', 'b');
    const second = await startServer();
    await second.send('HSET', 'hash', 'field', 'value');
    await second.send('SET', 'text', 'some text');
    const bytes = readFileSync(path);
    fc.assert(
      fc.property(fc.nat({ max: bytes.length * 8 - 1 }), (bit) => {
        const flipped = Buffer.from(bytes);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(() => afterKill(flipped)).toThrow(JournalRefusedError);
        expect(() => afterKill(flipped)).toThrow(
          /copy is damaged at byte \d+\. Put back a copy of it, or (?:move|give)/u,
        );
      }),
    );
  });

  test('damaged after its first record, it names the command that gives up what follows, and that works', async () => {
    const server = await startServer();
    await server.send('SET', 'early', 'a');
    const good = contentOf(server.db);
    const offset = statSync(path).size;
    await server.send('SET', 'late', 'b');
    const bytes = readFileSync(path);
    bytes[offset + 20] = 0xff;
    expect(() => afterKill(bytes)).toThrow(`truncate -s ${offset} '${join(folder, 'copy')}'`);
    expect(afterKill(bytes.subarray(0, offset))).toEqual(good);
  });

  test('emptied, it is refused: no start makes such a file, and a store without its API keys would look as good as new', () => {
    expect(() => afterKill(Buffer.alloc(0))).toThrow('is damaged at byte 0. Put back a copy of it, or move it away');
  });

  test('of another version, or unreadable, it is refused', () => {
    expect(() => afterKill(Buffer.from('not a journal, but long enough'))).toThrow('is damaged at byte 0');
    mkdirSync(path);
    const db = new RedisServerState({ activeExpiryIntervalMs: false }).getDatabase(0);
    expect(() => restoreJournal(path, db, () => undefined)).toThrow(/cannot be read \(EISDIR.*Make it readable/u);
  });
});

describe('a file that cannot be written', () => {
  test('is told, the store works on, and all of it is written as soon as that is possible', async () => {
    mkdirSync(`${path}.new`);
    const server = await startServer();
    expect(server.states).toEqual([{ kind: 'failing', reason: expect.stringContaining('EISDIR') }]);
    await server.send('SET', 'meanwhile', 'a');
    expect(await server.send('GET', 'meanwhile')).toMatchObject({ value: Buffer.from('a') });
    rmSync(`${path}.new`, { recursive: true });
    await vi.waitFor(
      () => {
        expect(server.states.at(-1)).toEqual({ kind: 'kept' });
      },
      { timeout: 8000 },
    );
    expect(server.states).toHaveLength(2);
    expect(afterKill()).toEqual(contentOf(server.db));
  });

  test('is left as it is, with all that it had', async () => {
    const server = await startServer();
    await server.send('SET', 'before', 'a');
    mkdirSync(`${path}.new`);
    await startServer();
    expect(afterKill()).toEqual(contentOf(server.db));
  });
});
