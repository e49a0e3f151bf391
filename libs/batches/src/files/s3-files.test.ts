import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { listenOnFreePort, unreachableUrl } from '@ccg/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createS3Files } from './s3-files.ts';

/* The calls that are made, against a server that knows just them. A real one is asked in `npm run test:faults`. */

const objects = new Map<string, Buffer>();
const signed: boolean[] = [];
const server = createServer((request, response) => void answer(request, response));
let endpoint: string;
const before = { ...process.env };

beforeAll(async () => {
  endpoint = await listenOnFreePort(server);
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' });
  delete process.env['AWS_REGION'];
});
afterAll(() => {
  server.close();
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION']) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
  const key = decodeURIComponent(pathname.replace(/^\/bucket\/?/u, ''));
  signed.push(/Credential=id\/\d+\/us-east-1\/s3/u.test(request.headers.authorization ?? ''));
  const body = await buffer(request);
  if (key.includes('full')) {
    response.writeHead(507).end('<Error><Code>XMinioStorageFull</Code></Error>');
  } else if (request.method === 'PUT') {
    objects.set(key, body);
    response.end();
  } else if (request.method === 'DELETE') {
    objects.delete(key);
    response.writeHead(204).end();
  } else if (searchParams.has('list-type')) {
    const prefix = searchParams.get('prefix') ?? '';
    // Two at a time, so that there is more than one page.
    const keys = [...objects.keys()].filter((one) => one.startsWith(prefix)).slice(0, 2);
    const contents = keys.map((one) => `<Contents><Key>${one}</Key></Contents>`).join('');
    response.end(`<?xml version="1.0"?><ListBucketResult>${contents}</ListBucketResult>`);
  } else if (objects.has(key)) response.end(objects.get(key));
  else response.writeHead(404).end('<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>');
}

const place = { tenant: 'acme', id: 'msgbatch_1' };

describe('files in a bucket', () => {
  test('are read as they were written, and all those of a batch are removed, and no others', async () => {
    const files = createS3Files({ bucket: 'bucket', endpoint });
    const bytes = Buffer.from('é'.repeat(1000));
    // A view: what is around it is not written.
    await files.write(place, 'input-000000', bytes.subarray(2, 1002));
    for (const name of ['input-000001', 'index-000000']) await files.write(place, name, bytes);
    await files.write({ ...place, id: 'msgbatch_10' }, 'input-000000', bytes);
    expect(Buffer.from(await files.read(place, 'input-000000')).equals(bytes.subarray(2, 1002))).toBe(true);
    await files.removeAll(place);
    expect([...objects.keys()]).toEqual(['acme/msgbatch_10/input-000000']);
    await files.removeAll(place);
    expect(new Set(signed)).toEqual(new Set([true]));
  });

  test('that are missing, that have no room, and that cannot be reached are told apart', async () => {
    const files = createS3Files({ bucket: 'bucket', endpoint });
    await expect(files.read(place, 'nothing')).rejects.toMatchObject({ fault: 'missing', detail: 'NoSuchKey' });
    await expect(files.write(place, 'full', Buffer.from('x'))).rejects.toMatchObject({ fault: 'full' });
    const away = createS3Files({ bucket: 'bucket', endpoint: await unreachableUrl() });
    await expect(away.write(place, 'input-000000', Buffer.from('x'))).rejects.toMatchObject({
      fault: 'unavailable',
      detail: 'ECONNREFUSED',
    });
  });
});
