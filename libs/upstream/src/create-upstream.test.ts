import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { createProvider } from '@ccg/catalog';
import type { EndpointTimeouts } from '@ccg/catalog';
import type { HeaderList } from '@ccg/wire';
import { createSelfSignedServer, selfSignedCertificate, unreachableUrl } from '@ccg/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { createUpstream } from './create-upstream.ts';
import type { Upstream, UpstreamResponse } from './create-upstream.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

test('sends bytes as they are and takes the answer as it comes', async () => {
  const url = await serve((request, response) => {
    response.setHeader('x-seen', String(request.headers['x-mine']));
    request.pipe(response);
  });
  const response = await send(upstream(), url, { headers: [['x-mine', 'yes']], body: Buffer.from('héllo') });
  expect(response.headers).toContainEqual(['x-seen', 'yes']);
  expect(Buffer.from(await response.body.collect(100)).toString()).toBe('héllo');
});

test('a large body arrives whole, with its length', async () => {
  const url = await serve((request, response) => {
    response.setHeader('x-seen', String(request.headers['content-length']));
    request.pipe(response);
  });
  const body = Buffer.alloc(3_000_000, 'abc');
  const response = await send(upstream(), url, { body });
  expect(response.headers).toContainEqual(['x-seen', '3000000']);
  expect(body.equals(await response.body.collect(body.length))).toBe(true);
});

test('an error status is an answer, not a failure', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(429, { 'retry-after': '3' }).end('{}');
  });
  const response = await send(upstream(), url);
  expect([response.status, response.headers.find(([name]) => name === 'retry-after')]).toEqual([
    429,
    ['retry-after', '3'],
  ]);
  await response.body.collect(100);
});

test('a connection that ends within an answer is cut', async () => {
  const torn = await serve((_request, response) => {
    response.write('half');
    response.socket?.end();
  });
  const response = await send(upstream(), torn);
  await expect(response.body.collect(100)).rejects.toMatchObject({ kind: 'cut' });
});

describe.each(['http', 'https'] as const)('a connection over %s that ends without an answer', (scheme) => {
  const closed = ['closed', (socket: Socket) => socket.destroy()] as const;
  const reset = ['reset', (socket: Socket) => socket.resetAndDestroy()] as const;
  // Node resets no sockets with TLS.
  const ends = scheme === 'http' ? [closed, reset] : [closed];

  /** The n-th request of a connection gets the n-th of these; they all have its connection to themselves. */
  async function client(...answers: readonly ((socket: Socket, response: ServerResponse) => unknown)[]) {
    const counts = new WeakMap<Socket, number>();
    const url = await serve((request, response) => {
      request.resume().on('end', () => {
        const { socket } = request;
        const count = counts.get(socket) ?? 0;
        counts.set(socket, count + 1);
        answers[count]?.(socket, response);
      });
    }, scheme);
    const created = upstream({ extraRoots: selfSignedCertificate });
    return (body?: Uint8Array) => send(created, url, body === undefined ? {} : { body });
  }
  const answer = (_socket: Socket, response: ServerResponse) => response.end('{}');

  /** An answer whose connection is free again afterwards. */
  async function askFirst(ask: () => Promise<UpstreamResponse>): Promise<void> {
    await (await ask()).body.collect(100);
    await setImmediate();
  }

  test.each(ends)('%s after the whole request, may have been processed', async (_how, end) => {
    const ask = await client(end);
    await expect(ask()).rejects.toMatchObject({ kind: 'unanswered' });
    await expect(ask(Buffer.alloc(100_000, 'x'))).rejects.toMatchObject({ kind: 'unanswered' });
  });

  test.each(ends)('%s in the middle of the request, has processed nothing', async (_how, end) => {
    const url = await serve((request) => {
      request.once('data', () => end(request.socket));
    }, scheme);
    const body = Buffer.alloc(50_000_000, 'x');
    await expect(send(upstream({ extraRoots: selfSignedCertificate }), url, { body })).rejects.toMatchObject({
      kind: 'unreachable',
    });
  });

  test.each(ends)('%s at once when it is used again, was about to be closed', async (_how, end) => {
    const ask = await client(answer, end);
    await askFirst(ask);
    await expect(ask()).rejects.toMatchObject({ kind: 'unreachable' });
  });

  test.each(ends)('%s a while after it was used again, may have processed the request', async (_how, end) => {
    const ask = await client(answer, (socket) => setTimeout(() => end(socket), 600));
    await askFirst(ask);
    await expect(ask()).rejects.toMatchObject({ kind: 'unanswered' });
  });

  test('in the middle of a status line, is cut, and one that does not speak HTTP is told so', async () => {
    const ask = await client(answer, (socket) => socket.end('HTTP/1.1 20'));
    await askFirst(ask);
    await expect(ask()).rejects.toMatchObject({ kind: 'cut' });
    const other = await client((socket) => socket.end('220 mail.example.com ESMTP\r\n'));
    await expect(other()).rejects.toMatchObject({ kind: 'not-http' });
  });
});

