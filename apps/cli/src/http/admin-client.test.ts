import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, RequestListener, Server } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { CliError } from '../cli-error.ts';
import { recordCli } from '../../test/record-cli.ts';
import { createAdminClient } from './admin-client.ts';

/* What stands between this program and the admin API, and how it fails. The API itself is tested with the real one. */

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

function clientOf(url: string) {
  const env = { CCG_TOKEN: 'a-secret-of-this-test', CCG_ADMIN_URL: url };
  return createAdminClient(recordCli({ env, fetch }).cli);
}

async function failureOf(listener: RequestListener): Promise<CliError> {
  const failure: unknown = await clientOf(await serve(listener))
    .get('/self')
    .catch((thrown: unknown) => thrown);
  if (!(failure instanceof CliError)) throw new Error('It did not fail.', { cause: failure });
  return failure;
}

describe('the way to the admin API', () => {
  test('ends at a redirect: the credential goes nowhere else', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const elsewhere = await serve((request, response) => {
      seen.push(request.headers);
      response.end('{}');
    });
    const failure = await failureOf((_request, response) => response.writeHead(307, { location: elsewhere }).end());
    expect(failure.kind).toBe('unreachable');
    expect(failure.message).toContain(`a redirect to ${elsewhere}`);
    expect(seen).toEqual([]);
  });

  test.each([
    [
      'a page of a proxy that finds no server',
      502,
      'text/html',
      '<h1>Bad gateway</h1>',
      /answers with 502\. Try again/u,
    ],
    ['a page of another server', 404, 'text/html', '<h1>Nothing</h1>', /is not the admin API: .+CCG_ADMIN_URL/u],
    ['a page with status 200', 200, 'text/html', '<h1>Sign in</h1>', /is not the admin API/u],
    ['an error of the gateway', 404, 'application/json', '{"type":"error"}', /is not the admin API/u],
  ])('is not there behind %s', async (_what, status, type, body, message) => {
    const failure = await failureOf((_request, response) =>
      response.writeHead(status, { 'content-type': type }).end(body),
    );
    expect(failure.kind).toBe('unreachable');
    expect(failure.message).toMatch(message);
  });

  test('is not there when the connection breaks within the answer', async () => {
    const failure = await failureOf((_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"kind":');
      setImmediate(() => response.destroy());
    });
    expect(failure.kind).toBe('unreachable');
    expect(failure.message).toContain('The connection to the admin API');
  });

  test('is not there while its store is away, and the log has more', async () => {
    const body = JSON.stringify({ detail: 'The store does not answer.', requestId: 'req_1' });
    const failure = await failureOf((_request, response) =>
      response.writeHead(503, { 'content-type': 'application/problem+json' }).end(body),
    );
    expect(failure).toMatchObject({
      kind: 'unreachable',
      message: 'The store does not answer.',
      details: ['The log of the admin app has more, at the request req_1.'],
    });
  });
});

test('what a server says moves no cursor and changes no colour', async () => {
  const errors = [{ path: 'name', message: 'is \u001b[31mwrong' }];
  const body = JSON.stringify({ detail: 'Clear\u001b[2J\u0007 it', errors });
  const failure = await failureOf((_request, response) =>
    response.writeHead(400, { 'content-type': 'application/problem+json' }).end(body),
  );
  expect(failure).toMatchObject({
    kind: 'refused',
    message: String.raw`Clear\u001b[2J\u0007 it`,
    details: [String.raw`name: is \u001b[31mwrong`],
  });
});
