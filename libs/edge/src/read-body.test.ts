import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { survivorsOf } from '@ccg/testkit';
import { afterEach, expect, test } from 'vitest';
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