test('a server that takes no connection is unreachable', async () => {
  await expect(send(upstream(), await unreachableUrl())).rejects.toMatchObject({ kind: 'unreachable' });
});

test('silence before and within an answer ends by its own time limit', async () => {
  const client = upstream({ firstByteTimeoutMs: 100, idleTimeoutMs: 100 });
  const mute = await serve(() => {});
  await expect(send(client, mute)).rejects.toMatchObject({ kind: 'first-byte-timeout', waitedMs: 100 });
  const stuck = await serve((_request, response) => response.write('half'));
  const response = await send(client, stuck);
  await expect(response.body.collect(100)).rejects.toMatchObject({ kind: 'idle-timeout', waitedMs: 100 });
});

test('a server that works in silence may do so for as long as it may take to begin', async () => {
  const client = upstream({ idleTimeoutMs: 100, firstByteTimeoutMs: 60_000 });
  const answers: ServerResponse[] = [];
  const url = await serve((_request, response) => {
    answers.push(response);
    response.write('half');
  });
  const ollama = { name: 'b', dialect: 'ollama', baseUrl: url, credential: undefined } as const;
  const patient = createProvider({ ...ollama, contextTokens: 1024, keepAlive: '1m' });
  const call = { operation: 'model', body: Buffer.from('{}') } as const;
  const working = await client.call(patient, call, new AbortController().signal);
  const stuck = await send(client, url);
  await expect(stuck.body.collect(100)).rejects.toMatchObject({ kind: 'idle-timeout' });
  answers[0]?.end(' done');
  expect(Buffer.from(await working.body.collect(100)).toString()).toBe('half done');
});

test('the times of a provider go before those of all, and its first event counts, not the head of its answer', async () => {
  const client = upstream({ idleTimeoutMs: 100 });
  const own = { timeouts: { firstEventMs: 300 } };
  const slow = await serve((_request, response) => {
    response.flushHeaders();
    setTimeout(() => response.end('late'), 200);
  });
  const patient = await send(client, slow, {}, undefined, { timeouts: { firstEventMs: 60_000 } });
  expect(String(await patient.body.collect(100))).toBe('late');
  const headAlone = await serve((_request, response) => response.flushHeaders());
  const begun = await send(client, headAlone, {}, undefined, own);
  await expect(begun.body.collect(100)).rejects.toMatchObject({ kind: 'first-byte-timeout', waitedMs: 300 });
  const stuck = await serve((_request, response) => response.write('half'));
  const torn = await serve((request) => request.resume().on('end', () => request.socket.destroy()));
  await expect(send(client, torn, {}, undefined, own)).rejects.toMatchObject({ kind: 'unanswered' });
  const half = await send(upstream(), stuck, {}, undefined, { timeouts: { idleMs: 100 } });
  await expect(half.body.collect(100)).rejects.toMatchObject({ kind: 'idle-timeout', waitedMs: 100 });
});

