import { randomUUID } from 'node:crypto';
import { request as openRequest } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { Redis } from 'ioredis';
import {
  jsonAt,
  jsonListAt,
  jsonTextAt,
  redisBinary,
  redisForSuite,
  startRedisProcess,
  unreachableUrl,
} from '@ccg/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requestsOf } from './support/batch-rig.ts';
import { ask as askAt, openBatchGateway } from './support/batch-gateway.ts';
import type { BatchGateway } from './support/batch-gateway.ts';

/* How batches are asked for by HTTP, whatever they are made of. */

const path = '/v1/messages/batches';
const one = '{"custom_id":"a","params":{}}';

let rig: BatchGateway;
let keys: BatchGateway['keys'];
beforeAll(async () => {
  rig = await openBatchGateway();
  ({ keys } = rig);
});
afterAll(async () => {
  await rig.close();
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: unknown;
}

/** A request whose body is sent piece by piece, without a length. */
async function post(pieces: readonly (string | Uint8Array)[], headers: Readonly<Record<string, string>> = {}) {
  return await new Promise<Answer>((resolve, reject) => {
    const sent = openRequest(
      `${rig.gateway.url}${path}`,
      {
        method: 'POST',
        headers: { 'x-api-key': keys.ada, 'content-type': 'application/json', connection: 'close', ...headers },
      },
      (response) => {
        const { statusCode: status = 0, headers: told } = response;
        textOf(response).then((body) => {
          resolve({ status, headers: told, body: JSON.parse(body) as unknown });
        }, reject);
      },
    );
    sent.on('error', reject);
    for (const piece of pieces) sent.write(piece);
    sent.end();
  });
}

const said = ({ status, body }: { readonly status: number; readonly body: unknown }) => [
  status,
  jsonTextAt(body, 'error', 'type'),
  jsonTextAt(body, 'error', 'message'),
];

describe('an upload', () => {
  const body = JSON.stringify(requestsOf(3));
  test.each<[what: string, pieces: readonly (string | Uint8Array)[], headers: Readonly<Record<string, string>>]>([
    ['in chunks without a length', [body.slice(0, 7), body.slice(7)], {}],
    ['that is compressed', [gzipSync(body)], { 'content-encoding': 'gzip' }],
    [
      'with its requests after other members, and space around it',
      [`\n {"model":{"requests":[1]},${body.slice(1)} \t`],
      {},
    ],
    ['of a client that asks before it sends', [body], { expect: '100-continue' }],
    ['of a type with a charset', [body], { 'content-type': 'application/json; charset=utf-8' }],
  ])('%s makes a batch', async (_what, pieces, headers) => {
    const answer = await post(pieces, headers);
    expect([answer.status, jsonAt(answer.body, 'request_counts', 'processing')]).toEqual([200, 3]);
    expect(answer.headers['request-id']).toMatch(/^req_/u);
  });

  const escaped = '{"custom_id":"\\u0061","params":{}}';
  test.each<
    [
      what: string,
      pieces: readonly (string | Uint8Array)[],
      headers: Readonly<Record<string, string>>,
      expected: readonly unknown[],
    ]
  >([
    ['nothing', [''], {}, [400, 'invalid_request_error', expect.stringContaining('not valid JSON')]],
    [
      'a mark of byte order',
      [`\uFEFF{"requests":[${one}]}`],
      {},
      [400, 'invalid_request_error', 'The body must be an object with the list requests.'],
    ],
    [
      'ids that differ in their spelling alone',
      [`{"requests":[${one},${escaped}]}`],
      {},
      [400, 'invalid_request_error', expect.stringContaining('requests.1.custom_id: "a" is that of an earlier')],
    ],
    [
      'two lists of requests, one of them in another spelling',
      [`{"requests":[${one}],"\\u0072equests":[]}`],
      {},
      [400, 'invalid_request_error', expect.stringContaining('requests: It stands in the body twice')],
    ],
    [
      'bytes that are no UTF-8',
      ['{"requests":[{"custom_id":"a","params":"', Buffer.from([0xc3, 0x28]), '"}]}'],
      {},
      [400, 'invalid_request_error', expect.stringContaining('UTF-8')],
    ],
    [
      'what is not compressed as it says',
      ['{"requests":[]}'],
      { 'content-encoding': 'gzip' },
      [400, 'invalid_request_error', expect.stringContaining('content-encoding')],
    ],
    [
      'an encoding that nobody knows',
      ['{"requests":[]}'],
      { 'content-encoding': 'lzma' },
      [415, 'invalid_request_error', expect.stringContaining('gzip')],
    ],
    [
      'another type',
      [`{"requests":[${one}]}`],
      { 'content-type': 'text/plain' },
      [415, 'invalid_request_error', expect.stringContaining('application/json')],
    ],
    [
      'an Idempotency-Key that is none',
      [`{"requests":[${one}]}`],
      { 'idempotency-key': 'a b' },
      [400, 'invalid_request_error', expect.stringContaining('Idempotency-Key')],
    ],
    [
      'more betas than can be kept',
      [`{"requests":[${one}]}`],
      { 'anthropic-beta': 'b'.repeat(5000) },
      [400, 'invalid_request_error', expect.stringContaining('anthropic-beta')],
    ],
  ])('of %s is refused and leaves no trace', async (_what, pieces, headers, expected) => {
    const before = await rig.traces();
    expect(said(await post(pieces, headers))).toEqual(expected);
    expect(await rig.traces()).toEqual(before);
  });

  test('that has more than 256 MB once it is decoded is refused, and leaves no trace', async () => {
    const before = await rig.traces();
    const head = `{"requests":[{"custom_id":"a","params":"${'x'.repeat(3_000_000)}"},`;
    const members = [head, ...Array.from({ length: 256 }, () => ' '.repeat(1024 * 1024)), `${one}]}`];
    // The members of a gzip file are one after the other.
    const space = gzipSync(' '.repeat(1024 * 1024));
    const pieces = members.map((piece) => (piece.trim() === '' ? space : gzipSync(piece)));
    expect(said(await post(pieces, { 'content-encoding': 'gzip' }))).toEqual([
      413,
      'request_too_large',
      'The batch is larger than 256 MB, or would be after decoding. Create several smaller ones.',
    ]);
    await expect.poll(() => rig.traces()).toEqual(before);
  }, 240_000);
});

describe('an Idempotency-Key', () => {
  test('makes one batch of requests that arrive at once at several gateways, and is kept for a day', async () => {
    const other = await rig.start({
      BATCH_STORE: 'directory',
      BATCH_DIR: rig.batchDir,
      PUBLIC_BASE_URL: rig.gateway.url,
    });
    const headers = { 'idempotency-key': 'order-at-once' };
    const before = await rig.traces();
    const urls = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? rig.gateway.url : other.url));
    const answers = await Promise.all(
      urls.map((url) => askAt(url, keys.bob, { method: 'POST', path, body: requestsOf(50), headers })),
    );
    expect(answers.map(({ status }) => status)).toEqual(urls.map(() => 200));
    expect(new Set(answers.map(({ body }) => jsonTextAt(body, 'id'))).size).toBe(1);
    const list = await rig.ask(keys.bob, 'GET', path);
    expect(jsonListAt(list.body, 'data')).toHaveLength(1);
    const added = (await rig.traces()).filter((trace) => !before.includes(trace));
    expect(added.filter((name) => name.includes('batch-upload:'))).toEqual([]);
    expect(added.filter((name) => name.startsWith('input-'))).toEqual(
      before.includes('input-000000') ? [] : ['input-000000'],
    );

    const leftMs = await rig.leftMs(added.find((name) => name.includes('batch-once:')) ?? '');
    expect(leftMs).toBeGreaterThan(23.9 * 3_600_000);
    expect(leftMs).toBeLessThanOrEqual(24 * 3_600_000);
  });

  test('of a batch for one model is refused for another model in the URL', async () => {
    const headers = { 'idempotency-key': 'order-of-model' };
    const create = (prefix: string) => rig.ask(keys.ada, 'POST', `${prefix}${path}`, requestsOf(1), headers);
    const first = await create('/openai:one');
    expect([first.status, (await create('/openai:one')).body]).toEqual([200, first.body]);
    const answer = await create('/openai:another');
    expect([answer.status, jsonTextAt(answer.body, 'error', 'type')]).toEqual([409, 'conflict_error']);
    expect(answer.headers.get('x-should-retry')).toBe('false');
  });
});

