import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { createProvider } from '@ccg/catalog';
import { Secret } from '@ccg/kernel';
import { createSelfSignedServer, selfSignedCertificate, startConnectProxy } from '@ccg/testkit';
import type { ConnectProxy } from '@ccg/testkit';
import { afterEach, expect, test } from 'vitest';
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
