import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { createManualClock, survivorsOf } from '@ccg/testkit';
import { afterEach, expect, test } from 'vitest';
import { createBodyMemory } from './body-memory.ts';
import { readBody } from './read-body.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

test('a body is handed over once, and nothing is kept of it', async () => {
  const { request, response } = await arrive(post('{"a":1}'));
  const takeBody = await readBody(request, response);
  expect(Buffer.from(takeBody()).toString()).toBe('{"a":1}');
  expect(takeBody()).toHaveLength(0);
});

const long = JSON.stringify({ text: 'long '.repeat(600_000) });

test.each([
  { name: 'plain', bytes: post(long) },
  { name: 'compressed', bytes: post(gzipSync(long), 'content-encoding: gzip') },
])(
  'a body that was handed over is collected while its request still waits for the answer: $name',
  async ({ bytes }) => {
    const { request, response } = await arrive(bytes);
    const body = await takenFrom(request, response);
    expect((await survivorsOf([body])).length).toBe(0);
    expect(response.writableEnded).toBe(false);
  },
);

test.each([
  { name: 'plain', bytes: post(long) },
  { name: 'compressed', bytes: post(gzipSync(long), 'content-encoding: gzip') },
])('a body of many chunks is whole: $name', async ({ bytes }) => {
  const { request, response } = await arrive(bytes);
  expect(Buffer.from((await readBody(request, response))()).equals(Buffer.from(long))).toBe(true);
});

async function takenFrom(request: IncomingMessage, response: ServerResponse): Promise<WeakRef<Uint8Array>> {
  const takeBody = await readBody(request, response);
  return new WeakRef(takeBody());
}

test.each([
  { name: 'plain', bytes: post('{"a":1}') },
  { name: 'compressed', bytes: post(gzipSync('{"a":1}'), 'content-encoding: gzip') },
])('a body that is read late is whole: $name', async ({ bytes }) => {
  const { request, response } = await arrive(bytes);
  await new Promise((resolve) => {
    setTimeout(resolve, 50);
  });
  expect(Buffer.from((await readBody(request, response))()).toString()).toBe('{"a":1}');
});

test.each([
  { name: 'before its end', bytes: post('{"a":1}').subarray(0, -3), when: 'while it is read' },
  { name: 'before its end', bytes: post('{"a":1}').subarray(0, -3), when: 'before it is read' },
  { name: 'before its end, compressed', bytes: gzipPost().subarray(0, -3), when: 'while it is read' },
  { name: 'after its end', bytes: post('{"a":1}'), when: 'before it is read' },
])('a client that leaves $name, $when, is told from one with a bad body', async ({ bytes, when }) => {
  const { request, response, client } = await arrive(bytes);
  const reading = when === 'while it is read' ? readBody(request, response) : undefined;
  reading?.catch(() => {});
  client.destroy();
  if (reading === undefined) await once(response, 'close');
  await expect(reading ?? readBody(request, response)).rejects.toMatchObject({ reason: 'client-gone' });
});

test('a body that has not arrived after two minutes is refused, however many bytes of it come', async () => {
  const { request, response, client } = await arrive(post('{"a":1}').subarray(0, -3));
  const clock = createManualClock();
  const reading = readBody(request, response, { clock });
  clock.advance(119_999);
  client.write(':');
  await once(request, 'data');
  clock.advance(1);
  await expect(reading).rejects.toMatchObject({ code: 'request-timeout', status: 408 });
});

test.each([
  { name: 'an announced length', bytes: post('{"a":1}').subarray(0, -7) },
  { name: 'an unknown length', bytes: chunkedPost() },
])('a body of $name for which other bodies leave no room is refused before it is read', async ({ bytes }) => {
  const memory = createBodyMemory(10);
  const other = memory.open();
  other.take(10);
  const { request, response } = await arrive(bytes);
  const account = memory.open();
  await expect(readBody(request, response, { account })).rejects.toMatchObject(full);
  expect(request.readableDidRead).toBe(false);
  other.release();
  expect(memory.heldBytes()).toBe(0);
});

test.each([
  { name: 'chunked', bytes: chunkedPost('{"a":1}') },
  { name: 'compressed', bytes: post(gzipSync(long), 'content-encoding: gzip') },
])('a body that outgrows the room is refused while it is read, and leaves nothing behind: $name', async ({ bytes }) => {
  const memory = createBodyMemory(bytes.includes('gzip') ? 100_000 : 6);
  const { request, response } = await arrive(bytes);
  const account = memory.open();
  await expect(readBody(request, response, { account })).rejects.toMatchObject(full);
  account.release();
  expect(memory.heldBytes()).toBe(0);
});

test('a body counts as long as it is held, with the bytes that it has after decoding', async () => {
  const memory = createBodyMemory(10_000_000);
  const { request, response } = await arrive(post(gzipSync(long), 'content-encoding: gzip'));
  const account = memory.open();
  await readBody(request, response, { account });
  expect(memory.heldBytes()).toBe(long.length);
  account.release();
  account.release();
  expect(memory.heldBytes()).toBe(0);
});

const full = { status: 529, type: 'overloaded_error', retryAfterSeconds: 5 };

function chunkedPost(body = ''): Buffer {
  const head = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';
  return Buffer.from(body === '' ? head : `${head}${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
}

function gzipPost(): Buffer {
  return post(gzipSync('{"a":1}'), 'content-encoding: gzip');
}

function post(body: string | Uint8Array, ...headers: readonly string[]): Buffer {
  const bytes = Buffer.from(body);
  const lines = ['host: a', 'content-type: application/json', `content-length: ${bytes.length}`, ...headers];
  return Buffer.concat([Buffer.from(`POST / HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`), bytes]);
}

interface Arrived {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly client: Socket;
}

async function arrive(bytes: Uint8Array): Promise<Arrived> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => {});
  closers.push(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  const arrived = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
  client.write(bytes);
  const [request, response] = await arrived;
  return { request, response, client };
}
