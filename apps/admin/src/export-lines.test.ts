import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { createOpenSinks } from '@ccg/edge';
import { GatewayError, systemClock } from '@ccg/kernel';
import { afterEach, expect, test } from 'vitest';
import { exportLines, jsonLines } from './export-lines.ts';

type ReadPage = (changes: Readonly<Record<string, string>>) => Promise<unknown>;

const openSinks = createOpenSinks();
afterEach(() => {
  for (const close of closing.splice(0)) close();
});
const closing: (() => void)[] = [];

/** A server that exports what `readPage` gives, and how that ended. */
async function serve(readPage: ReadPage): Promise<{ readonly port: number; readonly ended: Promise<unknown> }> {
  const { promise: ended, resolve } = Promise.withResolvers<unknown>();
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const exchange = {
      requestId: 'req_1',
      receivedAtMs: 0,
      elapsedMs: () => 0,
      request,
      response,
      target: { path: '/', query: '' },
    };
    exportLines(exchange, jsonLines, readPage, { clock: systemClock, openSinks }).then(() => resolve('done'), resolve);
  });
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, ended };
}

function open(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  closing.push(() => socket.destroy());
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  return socket;
}

const bigPage = { items: Array.from({ length: 200 }, (_, at) => ({ at, text: 'x'.repeat(1000) })) };
const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

test('no page is read ahead of a reader that takes nothing', async () => {
  let pages = 0;
  const { port, ended } = await serve(() => {
    pages += 1;
    return Promise.resolve({ ...bigPage, nextCursor: 'more' });
  });
  const socket = open(port);
  socket.pause();
  let before = -1;
  // What the system buffers for a connection comes first.
  while (pages !== before) {
    before = pages;
    await pause();
  }
  expect(pages).toBeGreaterThan(0);
  for (let waits = 0; waits < 4; waits += 1) await pause();
  expect(pages).toBe(before);
  socket.destroy();
  expect(await ended).toMatchObject({ reason: 'client-gone' });
});

test('what fails after the first page cuts the answer, so that nobody takes the part for the whole', async () => {
  let pages = 0;
  const { port, ended } = await serve(() => {
    pages += 1;
    return pages === 1 ? Promise.resolve({ ...bigPage, nextCursor: 'more' }) : Promise.reject(new Error('no store'));
  });
  const text = await readAll(open(port));
  expect(text).toContain('"at":199');
  // The end of a chunked answer.
  expect(text).not.toMatch(/\r\n0\r\n\r\n$/u);
  expect(await ended).toMatchObject({ message: 'no store' });
});

test('a process that must go ends an export that does not', async () => {
  const { port, ended } = await serve(() => Promise.resolve({ items: [1], nextCursor: 'more' }));
  const reading = readAll(open(port));
  await expect.poll(() => openSinks.list().length).toBe(1);
  openSinks.list()[0]?.interrupt(new GatewayError('draining', 'The process must go.'));
  expect(await ended).toMatchObject({ code: 'draining' });
  expect(await reading).not.toMatch(/\r\n0\r\n\r\n$/u);
  expect(openSinks.list()).toEqual([]);
});

async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}
