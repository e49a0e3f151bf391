import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import { expectError } from './support/expect-error.ts';
import type { ExpectedError } from './support/expect-error.ts';
import { badInputSuite, good, invalid, withHeaders } from './support/refuses.ts';
import { sendBytes, sendRaw } from './support/send-raw.ts';
import type { RawRequest } from './support/send-raw.ts';

const suite = badInputSuite('bad-transport');
const { refuses, authorized, expectNextServed } = suite;
const oversized = 33 * 1024 * 1024;

describe('an encoding', () => {
  const json = Buffer.from(JSON.stringify(good));
  const tooLarge = { status: 413, type: 'request_too_large', message: /32 MB/u } as const;
  const unsupported = { status: 415, type: 'invalid_request_error' } as const;
  const encoded =
    (encoding: string, body: Uint8Array): (() => RawRequest) =>
    () =>
      authorized(body, { headers: [['content-encoding', encoding]] });
  const typed =
    (...headers: readonly (readonly [string, string])[]): (() => RawRequest) =>
    () => ({
      headers: [['x-api-key', suite.current().apiKey], ...headers],
      body: json,
    });

  refuses([
    { ...invalid, name: 'corrupt gzip', request: encoded('gzip', json), message: /content-encoding/u },
    {
      ...invalid,
      name: 'gzip cut off',
      request: encoded('gzip', gzipSync(json).subarray(0, -9)),
      message: /content-encoding/u,
    },
    {
      ...invalid,
      name: 'corrupt brotli',
      request: encoded('br', Buffer.from('no brotli at all')),
      message: /content-encoding/u,
    },
    { ...invalid, name: 'corrupt zstd', request: encoded('zstd', json), message: /content-encoding/u },
    { ...unsupported, name: 'unknown encoding', request: encoded('compress', json), message: /content-encoding/u },
    {
      ...unsupported,
      name: 'text/plain',
      request: typed(['content-type', 'text/plain']),
      message: /application\/json/u,
    },
    {
      ...unsupported,
      name: 'no content-type',
      request: typed(),
      message: /content-type is missing\. Send "content-type: application\/json"/u,
    },
    {
      ...unsupported,
      name: 'another charset',
      request: typed(['content-type', 'application/json; charset=utf-16']),
      message: /UTF-8/u,
    },
    { ...tooLarge, name: 'gzip bomb', request: encoded('gzip', gzipSync(Buffer.alloc(200 * 1024 * 1024))) },
    { ...tooLarge, name: 'brotli bomb', request: encoded('br', brotliCompressSync(Buffer.alloc(100 * 1024 * 1024))) },
    {
      ...tooLarge,
      name: '33 MB',
      request: () => authorized(Buffer.alloc(oversized, ' ')),
      headers: { connection: 'close' },
    },
    {
      ...tooLarge,
      name: '33 MB announced by a client that then sends nothing',
      request: () => ({
        ...authorized(''),
        headers: [...(authorized('').headers ?? []), ['content-length', String(oversized)]],
      }),
      headers: { connection: 'close' },
    },
    {
      ...tooLarge,
      name: '33 MB of unknown length',
      request: () => ({
        ...authorized(''),
        headers: [...(authorized('').headers ?? []), ['transfer-encoding', 'chunked']],
        body: chunked(oversized),
      }),
      headers: { connection: 'close' },
    },
  ]);

  test.each([
    ['gzip', gzipSync(json)],
    ['br', brotliCompressSync(json)],
    ['zstd', zstdCompressSync(json)],
  ])('%s is served', async (encoding, body) => {
    expect((await sendRaw(suite.current().gateway.url, encoded(encoding, body)())).status).toBe(200);
  });
});

describe('HTTP itself', () => {
  const lines = (...text: readonly string[]): Uint8Array => Buffer.from([...text, '', ''].join('\r\n'), 'latin1');
  const request = 'POST /v1/messages HTTP/1.1';

  test.each<ExpectedError & { readonly name: string; readonly bytes: Uint8Array }>([
    { ...invalid, name: 'no HTTP', bytes: lines('HELO gateway.test'), message: /HTTP/u },
    { ...invalid, name: 'a TLS greeting', bytes: Buffer.from('16030100c8010000c40303', 'hex'), message: /HTTP/u },
    {
      ...invalid,
      name: 'a mistyped content-length',
      bytes: lines(request, 'host: a', 'content-length: many'),
      message: /HTTP/u,
    },
    {
      ...invalid,
      name: 'two framings',
      bytes: lines(request, 'host: a', 'content-length: 3', 'transfer-encoding: chunked'),
      message: /HTTP/u,
    },
    { ...invalid, name: 'a malformed header', bytes: lines(request, 'host: a', 'no colon'), message: /HTTP/u },
    { ...invalid, name: 'no host', bytes: lines(request, 'content-length: 0', 'connection: close'), message: /host/iu },
    {
      status: 431,
      type: 'invalid_request_error',
      name: 'headers over the limit',
      bytes: lines(request, 'host: a', `x-long: ${'a'.repeat(200_000)}`),
      message: /header/iu,
    },
  ])('$name', async ({ bytes, ...expected }) => {
    const answer = await sendBytes(suite.current().gateway.url, [bytes]);
    expectError(answer, { ...expected, headers: { connection: 'close' } });
    await expectNextServed();
  });
});

