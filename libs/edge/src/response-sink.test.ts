import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { GatewayError } from '@ccg/kernel';
import { createManualClock } from '@ccg/testkit';
import { createResponseSink } from './response-sink.ts';
import type { InterruptibleSink } from './response-sink.ts';

const times = { streamHoldMs: 8000, pingIntervalMs: 10_000, stallTimeoutMs: 60_000 };
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

test('holds the status of a stream for 8 s, then commits with the headers that were added, and pings', async () => {
  const { sink, clock, answer, client } = await open();
  sink.addHeaders([['x-limit', '5']]);
  sink.expectStream();
  clock.advance(7999);
  expect(sink.committed).toBe(false);
  clock.advance(1);
  expect(sink.committed).toBe(true);
  sink.commit(500, []);
  void sink.end();
  const { statusCode, headers } = await answer;
  expect([statusCode, headers['content-type'], headers['request-id'], headers['x-limit']]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
    'req_1',
    '5',
  ]);
  expect(await client.text()).toBe('event: ping\ndata: {"type": "ping"}\n\n');
});

test('pings after 10 s of silence, counted from the last frame', async () => {
  const { sink, clock, client } = await open();
  sink.expectStream();
  sink.commit(200, []);
  void sink.write('event: a\n\n');
  clock.advance(9000);
  void sink.write('event: b\n\n');
  clock.advance(9999);
  void sink.write('event: c\n\n');
  clock.advance(10_000);
  clock.advance(10_000);
  void sink.end();
  const ping = 'event: ping\ndata: {"type": "ping"}\n\n';
  expect(await client.text()).toBe(`event: a\n\nevent: b\n\nevent: c\n\n${ping}${ping}`);
});

test('an answer that is no stream is never committed by time', async () => {
  const { sink, clock } = await open();
  clock.advance(600_000);
  expect(sink.committed).toBe(false);
});

test('a byte string is written as its bytes', async () => {
  const { sink, client } = await open();
  sink.commit(200, []);
  void sink.write('h\xc3\xa9');
  void sink.end();
  expect(await client.text()).toBe('hé');
});

test.each([
  ['short', 100],
  ['longer than the buffer of the socket', 300_000],
])('the last bytes of an answer are written before its end: %s', async (_length, size) => {
  const { sink, client } = await open();
  sink.commit(200, []);
  void sink.write('first ');
  await sink.end('x'.repeat(size));
  expect(await client.text()).toBe(`first ${'x'.repeat(size)}`);
});

test('a reader that takes nothing for 60 s is cut', async () => {
  const { sink, clock, settle } = await open();
  sink.commit(200, []);
  const chunk = Buffer.alloc(1_000_000);
  let room = sink.write(chunk);
  while (room === undefined || (await settle(room)) === 'free') room = sink.write(chunk);
  const blocked = expect(room).rejects.toMatchObject({ reason: 'reader-stalled' });
  clock.advance(59_999);
  expect(sink.signal.aborted).toBe(false);
  clock.advance(1);
  expect(sink.signal.reason).toMatchObject({ reason: 'reader-stalled' });
  await blocked;
});

test('a client that leaves aborts the signal and refuses every later write', async () => {
  const { sink, client, answer } = await open();
  sink.commit(200, []);
  void sink.write('x');
  await answer;
  client.destroy();
  await once(sink.signal, 'abort');
  expect(sink.signal.reason).toMatchObject({ reason: 'client-gone' });
  await expect(sink.write('y')).rejects.toMatchObject({ reason: 'client-gone' });
  await expect(sink.end('z')).rejects.toMatchObject({ reason: 'client-gone' });
});

test('an interruption is told by the signal and leaves the reader its last words', async () => {
  const { sink, client } = await open();
  const error = new GatewayError('draining', 'over');
  sink.commit(200, []);
  sink.interrupt(error);
  expect(sink.signal.reason).toBe(error);
  expect(sink.write('last')).toBeUndefined();
  void sink.end();
  expect(await client.text()).toBe('last');
});

interface Opened {
  readonly sink: InterruptibleSink;
  readonly clock: ReturnType<typeof createManualClock>;
  readonly answer: Promise<IncomingMessage>;
  readonly client: { text(): Promise<string>; destroy(): void };
  /** Whether a full sink found room by itself within a moment: the kernel's buffers fill slowly. */
  settle(room: Promise<void>): Promise<'free' | 'full'>;
}

async function open(): Promise<Opened> {
  const clock = createManualClock();
  const arrived = Promise.withResolvers<ServerResponse>();
  const server = createServer((_request, response) => {
    arrived.resolve(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client: ClientRequest = httpRequest({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const answer = once(client, 'response').then(([response]) => response as IncomingMessage);
  answer.catch(() => {});
  client.on('error', () => {});
  client.end();
  closers.push(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  return {
    clock,
    answer,
    sink: createResponseSink(await arrived.promise, 'req_1', times, clock),
    client: {
      async text() {
        let text = '';
        for await (const chunk of await answer) text += String(chunk);
        return text;
      },
      destroy: () => client.destroy(),
    },
    settle: (room) =>
      Promise.race([
        room.then(() => 'free' as const),
        new Promise<'full'>((resolve) => {
          setTimeout(resolve, 300, 'full');
        }),
      ]),
  };
}