test('the address of results is that of PUBLIC_BASE_URL, whatever a request says', async () => {
  const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' };
  const { body } = await post([JSON.stringify(requestsOf(1))], headers);
  const id = jsonTextAt(body, 'id');
  await rig.ask(keys.ada, 'POST', `${path}/${id}/cancel`);
  const ended = await rig.ask(keys.ada, 'GET', `${path}/${id}`, undefined, { 'x-forwarded-host': 'evil.example' });
  expect(jsonAt(ended.body, 'results_url')).toBe(`${rig.gateway.url}${path}/${id}/results`);
});

test('a list has 20 batches unless it is asked for more, of which 1000 are the most', async () => {
  for (let turn = 0; turn < 21; turn += 1) {
    expect((await rig.ask(keys.service, 'POST', path, requestsOf(1))).status).toBe(200);
  }
  const sizeOf = async (query: string) => {
    const { body } = await rig.ask(keys.service, 'GET', `${path}${query}`);
    return [jsonListAt(body, 'data').length, jsonAt(body, 'has_more')];
  };
  expect([await sizeOf(''), await sizeOf('?limit=20'), await sizeOf('?limit=1000')]).toEqual([
    [20, true],
    [20, true],
    [21, false],
  ]);
});

describe('the paths of batches', () => {
  test.each([
    ['PUT', '', 'GET, HEAD, POST'],
    ['DELETE', '', 'GET, HEAD, POST'],
    ['POST', '/msgbatch_1', 'GET, HEAD, DELETE'],
    ['GET', '/msgbatch_1/cancel', 'POST'],
    ['POST', '/msgbatch_1/results', 'GET, HEAD'],
  ])('%s %s is not allowed, and the answer says what is', async (method, suffix, allowed) => {
    const answer = await rig.ask(keys.ada, method, `${path}${suffix}`);
    expect(said(answer).slice(0, 2)).toEqual([405, 'invalid_request_error']);
    expect(answer.headers.get('allow')).toBe(allowed);
    expect(jsonTextAt(answer.body, 'error', 'message')).toContain(`Use ${allowed}.`);
  });

  test('are the same with a query, with escapes and with a slash at the end, under a prefix and without one', async () => {
    const { body } = await rig.ask(keys.ada, 'POST', `${path}?beta=true`, requestsOf(1));
    const id = jsonTextAt(body, 'id');
    const spellings = [
      `${path}/${id}`,
      `${path}/${id}?beta=true&x=%2F`,
      `${path}/${id}/`,
      `${path}/%6Dsgbatch%5F${id.slice('msgbatch_'.length)}`,
      `/openai:some/model${path}/${id}`,
    ];
    for (const spelling of spellings) {
      expect(jsonAt((await rig.ask(keys.ada, 'GET', spelling)).body, 'id')).toBe(id);
    }
    for (const wrong of [`${id}%2Fresults`, `${id}%00`, `${id}%0A`, id.toUpperCase(), `..%2F${id}`, `${id}:x`]) {
      expect((await rig.ask(keys.ada, 'GET', `${path}/${wrong}`)).status).toBeOneOf([400, 404]);
    }
    const head = await rig.ask(keys.ada, 'HEAD', `${path}/${id}`);
    expect([head.status, head.text]).toEqual([200, '']);
    expect((await rig.ask(keys.ada, 'HEAD', path)).status).toBe(200);
    expect((await rig.ask(keys.ada, 'GET', `${path}/${id}%`)).status).toBe(400);
  });

  test('ask for a credential before anything else', async () => {
    for (const [method, suffix] of [
      ['POST', ''],
      ['GET', ''],
      ['GET', '/msgbatch_1/results'],
    ] as const) {
      const answer = await rig.ask('ccg_live_nobody', method, `${path}${suffix}`, method === 'POST' ? 'x' : undefined);
      expect([answer.status, answer.headers.get('x-should-retry')]).toEqual([401, 'false']);
    }
  });
});

