import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { createManualClock } from '@ccg/testkit';
import { afterEach, expect, test } from 'vitest';
import { streamBody } from './stream-body.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const clock = createManualClock();
const limit = { maxBytes: 1_000_000, tooLarge: 'too large' };
const text = JSON.stringify('aé€😀'.repeat(40_000));

function pieces({ request, response }: Arrived): AsyncGenerator<Uint8Array> {
  return streamBody(request, response, { limit, stallTimeoutMs: 60_000, clock });
}

async function collect(arrived: Arrived): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const piece of pieces(arrived)) all.push(Buffer.from(piece).toString());
  return all;
}

test.each([
  ['plain', Buffer.from(text), []],
  ['compressed', gzipSync(text), ['content-encoding: gzip']],
])('a body comes in pieces of whole characters: %s', async (_how, body, headers) => {
  const arrived = await arrive(head(body.length, headers));
  const collected = collect(arrived);
  // Cut where no character ends.
  for (let at = 0; at < body.length; at += 10_001) {
    arrived.client.write(body.subarray(at, at + 10_001));
    await new Promise(setImmediate);
  }
  const all = await collected;
  expect(all.join('') === text).toBe(true);
  expect(all.length).toBeGreaterThan(1);
});

test.each([
  ['half a character at the end', Buffer.from([0x22, 0xe2, 0x82])],
  ['a byte that is none', Buffer.from([0x22, 0xff, 0x22])],
])('%s is refused', async (_what, body) => {
  const arrived = await arrive(head(body.length));
  arrived.client.write(body);
  await expect(collect(arrived)).rejects.toMatchObject({ code: 'encoding-invalid' });
});

test('a body above the limit is refused by what it announces, and else as soon as it is above', async () => {
  await expect(collect(await arrive(head(1_000_001)))).rejects.toMatchObject({ status: 413 });
  const bomb = gzipSync('x'.repeat(2_000_000));
  const arrived = await arrive(head(bomb.length, ['content-encoding: gzip']));
  arrived.client.write(bomb);
  await expect(collect(arrived)).rejects.toMatchObject({ status: 413 });
});

test('a client that sends nothing for the time is told so, and one that sends a byte in between is not', async () => {
  const arrived = await arrive(head(10));
  const body = pieces(arrived);
  arrived.client.write('1');
  await body.next();
  const next = body.next();
  clock.advance(59_999);
  arrived.client.write('2');
  await next;
  const last = body.next();
  await new Promise(setImmediate);
  clock.advance(59_999);
  await new Promise(setImmediate);
  clock.advance(1);
  await expect(last).rejects.toMatchObject({ code: 'request-timeout', status: 408 });
});

test.each([
  ['plain', Buffer.from(text), []],
  ['compressed', gzipSync(text), ['content-encoding: gzip']],
])('a client that leaves half-way ends the body: %s', async (_how, body, headers) => {
  const arrived = await arrive(head(body.length, headers));
  const collected = collect(arrived);
  arrived.client.write(body.subarray(0, 500));
  arrived.client.destroy();
  await expect(collected).rejects.toMatchObject({ reason: 'client-gone' });
});

test('a body that is not taken is not read', async () => {
  const arrived = await arrive(head(limit.maxBytes));
  const body = pieces(arrived);
  arrived.client.write(Buffer.alloc(limit.maxBytes, 0x20));
  await body.next();
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  expect(arrived.request.readableLength).toBeLessThan(200_000);
  await body.return(undefined);
});

interface Arrived {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly client: Socket;
}

function head(length: number, headers: readonly string[] = []): string {
  const lines = ['POST / HTTP/1.1', 'host: x', 'content-type: application/json', `content-length: ${length}`];
  return `${[...lines, ...headers].join('\r\n')}\r\n\r\n`;
}

/** A request of which the head has arrived. */
async function arrive(bytes: string): Promise<Arrived> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => {});
  closers.push(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  client.write(bytes);
  const [request, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
  return { request, response, client };
}
