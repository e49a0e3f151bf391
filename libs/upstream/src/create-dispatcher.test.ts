import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { createProvider } from '@ccg/catalog';
import { Secret } from '@ccg/kernel';
import { createSelfSignedServer, selfSignedCertificate, startConnectProxy } from '@ccg/testkit';
import type { ConnectProxy } from '@ccg/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { createUpstream } from './create-upstream.ts';
import type { UpstreamOptions } from './upstream-options.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

test('a certificate of nobody is refused, and taken where its root is given', async () => {
  const url = await secureServer();
  await expect(ask(url)).rejects.toMatchObject({ kind: 'unreachable' });
  expect(await ask(url, { extraRoots: selfSignedCertificate })).toBe('POST /v1/messages');
});

test('what is told of a certificate is its host and its last day, directly and through a proxy', async () => {
  const url = await secureServer();
  const { url: proxy } = await connectProxy();
  const told: (readonly [string, string])[] = [];
  const onCertificate = (host: string, notAfterMs: number) => {
    told.push([host, new Date(notAfterMs).toISOString()]);
  };
  await ask(url, { extraRoots: selfSignedCertificate, onCertificate });
  await ask(url, { extraRoots: selfSignedCertificate, onCertificate, proxy: { url: new Secret(proxy), except: '' } });
  const certificate = [new URL(url).hostname, '2120-01-01T00:00:00.000Z'];
  expect(told).toEqual([certificate, certificate]);
});

test('an https provider is reached through the proxy, with its credential', async () => {
  const url = await secureServer();
  const proxy = await connectProxy();
  const secret = new Secret(proxy.url.replace('//', '//me:pass%20word@'));
  const answer = await ask(url, { extraRoots: selfSignedCertificate, proxy: { url: secret, except: '' } });
  expect(answer).toBe('POST /v1/messages');
  const authorization = `Basic ${Buffer.from('me:pass word').toString('base64')}`;
  expect(proxy.tunnels).toEqual([{ to: new URL(url).host, authorization }]);
});

test.each(['127.0.0.1', 'elsewhere.test,*'])(
  'a host of %s is reached without it, and so is plain http',
  async (except) => {
    const proxy = await connectProxy();
    const through = { extraRoots: selfSignedCertificate, proxy: { url: new Secret(proxy.url), except } };
    expect(await ask(await secureServer(), through)).toBe('POST /v1/messages');
    const plain = await listen(
      createServer((request, response) => response.end(request.url)),
      'http',
    );
    expect(await ask(plain, { proxy: { ...through.proxy, except: '' } })).toBe('/v1/messages');
    expect(proxy.tunnels).toEqual([]);
  },
);

test.each([
  ['refuses the tunnel', 403, 'unreachable'],
  ['wants a credential', 407, 'unreachable'],
  ['never opens it', undefined, 'first-byte-timeout'],
])('a proxy that %s ends the call', async (_name, status, kind) => {
  const proxy = await listen(
    createServer().on('connect', (_request, socket) => {
      socket.on('error', () => {});
      if (status !== undefined) socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    }),
    'http',
  );
  const asked = ask(await secureServer(), { connectTimeoutMs: 200, proxy: { url: new Secret(proxy), except: '' } });
  await expect(asked).rejects.toMatchObject({ kind, waitedMs: status === undefined ? 200 : undefined });
});

describe('a host whose addresses hold credentials of the machine', () => {
  const answering =
    (...addresses: readonly string[]): UpstreamOptions['resolve'] =>
    (_host, _options, found) => {
      found(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    };

  test.each([
    ['a name', 'http://model.test', ['169.254.169.254']],
    ['a name, over https', 'https://model.test', ['169.254.169.254', 'fd00:ec2::254']],
    ['a name, by NAT64', 'http://model.test', ['64:ff9b::a9fe:a9fe']],
    ['the address itself', 'http://169.254.169.254', []],
    ['a number', 'http://2852039166', []],
    ['a mapped address', 'https://[::ffff:169.254.169.254]', []],
  ])('is not called by %s', async (_name, url, addresses) => {
    const asked = ask(url, { resolve: answering(...addresses) });
    await expect(asked).rejects.toMatchObject({ kind: 'refused-address' });
  });

  test('is called at its other addresses, and only there', async () => {
    const server = createServer((request, response) => response.end(request.url));
    const url = (await listen(server, 'http')).replace('127.0.0.1', 'model.test');
    expect(await ask(url, { resolve: answering('fe80::1', '127.0.0.1') })).toBe('/v1/messages');
  });

  test('is not called through a proxy by its address, and the proxy hears nothing of it', async () => {
    const proxy = await connectProxy();
    const asked = ask('https://169.254.169.254', { proxy: { url: new Secret(proxy.url), except: '' } });
    await expect(asked).rejects.toMatchObject({ kind: 'refused-address' });
    expect(proxy.tunnels).toEqual([]);
  });

  test('is not called by its name where no proxy is used for it', async () => {
    const proxy = await connectProxy();
    const through = { proxy: { url: new Secret(proxy.url), except: 'model.test' }, resolve: answering('169.254.1.1') };
    await expect(ask('https://model.test', through)).rejects.toMatchObject({ kind: 'refused-address' });
    await expect(ask('http://model.test', through)).rejects.toMatchObject({ kind: 'refused-address' });
  });
});

async function ask(url: string, options: Partial<UpstreamOptions> = {}): Promise<string> {
  const upstream = createUpstream({
    connectTimeoutMs: 5000,
    firstByteTimeoutMs: 5000,
    idleTimeoutMs: 5000,
    ...options,
  });
  closers.push(() => upstream.close());
  const { signal } = new AbortController();
  const provider = createProvider({ name: 'a', dialect: 'anthropic', baseUrl: url, credential: undefined });
  const client = { headers: [], query: '' };
  const call = {
    operation: 'messages',
    model: 'm',
    stream: false,
    headers: [],
    body: Buffer.from('{}'),
    client,
  } as const;
  const response = await upstream.call(provider, call, signal);
  return Buffer.from(await response.body.collect(1000)).toString();
}

function secureServer(): Promise<string> {
  const handle = createSelfSignedServer((request, response) => response.end(`${request.method} ${request.url}`));
  return listen(handle, 'https');
}

async function connectProxy(): Promise<ConnectProxy> {
  const proxy = await startConnectProxy();
  closers.push(() => proxy.close());
  return proxy;
}

async function listen(server: Server, scheme: 'http' | 'https'): Promise<string> {
  const sockets = new Set<{ destroy(): unknown }>();
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return `${scheme}://127.0.0.1:${address.port}`;
}
