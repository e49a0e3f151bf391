import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';

export interface Listener {
  readonly server: Server;
  readonly url: string;
}

/** What a listener serves. */
export interface HttpApp {
  readonly handle: RequestListener;
  /** Answers what is not valid HTTP; without it Node does, in words of its own. */
  readonly handleClientError?: (error: NodeJS.ErrnoException, socket: Duplex) => void;
}

/** Longer than the 60 s after which load balancers drop an idle connection, so that they are the ones to do it. */
const keepAliveTimeoutMs = 75_000;

/**
 * The events under which requests with an `Expect` header arrive. `100-continue` is answered by whoever reads the body;
 * any other expectation is ignored, as HTTP allows.
 */
export const expectations = ['checkContinue', 'checkExpectation'] as const;

/** Opens an HTTP/1.1 listener; port 0 lets the system choose. Rejects with the system's error when it cannot. */
export async function listen(app: HttpApp, host: string, port: number): Promise<Listener> {
  const server = createServer(
    {
      keepAliveTimeout: keepAliveTimeoutMs,
      // These two bound the upload alone; an answer may take as long as it takes. Batches are uploads of 256 MB, also of
      // clients that send 300 KB/s; whoever reads a whole body waits less long.
      headersTimeout: 20_000,
      requestTimeout: 900_000,
      connectionsCheckingInterval: 5000,
      // A request without Host is refused by the app, in the envelope of every other error.
      requireHostHeader: false,
    },
    app.handle,
  );
  for (const event of expectations) server.on(event, app.handle);
  if (app.handleClientError !== undefined) server.on('clientError', app.handleClientError);
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  const actualPort = address === null || typeof address === 'string' ? port : address.port;
  return { server, url: `http://${isIPv6(host) ? `[${host}]` : host}:${actualPort}` };
}