describe('a store that has no room or is away', () => {
  /** Without batches yet: they keep gateways with another store from starting. */
  async function openOwn(opened: AsyncDisposableStack): Promise<BatchGateway> {
    const own = await openBatchGateway(redisForSuite(`batch-store-${randomUUID()}`));
    opened.defer(() => own.close());
    return own;
  }

  test('is told where Redis keeps the files: a batch has 16 MB of them, and all have 256 MB, with no trace of what is refused', async () => {
    await using opened = new AsyncDisposableStack();
    const own = await openOwn(opened);
    const gateway = await own.start({ BATCH_STORE: 'redis', PUBLIC_BASE_URL: 'http://x' });
    const create = (body: string | object) => askAt(gateway.url, own.keys.ada, { method: 'POST', path, body });
    const before = await own.traces();
    const large = `{"requests":[{"custom_id":"a","params":"${'x'.repeat(17 * 1024 * 1024)}"}]}`;
    expect(said(await create(large))).toEqual([
      413,
      'request_too_large',
      'This gateway keeps batches of up to 16 MB. Create several smaller ones.',
    ]);
    expect(await own.traces()).toEqual(before);

    // As if others had taken the rest.
    const { store } = own;
    const total = [store.redisKeys.batches.fileBytes(), 'all'] as const;
    await store.command('hset', [...total, 256 * 1024 * 1024 - 10]);
    const filled = await own.traces();
    const full = await create(requestsOf(1));
    expect(said(full)).toEqual([503, 'api_error', expect.stringContaining('no room for more batches')]);
    expect(full.headers.get('retry-after')).toBe('60');
    expect(await own.traces()).toEqual(filled);
    expect(await store.command('hget', [...total])).toBe(String(256 * 1024 * 1024 - 10));
    await store.command('del', [total[0]]);
    expect((await create(requestsOf(1))).status).toBe(200);
  });

  test('is told with the time to wait where Redis has no memory left, and leaves no trace', async () => {
    await using opened = new AsyncDisposableStack();
    const binary = redisBinary();
    if (binary === undefined) throw new Error('This test fills a Redis of its own: apt-get install redis-server.');
    const server = await startRedisProcess({ binary });
    opened.defer(() => server.stop());
    const own = await openBatchGateway({ url: server.url, keyPrefix: 'ccg:' });
    opened.defer(() => own.close());
    const redis = new Redis(server.url);
    opened.defer(() => {
      redis.disconnect();
    });
    const before = await own.traces();
    await redis.config('SET', 'maxmemory', '1');
    const answer = await own.ask(own.keys.ada, 'POST', path, requestsOf(1));
    await redis.config('SET', 'maxmemory', '0');
    expect(said(answer)).toEqual([503, 'api_error', expect.stringContaining('no room for more batches')]);
    expect(answer.headers.get('retry-after')).toBe('60');
    expect(await own.traces()).toEqual(before);
    expect((await own.ask(own.keys.ada, 'POST', path, requestsOf(1))).status).toBe(200);
  });

  test('is told with the time to wait where no S3 answers', async () => {
    await using opened = new AsyncDisposableStack();
    const own = await openOwn(opened);
    const { text: before } = await own.ask(own.keys.ada, 'GET', `${path}?limit=1000`);
    const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
    const known = names.map((name) => process.env[name]);
    for (const name of names) process.env[name] = 'none';
    const gateway = await own.start({
      BATCH_STORE: 's3',
      BATCH_S3_BUCKET: 'bucket',
      BATCH_S3_ENDPOINT: await unreachableUrl(),
      PUBLIC_BASE_URL: 'http://x',
    });
    const answer = await askAt(gateway.url, own.keys.ada, { method: 'POST', path, body: requestsOf(1) });
    for (const [at, name] of names.entries()) {
      if (known[at] === undefined) delete process.env[name];
      else process.env[name] = known[at];
    }
    expect(said(answer)).toEqual([503, 'api_error', expect.stringContaining('does not answer')]);
    expect(answer.headers.get('retry-after')).toBe('60');
    expect((await own.ask(own.keys.ada, 'GET', `${path}?limit=1000`)).text).toBe(before);
  });
});
