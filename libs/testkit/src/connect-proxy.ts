import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

import { listenOnFreePort } from './listen-on-free-port.ts';

/** One CONNECT: where it went and with which credential. */
export interface Tunnel {
  readonly to: string | undefined;
  readonly authorization: string | undefined;
}

/** An HTTP proxy that opens tunnels to ports of this machine, and nothing else. */
export interface ConnectProxy {
  readonly url: string;
  readonly tunnels: readonly Tunnel[];
  close(): Promise<void>;
}

/** Starts a proxy. Close it: it keeps the process alive. */
export async function startConnectProxy(): Promise<ConnectProxy> {
  const tunnels: Tunnel[] = [];
  const ends = new Set<Duplex>();
  const server = createServer().on('connect', (request, socket, early) => {
    tunnels.push({ to: request.url, authorization: request.headers['proxy-authorization'] });
    const target = connect(Number(new URL(`http://${request.url}`).port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.write(early);
      target.pipe(socket).pipe(target);
    });
    for (const [end, other] of [
      [socket, target],
      [target, socket],
    ] as const) {
      ends.add(end);
      end.on('error', () => {});
      end.on('close', () => other.destroy());
    }
  });
  const url = await listenOnFreePort(server);
  return {
    url,
    tunnels,
    async close() {
      for (const end of ends) end.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
