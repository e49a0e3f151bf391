import { once } from 'node:events';
import type { Server } from 'node:net';

/** Listens on a port of 127.0.0.1 that the system chooses; gives the base URL for HTTP. */
export async function listenOnFreePort(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return `http://127.0.0.1:${address.port}`;
}
