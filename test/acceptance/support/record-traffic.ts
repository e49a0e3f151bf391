import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request and its answer, as they crossed the wire. */
export interface Exchange {
  readonly method: string;
  /** Path and query, undecoded. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The request's body as JSON. */
  readonly body: unknown;
  /** 0 until the answer has begun. */
  readonly status: number;
  /** What of the answer has come so far. */
  readonly answer: string;
}

/** Stands in front of a server and keeps what passes; changes no byte. */
export interface TrafficRecorder {
  readonly url: string;
  /** In order of arrival. */
  readonly exchanges: readonly Exchange[];
  reset(): void;
  close(): Promise<void>;
}

/** Records what goes to `target`, a base URL without a path. Close it: it keeps the process alive. */
export async function recordTraffic(target: string): Promise<TrafficRecorder> {
  const exchanges: Exchange[] = [];
  const server = createServer((incoming, outgoing) => {
    relay(target, incoming, outgoing, (exchange) => exchanges.push(exchange)).catch(() => outgoing.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = readAddress(server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    exchanges,
    reset() {
      exchanges.length = 0;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function relay(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  keep: (exchange: Exchange) => void,
): Promise<void> {
  const { method = 'GET', url: path = '/', headers } = incoming;
  const body = await readAll(incoming);
  const exchange = { method, path, headers, body: parseJson(body), status: 0, answer: '' };
  keep(exchange);
  const upstream = httpRequest(target + path, { method, headers });
  outgoing.once('close', () => upstream.destroy());
  upstream.end(body);
  const [answer]: readonly IncomingMessage[] = await once(upstream, 'response');
  if (answer === undefined) return;
  exchange.status = answer.statusCode ?? 0;
  outgoing.writeHead(exchange.status, answer.rawHeaders);
  outgoing.flushHeaders();
  for await (const part of answer) {
    if (!Buffer.isBuffer(part)) continue;
    exchange.answer += part.toString('utf8');
    outgoing.write(part);
  }
  outgoing.end();
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) if (Buffer.isBuffer(part)) parts.push(part);
  return Buffer.concat(parts);
}

function parseJson(body: Buffer): unknown {
  return body.byteLength === 0 ? undefined : JSON.parse(body.toString('utf8'));
}

function readAddress(address: AddressInfo | string | null): AddressInfo {
  if (typeof address === 'object' && address !== null) return address;
  throw new Error('The recorder listens on no port.');
}