describe('a request whose body breaks the framing of HTTP', () => {
  const head = (...headers: readonly string[]): string =>
    ['POST /v1/messages HTTP/1.1', 'host: a', 'content-type: application/json', ...headers, '', ''].join('\r\n');
  const key = (): string => `x-api-key: ${suite.current().apiKey}`;

  test.each([
    { name: 'an unknown transfer-encoding', bytes: () => `${head('transfer-encoding: other')}{}` },
    {
      name: 'an unknown transfer-encoding, with a credential',
      bytes: () => `${head(key(), 'transfer-encoding: other')}{}`,
    },
    { name: 'a malformed chunk', bytes: () => `${head(key(), 'transfer-encoding: chunked')}zz\r\n` },
  ])('is answered, logged and counted once: $name', async ({ bytes }) => {
    const { gateway } = suite.current();
    const countBefore = await countedRequests(gateway.opsUrl);
    const answer = await sendBytes(gateway.url, [Buffer.from(bytes(), 'latin1')]);
    expectError(answer, { ...invalid, message: /HTTP/u, headers: { connection: 'close' } });
    const requestId = answer.headers['request-id'];
    expect(await gateway.waitForLog((line) => line['requestId'] === requestId)).toMatchObject({
      endpoint: 'messages',
      status: 400,
      error: 'http-invalid',
      owner: 'client',
    });
    const next = await sendRaw(gateway.url, authorized(good));
    expect(next.status).toBe(200);
    await gateway.waitForLog((line) => line['requestId'] === next.headers['request-id']);
    const requestIds = gateway.logs().flatMap((line) => (line['msg'] === 'request' ? [line['requestId']] : []));
    expect(requestIds.slice(requestIds.indexOf(requestId))).toEqual([requestId, next.headers['request-id']]);
    expect(await countedRequests(gateway.opsUrl)).toBe(countBefore + 2);
  });
});

async function countedRequests(opsUrl: string): Promise<number> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text();
  const counts = [...text.matchAll(/^ccg_requests_total\{.*\} (\d+)$/gmu)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

describe('a client that waits for 100 Continue', () => {
  const expecting = (request: RawRequest, ...headers: readonly (readonly [string, string])[]): RawRequest => ({
    ...request,
    headers: [...(request.headers ?? []), ['expect', '100-continue'], ...headers],
    body: '',
  });
  const length = ['content-length', '1000'] as const;

  test.each<ExpectedError & { readonly name: string; readonly request: () => RawRequest }>([
    {
      name: 'without a credential',
      request: () => expecting(withHeaders(), length),
      status: 401,
      type: 'authentication_error',
      message: /API key/u,
    },
    {
      name: 'to an unknown path',
      request: () => expecting(authorized('', { path: '/nowhere' }), length),
      status: 404,
      type: 'not_found_error',
      message: /path/u,
    },
    {
      name: 'with a body over the limit',
      request: () => expecting(authorized(''), ['content-length', String(oversized)]),
      status: 413,
      type: 'request_too_large',
      message: /32 MB/u,
    },
    {
      name: 'of a foreign content-type',
      request: () =>
        expecting({ headers: [['x-api-key', suite.current().apiKey]] }, length, ['content-type', 'video/mp4']),
      status: 415,
      type: 'invalid_request_error',
      message: /JSON/u,
    },
  ])('is refused before it sends its body: $name', async ({ request, ...expected }) => {
    // The first status line counts, and 100 would be one.
    expectError(await sendRaw(suite.current().gateway.url, request()), {
      ...expected,
      headers: { connection: 'close' },
    });
  });

  test('is told to continue once everything that its headers say is fine, and is served', async () => {
    const body = JSON.stringify(good);
    const { gateway, apiKey } = suite.current();
    const client = httpRequest(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: {
        'x-api-key': apiKey,
        'content-type': 'application/json',
        'content-length': body.length,
        expect: '100-continue',
      },
    });
    const answered = once(client, 'response') as Promise<[IncomingMessage]>;
    client.flushHeaders();
    await once(client, 'continue');
    client.end(body);
    const [answer] = await answered;
    answer.resume();
    expect(answer.statusCode).toBe(200);
  });
});

describe('an upload that nobody reads', () => {
  const mib = 1024 * 1024;
  // What the kernels of both sides may hold of a connection on one machine.
  const kernelBuffers = 16 * mib;

  test.each([
    { name: 'without a credential', status: 401, request: () => withHeaders() },
    { name: 'to an unknown path', status: 404, request: () => authorized('', { path: '/nowhere' }) },
    {
      name: 'of a foreign content-type',
      status: 415,
      request: (): RawRequest => ({
        headers: [
          ['x-api-key', suite.current().apiKey],
          ['content-type', 'video/mp4'],
        ],
      }),
    },
  ])('is cut after its answer: endless, $name', async ({ status, request }) => {
    const endless = { ...request(), body: chunked(Number.POSITIVE_INFINITY) };
    const answer = await sendRaw(suite.current().gateway.url, {
      ...endless,
      headers: [...(endless.headers ?? []), ['transfer-encoding', 'chunked']],
    });
    expect(answer.status).toBe(status);
    expect(answer.headers['connection']).toBe('close');
    expect(answer.sentAfterAnswer).toBeLessThan(5 * mib + kernelBuffers);
    expect(answer.closedAfterMs).toBeLessThan(5 * 2000);
    await expectNextServed();
  });

  test('is cut after its answer: in a trickle', async () => {
    const answer = await sendRaw(suite.current().gateway.url, {
      ...withHeaders(['transfer-encoding', 'chunked']),
      body: trickle(),
    });
    expect(answer.status).toBe(401);
    expect(answer.headers['connection']).toBe('close');
    expect(answer.closedAfterMs).toBeLessThan(5 * 2000);
    await expectNextServed();
  });
});

function* chunked(bytes: number): Generator<Uint8Array> {
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, ' '), Buffer.from('\r\n')]);
  for (let sent = 0; sent < bytes; sent += 65_536) yield chunk;
  yield Buffer.from('0\r\n\r\n');
}

async function* trickle(): AsyncGenerator<Uint8Array> {
  for (;;) {
    yield Buffer.from('1\r\n \r\n');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
