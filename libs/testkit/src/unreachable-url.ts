import { once } from 'node:events';
import { createServer } from 'node:net';

import { listenOnFreePort } from './listen-on-free-port.ts';

/** An address of 127.0.0.1 that was free a moment ago: whoever connects is refused. */
export async function unreachableUrl(): Promise<string> {
  const server = createServer();
  const url = await listenOnFreePort(server);
  server.close();
  await once(server, 'close');
  return url;
}
