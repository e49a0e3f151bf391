import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSelfSignedServer, selfSignedCertificate } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isPublicAddress } from './addresses.ts';
import { createFileFetcher, fileMaxBytes } from './fetch-file.ts';

const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(100)]);
const { signal } = new AbortController();

let opened: AsyncDisposableStack;
beforeEach(() => {
  opened = new AsyncDisposableStack();
});
afterEach(() => opened.disposeAsync());

test.each([
  ['image/png', png],
  ['image/jpeg', Buffer.from('ffd8ffe000104a46494600', 'hex')],
  ['image/gif', Buffer.from('GIF89a......')],
  ['image/webp', Buffer.from('RIFF\u0001\u0002\u0003\u0004WEBPVP8 ', 'latin1')],
  ['application/pdf', Buffer.from('%PDF-1.7\n')],
])('a file is %s by its bytes, whatever its server says', async (mediaType, bytes) => {
  const { url } = await serve((_request, response) => response.setHeader('content-type', 'text/html').end(bytes));
  expect(await fetcher().fetch(`${url}/a`, signal)).toEqual({ mediaType, bytes: new Uint8Array(bytes) });
});

test('redirects are followed, and nothing of the client or the gateway is sent but what a file needs', async () => {
  const seen: (string | undefined)[][] = [];
  const { url } = await serve((request, response) => {
    seen.push([request.url, ...Object.keys(request.headers).toSorted()]);
    if (request.url === '/end') response.end(png);
    else response.writeHead(302, { location: '/end' }).end();
  });
  await fetcher().fetch(`${url}/begin`, signal);
  const headers = ['accept', 'accept-encoding', 'connection', 'host', 'user-agent'];
  expect(seen).toEqual([
    ['/begin', ...headers],
    ['/end', ...headers],
  ]);
});

describe('is not fetched', () => {
  test.each([
    'http://localhost/a',
    'https://me:word@localhost/a',
    'file:///etc/passwd',
    'data:image/png;base64,AA',
    'no',
  ])('what %s names', async (url) => {
    await expect(fetcher().fetch(url, signal)).rejects.toMatchObject({ fault: { kind: 'bad-url' } });
  });

  test.each([
    ['a name of a private address', 'files.test', '10.0.0.1'],
    ['a name of this machine', 'files.test', '127.0.0.1'],
    ['a name of the metadata server', 'files.test', '169.254.169.254'],
    ['an address of this machine', '127.0.0.1', undefined],
    ['a mapped one', '[::ffff:127.0.0.1]', undefined],
  ])('what stands at %s, and the server hears nothing', async (_what, host, address) => {
    const { url, seen } = await serve((_request, response) => response.end(png));
    const only = createFileFetcher({ extraRoots: selfSignedCertificate, resolve: answering(address ?? '') });
    opened.defer(() => only.close());
    const asked = only.fetch(url.replace('localhost', host), signal);
    await expect(asked).rejects.toMatchObject({ fault: { kind: 'unreachable' } });
    expect(seen.connections).toBe(0);
  });

  test('what a redirect leads to at another scheme or at an address that is not allowed', async () => {
    const { url } = await serve((request, response) => {
      response.writeHead(302, { location: (request.url ?? '').slice(1) }).end();
    });
    const toHttp = fetcher().fetch(`${url}/http://localhost/a`, signal);
    await expect(toHttp).rejects.toMatchObject({ fault: { kind: 'bad-url' } });
    const toMetadata = fetcher().fetch(`${url}/https://169.254.169.254/`, signal);
    await expect(toMetadata).rejects.toMatchObject({ fault: { kind: 'unreachable' } });
  });

  test.each([
    ['that redirects without end', 'redirects', { status: 302, headers: { location: '/again' } }],
    ['with an error', 'status', { status: 404 }],
    ['that is a page', 'unknown-type', { body: Buffer.from('<html>') }],
    ['that says it is too large', 'too-large', { headers: { 'content-length': String(fileMaxBytes + 1) } }],
    ['that is too large', 'too-large', { body: Buffer.concat([png, Buffer.alloc(fileMaxBytes)]) }],
    ['that does not come', 'timeout', 'silence'],
  ] as const)('an answer %s', async (_what, kind, answer) => {
    const { url } = await serve((_request, response) => {
      if (answer === 'silence') return;
      const { status, headers, body } = { status: 200, headers: {}, body: png, ...answer };
      response.writeHead(status, headers).end(body);
    });
    const waiting = fetcher(answer === 'silence' ? 300 : undefined);
    await expect(waiting.fetch(url, signal)).rejects.toMatchObject({ fault: { kind } });
  });

  test('what its client no longer waits for', async () => {
    const { url } = await serve(() => {});
    const leaving = new AbortController();
    const asked = fetcher().fetch(url, leaving.signal);
    leaving.abort(new Error('left'));
    await expect(asked).rejects.toThrow('left');
  });
});

/** A fetcher that also reaches this machine. Unless its time is what is tested, a busy machine has plenty. */
function fetcher(timeoutMs = 60_000) {
  const created = createFileFetcher({
    extraRoots: selfSignedCertificate,
    isAllowed: (address) => isPublicAddress(address) || address === '127.0.0.1' || address === '::1',
    timeoutMs,
  });
  opened.defer(() => created.close());
  return created;
}

function answering(address: string) {
  return (
    _host: string,
    _options: object,
    found: (error: null, addresses: { address: string; family: 4 }[]) => void,
  ) => {
    found(null, [{ address, family: 4 }]);
  };
}

async function serve(handle: RequestListener) {
  const seen = { connections: 0 };
  const server = createSelfSignedServer(handle).on('connection', () => {
    seen.connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `https://localhost:${(server.address() as AddressInfo).port}`, seen };
}
