import type { ConnectionTarget } from '@ccg/store';
import type { SuiteRedis } from './redis/redis-for-suite.ts';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { listenOnFreePort } from './listen-on-free-port.ts';

/** A TCP relay that fails on demand, for what happens between two processes that are both well. */
export interface FaultProxy {
  /** The target's URL with the relay's host and port. */
  readonly url: string;
  /** Resets every connection, and every new one until `restore`. */
  cut(): void;
  /** Keeps connections open and takes new ones, but relays no byte until `restore`. */
  hang(): void;
  /** Relays again, what was held back first. */
  restore(): void;
  close(): Promise<void>;
}

/** Starts a relay to the host and port, or the socket's path, of a URL. */
export async function startFaultProxy(targetUrl: string): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  let mode: 'relay' | 'hang' | 'cut' = 'relay';

  function adopt(socket: Socket, peer: Socket): void {
    sockets.add(socket);
    socket.setNoDelay(true);
    if (mode === 'hang') socket.pause();
    socket.on('data', (bytes) => peer.write(bytes));
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      peer.destroy();
    });
  }

  const server = createServer((client) => {
    if (mode === 'cut') {
      client.resetAndDestroy();
      return;
    }
    const upstream = connectTo(targetUrl);
    adopt(client, upstream);
    adopt(upstream, client);
    if (mode === 'hang') for (const socket of [client, upstream]) socket.pause();
  });
  const { port } = new URL(await listenOnFreePort(server));

  function cut(): void {
    mode = 'cut';
    for (const socket of sockets) socket.destroy();
  }

  return {
    url: throughPort(targetUrl, port),
    cut,
    hang() {
      mode = 'hang';
      for (const socket of sockets) socket.pause();
    },
    restore() {
      mode = 'relay';
      for (const socket of sockets) socket.resume();
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

function connectTo(url: string): Socket {
  if (url.startsWith('/')) return connect(url);
  const { hostname, port } = new URL(url);
  return connect(Number(port === '' ? 6379 : port), hostname);
}

function throughPort(targetUrl: string, port: string): string {
  if (targetUrl.startsWith('/')) return `redis://127.0.0.1:${port}`;
  const url = new URL(targetUrl);
  url.hostname = '127.0.0.1';
  url.port = port;
  return url.href;
}

/** The same faults for all servers of a suite's Redis at once. */
export interface TargetProxy extends Omit<FaultProxy, 'url'> {
  /** Reaches them through the proxy. */
  readonly target: ConnectionTarget;
}

/** Stands between a store and every server of its Redis. */
export async function startTargetProxy({
  target,
  servers,
}: Pick<SuiteRedis, 'target' | 'servers'>): Promise<TargetProxy> {
  if (target.url !== undefined) {
    const proxy = await startFaultProxy(target.url);
    return { ...proxy, target: { ...target, url: proxy.url } };
  }
  const proxies = await Promise.all(servers.map((server) => startFaultProxy(`redis://${server}`)));
  const each = (act: (proxy: FaultProxy) => void) => () => {
    for (const proxy of proxies) act(proxy);
  };
  return {
    target: {
      ...target,
      mapAddress: (address) => new URL(proxies[servers.indexOf(address)]?.url ?? `redis://${address}`).host,
    },
    cut: each((proxy) => {
      proxy.cut();
    }),
    hang: each((proxy) => {
      proxy.hang();
    }),
    restore: each((proxy) => {
      proxy.restore();
    }),
    async close() {
      await Promise.all(proxies.map((proxy) => proxy.close()));
    },
  };
}
