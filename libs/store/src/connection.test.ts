import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { joinWrites } from './connection.ts';
import { describeTarget } from './target.ts';

/** A socket that records what reaches it in one write. */
function recordingStream() {
  const writes: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      writes.push(chunk.toString());
      done();
    },
    writev(chunks: readonly { readonly chunk: Buffer }[], done) {
      writes.push(chunks.map(({ chunk }) => chunk.toString()).join(''));
      done();
    },
  });
  return { stream, writes };
}

async function nextTurn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

test('the commands of one turn leave in one write, also those that its promises and later callbacks send', async () => {
  const { stream, writes } = recordingStream();
  const joinWrite = joinWrites({ stream });
  const send = (command: string) => {
    joinWrite();
    stream.write(command);
  };
  send('a');
  void Promise.resolve().then(() => {
    send('b');
  });
  send('c');
  process.nextTick(() => {
    send('d');
  });
  expect(writes).toEqual([]);
  await nextTurn();
  send('e');
  await nextTurn();
  expect(writes).toEqual(['acbd', 'e']);
});

test('a connection that comes back within a turn leaves neither of its streams waiting', async () => {
  const [old, fresh] = [recordingStream(), recordingStream()];
  const connection = { stream: old.stream };
  const joinWrite = joinWrites(connection);
  joinWrite();
  old.stream.write('a');
  connection.stream = fresh.stream;
  joinWrite();
  fresh.stream.write('b');
  await nextTurn();
  expect([old.writes, fresh.writes]).toEqual([['a'], ['b']]);
});

test.each([
  ['redis://redis.internal', 'redis.internal:6379'],
  ['rediss://user:p%40ss@redis.internal:6380/1', 'redis.internal:6380'],
  ['redis://:secret@[::1]:7000', '[::1]:7000'],
])('an address is told without user and password: %s', (url, address) => {
  expect(describeTarget({ url })).toBe(address);
});

test('a unix socket is told by its path', () => {
  expect(describeTarget({ socketPath: '/run/redis.sock' })).toBe('/run/redis.sock');
});

test.each([
  'redis://user:pa#ss@host',
  'redis://user:123#ss@host:6379',
  'redis://user:123/ss@host',
  'redis://:pa/ss@host',
])('a URL whose password has characters that are not encoded names no host: %s', (url) => {
  expect(describeTarget({ url })).toBeUndefined();
});
