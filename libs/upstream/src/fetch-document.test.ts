import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { createDocumentFetcher } from './fetch-document.ts';

const maxBytes = 1024;
const open: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function fetchFrom(answer: RequestListener, timeoutMs = 5000): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const fetcher = createDocumentFetcher({ timeoutMs, maxBytes });
  open.push(
    () => fetcher.close(),
    () => server.close(),
    () => {
      server.closeAllConnections();
    },
  );
  return await fetcher.fetch(`http://127.0.0.1:${address.port}/keys`);
}

test('a document of the greatest size is fetched whole', async () => {
  const text = 'é'.repeat(maxBytes / 2);
  expect(await fetchFrom((_request, response) => response.end(text))).toBe(text);
});

test.each<[string, RequestListener, string]>([
  ['one byte more', (_request, response) => response.end('x'.repeat(maxBytes + 1)), 'more than 1024 bytes'],
  [
    'a stream without end',
    (_request, response) => {
      const write = (): void => {
        while (!response.destroyed && response.write('x'.repeat(512)));
      };
      response.on('drain', write);
      write();
    },
    'more than 1024 bytes',
  ],
  [
    'a redirect',
    (_request, response) => response.writeHead(302, { location: '/other' }).end(),
    'redirects are not followed',
  ],
  ['a failure', (_request, response) => response.writeHead(500).end('secret'), 'status 500'],
])('%s is an error', async (_name, answer, message) => {
  await expect(fetchFrom(answer)).rejects.toThrow(message);
});

test.each<[string, RequestListener]>([
  ['no answer', () => {}],
  ['an answer that stops', (_request, response) => void response.write('{')],
])('%s is an error after the time for all of it', async (_name, answer) => {
  await expect(fetchFrom(answer, 100)).rejects.toThrow('no whole answer within 100 ms');
});