test('an abort ends the call at the server, before and within an answer', async () => {
  for (const answers of [false, true]) {
    const gone = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const url = await serve((_request, response) => {
      response.once('close', gone.resolve);
      if (answers) response.write('half');
      arrived.resolve();
    });
    const caller = new AbortController();
    const result = send(upstream(), url, {}, caller).then((response) => response.body.collect(100));
    const outcome = expect(result).rejects.toMatchObject({ kind: 'aborted' });
    await arrived.promise;
    caller.abort();
    await outcome;
    await gone.promise;
  }
});

test('a slow receiver pauses the upstream, and everything arrives in order', async () => {
  // More than the socket buffers of both ends hold.
  const size = 40_000_000;
  let sent = 0;
  const url = await serve(async (_request, response) => {
    for (let start = 0; start < size; start += 50_000) {
      sent = start;
      if (!response.write(Buffer.alloc(50_000, (start / 50_000) % 251))) await once(response, 'drain');
    }
    response.end();
  });
  const response = await send(upstream(), url);
  const opened = Promise.withResolvers<void>();
  const chunks: Uint8Array[] = [];
  const piped = response.body.pipe((chunk) => {
    chunks.push(chunk);
    return chunks.length === 1 ? opened.promise : undefined;
  });
  let before = -1;
  while (sent !== before) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(sent).toBeLessThan(size - 50_000);
  expect(chunks).toHaveLength(1);
  opened.resolve();
  await piped;
  const body = Buffer.concat(chunks);
  expect(body.length).toBe(size);
  expect(body.every((byte, index) => byte === Math.floor(index / 50_000) % 251)).toBe(true);
});

test('a receiver that refuses ends the call, and a body over its bound does too', async () => {
  const gone = Promise.withResolvers<void>();
  const url = await serve((_request, response) => {
    response.once('close', gone.resolve);
    response.write('x'.repeat(1000));
  });
  const response = await send(upstream(), url);
  await expect(response.body.collect(10)).rejects.toMatchObject({ kind: 'too-large' });
  await gone.promise;
});

test('a receiver that throws ends the call', async () => {
  const gone = Promise.withResolvers<void>();
  const url = await serve((_request, response) => {
    response.once('close', gone.resolve);
    response.write('x');
  });
  const response = await send(upstream(), url);
  const piped = response.body.pipe(() => {
    throw new Error('no');
  });
  await expect(piped).rejects.toMatchObject({ kind: 'aborted' });
  await gone.promise;
});

test('what comes in one read is handed over as one', async () => {
  const more = Promise.withResolvers<void>();
  const url = await serve(async (_request, response) => {
    response.write('first');
    await more.promise;
    response.cork();
    for (const token of ['a', 'b', 'c']) response.write(token);
    response.uncork();
    response.end();
  });
  const response = await send(upstream(), url);
  const pieces: string[] = [];
  await response.body.pipe((chunk) => {
    pieces.push(Buffer.from(chunk).toString());
    more.resolve();
    return undefined;
  });
  expect(pieces).toEqual(['first', 'abc']);
});

function upstream(changes: Partial<Parameters<typeof createUpstream>[0]> = {}): Upstream {
  const created = createUpstream({ connectTimeoutMs: 5000, firstByteTimeoutMs: 5000, idleTimeoutMs: 5000, ...changes });
  closers.push(() => created.close());
  return created;
}

function send(
  to: Upstream,
  baseUrl: string,
  parts: { readonly headers?: HeaderList; readonly body?: Uint8Array } = {},
  { signal }: Pick<AbortController, 'signal'> = new AbortController(),
  more: { readonly timeouts?: EndpointTimeouts } = {},
): Promise<UpstreamResponse> {
  const provider = createProvider({ name: 'a', dialect: 'anthropic', baseUrl, credential: undefined, ...more });
  const client = { headers: [], query: '' };
  return to.call(
    provider,
    { operation: 'messages', model: 'm', stream: false, headers: [], body: Buffer.from('{}'), client, ...parts },
    signal,
  );
}

async function serve(
  handle: (request: IncomingMessage, response: ServerResponse) => unknown,
  scheme: 'http' | 'https' = 'http',
): Promise<string> {
  const create = scheme === 'http' ? createServer : createSelfSignedServer;
  const server = create(handle as RequestListener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
}
