import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A collector that takes everything and keeps nothing but a number. */
export interface CountingCollector {
  readonly url: string;
  /** How many requests it was told of so far, by the spans of the requests themselves. */
  requests(): number;
  close(): void;
}

/** An attribute that each request has in one of its spans. */
const mark = Buffer.from('ccg.request_id');

/** Begins to collect on a free port of the loopback address. */
export async function startCountingCollector(): Promise<CountingCollector> {
  let requests = 0;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      requests += countMarks(Buffer.concat(parts));
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests: () => requests,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function countMarks(body: Buffer): number {
  let count = 0;
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + mark.length)) count += 1;
  return count;
}
