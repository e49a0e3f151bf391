import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import type { Dispatcher } from 'undici';

// The floor of this stack: bytes in, bytes out. It checks, reads and counts nothing.

const upstream = process.argv[2] ?? '';
const agent = new Agent({ allowH2: false, pipelining: 1 });

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    agent.dispatch(
      {
        origin: upstream,
        path: request.url ?? '/',
        method: 'POST',
        headers: relayedHeaders(request.rawHeaders),
        body: Buffer.concat(chunks),
      },
      relayTo(response),
    );
  });
});
process.once('SIGTERM', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ msg: 'listening', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
});

/** Everything but what belongs to one connection. */
function relayedHeaders(rawHeaders: readonly string[]): string[] {
  const relayed: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name !== 'host' && name !== 'content-length') relayed.push(name, rawHeaders[at + 1] ?? '');
  }
  return relayed;
}

function relayTo(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller) {
      response.on('drain', () => {
        controller.resume();
      });
      response.on('close', () => {
        if (!response.writableFinished) controller.abort(new Error('the client left'));
      });
    },
    onResponseStart(_controller, status, headers) {
      const relayed = ['content-type', 'content-length'].flatMap((name) => {
        const value = headers[name];
        return value === undefined ? [] : [name, value];
      });
      response.writeHead(status, relayed);
    },
    onResponseData(controller, chunk) {
      if (!response.write(chunk)) controller.pause();
    },
    onResponseEnd() {
      response.end();
    },
    onResponseError() {
      response.destroy();
    },
  };
}
