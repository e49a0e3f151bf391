import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { systemClock } from '@ccg/kernel';
import { jsonAt, jsonListAt, jsonTextAt } from '@ccg/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { requestsOf } from './support/batch-rig.ts';
import { ask as askAt, exchange, openBatchGateway } from './support/batch-gateway.ts';
import type { BatchAnswer, BatchGateway } from './support/batch-gateway.ts';

const path = '/v1/messages/batches';
const dayMs = 24 * 60 * 60 * 1000;
const message = { id: 'msg_1', type: 'message', role: 'assistant', content: [{ type: 'text', text: 'fine' }] };

let rig: BatchGateway;
let keys: BatchGateway['keys'];
beforeAll(async () => {
  rig = await openBatchGateway();
  ({ keys } = rig);
});
afterAll(async () => {
  await rig.close();
});

async function create(key: string, total = 1, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const answer = await rig.ask(key, 'POST', path, requestsOf(total), headers);
  expect(answer.status).toBe(200);
  return jsonTextAt(answer.body, 'id');
}

const said = ({ status, body, headers }: BatchAnswer) => [
  status,
  jsonTextAt(body, 'error', 'type'),
  jsonTextAt(body, 'error', 'message'),
  headers.get('x-should-retry'),
];

test('the official SDK creates a batch, polls it, reads its results and deletes it', async () => {
  const { batches } = new Anthropic({ apiKey: keys.ada, baseURL: rig.gateway.url, maxRetries: 0 }).messages;
  const params = { model: 'm', max_tokens: 9, messages: [{ role: 'user' as const, content: 'Hi' }] };
  const requests = ['a', 'b', 'c'].map((custom_id) => ({ custom_id, params }));
  const created = await batches.create({ requests });
  expect(created).toMatchObject({
    type: 'message_batch',
    processing_status: 'in_progress',
    request_counts: { processing: 3, succeeded: 0, errored: 0, canceled: 0, expired: 0 },
    ended_at: null,
    cancel_initiated_at: null,
    archived_at: null,
    results_url: null,
  });
  expect(Date.parse(created.expires_at) - Date.parse(created.created_at)).toBe(dayMs);
  await rig.finish('acme', created.id, 1, message);
  // While it is processed no count tells of it.
  expect((await batches.retrieve(created.id)).request_counts).toEqual(created.request_counts);
  const error = { type: 'error', error: { type: 'api_error', message: 'no' }, request_id: 'req_1' };
  await rig.finish('acme', created.id, 0, error, 'errored');
  await batches.cancel(created.id);
  const ended = await batches.retrieve(created.id);
  expect(ended).toMatchObject({
    processing_status: 'ended',
    request_counts: { processing: 0, succeeded: 1, errored: 1, canceled: 1, expired: 0 },
    results_url: `${rig.gateway.url}${path}/${created.id}/results`,
  });
  expect(ended.cancel_initiated_at).not.toBeNull();
  const results: unknown[] = [];
  for await (const result of await batches.results(created.id)) results.push(result);
  expect(results).toEqual([
    { custom_id: 'b', result: { type: 'succeeded', message } },
    { custom_id: 'a', result: { type: 'errored', error } },
    { custom_id: 'c', result: { type: 'canceled' } },
  ]);
  expect(await batches.delete(created.id)).toEqual({ id: created.id, type: 'message_batch_deleted' });
  await expect(batches.retrieve(created.id)).rejects.toThrow(Anthropic.NotFoundError);
});

test('a list has the newest batches first, in pages in both directions', async () => {
  const ids: string[] = [];
  for (let turn = 0; turn < 5; turn += 1) ids.unshift(await create(keys.service));
  const page = async (query: string) => {
    const { body } = await rig.ask(keys.service, 'GET', `${path}${query}`);
    const data = jsonListAt(body, 'data').map((one) => jsonTextAt(one, 'id'));
    expect([jsonAt(body, 'first_id'), jsonAt(body, 'last_id')]).toEqual([data[0] ?? null, data.at(-1) ?? null]);
    return [data, jsonAt(body, 'has_more')];
  };
  expect(await page('')).toEqual([ids, false]);
  expect(await page('?limit=2')).toEqual([ids.slice(0, 2), true]);
  expect(await page(`?limit=2&after_id=${ids[1]}`)).toEqual([ids.slice(2, 4), true]);
  expect(await page(`?limit=2&after_id=${ids[3]}`)).toEqual([ids.slice(4), false]);
  expect(await page(`?limit=2&before_id=${ids[3]}`)).toEqual([ids.slice(1, 3), true]);
  expect(await page(`?limit=3&before_id=${ids[3]}`)).toEqual([ids.slice(0, 3), false]);
  expect(await page(`?after_id=${ids[4]}`)).toEqual([[], false]);
});

test('a batch is seen by its user and by who reads the tenant, is changed by its user and by who writes the tenant, and is unknown to all others', async () => {
  const id = await create(keys.ada);
  const nowhere = `${path}/msgbatch_${'0'.repeat(32)}`;
  const statusOf = async (key: string, method: string, at: string) => (await rig.ask(key, method, at)).status;
  for (const stranger of [keys.bob, keys.service, keys.other]) {
    for (const [method, suffix] of [
      ['GET', ''],
      ['POST', '/cancel'],
      ['GET', '/results'],
      ['DELETE', ''],
    ] as const) {
      const [hidden, absent] = await Promise.all(
        [`${path}/${id}${suffix}`, `${nowhere}${suffix}`].map((at) => rig.ask(stranger, method, at)),
      );
      expect(hidden === undefined ? [] : said(hidden)).toEqual(absent === undefined ? [] : said(absent));
      expect(hidden?.status).toBe(404);
    }
    expect((await rig.ask(stranger, 'GET', `${path}?limit=1000`)).text).not.toContain(id);
  }
  expect((await rig.ask(keys.reader, 'GET', `${path}?limit=1000`)).text).toContain(id);
  expect(await statusOf(keys.reader, 'GET', `${path}/${id}`)).toBe(200);
  expect(said(await rig.ask(keys.reader, 'POST', `${path}/${id}/cancel`)).slice(0, 2)).toEqual([
    403,
    'permission_error',
  ]);
  expect(await statusOf(keys.admin, 'POST', `${path}/${id}/cancel`)).toBe(200);
  expect(said(await rig.ask(keys.reader, 'DELETE', `${path}/${id}`)).slice(0, 2)).toEqual([403, 'permission_error']);
  expect(await statusOf(keys.ada, 'DELETE', `${path}/${id}`)).toBe(200);
  expect(said(await rig.ask(keys.messages, 'GET', path)).slice(0, 2)).toEqual([403, 'permission_error']);
});

test('the same Idempotency-Key gives the same batch to the same owner', async () => {
  const once = { 'idempotency-key': 'order-7' };
  const [first, second] = [await create(keys.ada, 2, once), await create(keys.ada, 2, once)];
  expect(second).toBe(first);
  expect(await create(keys.bob, 2, once)).not.toBe(first);
});

test('a provider that stands in the URL holds for the whole batch, and one that is not configured is refused', async () => {
  expect((await rig.ask(keys.ada, 'POST', `/openai:some/model${path}`, requestsOf(1))).status).toBe(200);
  expect(said(await rig.ask(keys.ada, 'POST', `/nobody:model${path}`, requestsOf(1))).slice(0, 2)).toEqual([
    404,
    'not_found_error',
  ]);
});

describe('what is not right is refused, and leaves no trace', () => {
  const one = '{"custom_id":"a","params":{}}';
  const poll =
    'The batch has not ended. Poll GET /v1/messages/batches/{id} until processing_status is "ended", or cancel it.';
  const noBatch = 'There is no such batch. GET /v1/messages/batches lists yours.';
  const limit = 'limit: Input should be a whole number from 1 to 1000.';
  const cursors = 'after_id, before_id: only one of them can be used.';
  const some = `msgbatch_${'0'.repeat(32)}`;
  const tooMany = `{"requests":[${Array.from({ length: 100_001 }, (_, at) => `{"custom_id":"i${at}","params":1}`).join(',')}]}`;

  test.each<[what: string, method: string, suffix: string, body: string | undefined, expected: readonly unknown[]]>([
    [
      '100,001 requests',
      'POST',
      '',
      tooMany,
      [413, 'request_too_large', 'requests: A batch has at most 100,000 requests. Create several batches.'],
    ],
    [
      'a repeated custom_id',
      'POST',
      '',
      `{"requests":[${one},${one}]}`,
      [
        400,
        'invalid_request_error',
        'requests.1.custom_id: "a" is that of an earlier request. Give each request its own.',
      ],
    ],
    [
      'a custom_id of other characters',
      'POST',
      '',
      '{"requests":[{"custom_id":"a.b","params":{}}]}',
      [
        400,
        'invalid_request_error',
        'requests.0.custom_id: It must be 1 to 64 of the characters a-z, A-Z, 0-9, "_" and "-".',
      ],
    ],
    [
      'no requests',
      'POST',
      '',
      '{"requests":[]}',
      [400, 'invalid_request_error', 'requests: It must have at least one request.'],
    ],
    [
      'truncated JSON',
      'POST',
      '',
      `{"requests":[${one},`,
      [400, 'invalid_request_error', 'The body is not valid JSON: The JSON ends too early (at byte 43).'],
    ],
    [
      'invalid JSON',
      'POST',
      '',
      `{"requests":[${one}]]}`,
      [
        400,
        'invalid_request_error',
        'The body is not valid JSON: Expected a comma or the end of the object (at byte 43).',
      ],
    ],
    ['a limit of 0', 'GET', '?limit=0', undefined, [400, 'invalid_request_error', limit]],
    ['a limit of 1001', 'GET', '?limit=1001', undefined, [400, 'invalid_request_error', limit]],
    ['a limit that is no number', 'GET', '?limit=ten', undefined, [400, 'invalid_request_error', limit]],
    ['both cursors', 'GET', `?after_id=${some}&before_id=${some}`, undefined, [400, 'invalid_request_error', cursors]],
    [
      'a cursor that is no id',
      'GET',
      '?after_id=*',
      undefined,
      [400, 'invalid_request_error', 'after_id: It must be the id of a batch.'],
    ],
    ['an unknown id', 'GET', `/${some}`, undefined, [404, 'not_found_error', noBatch]],
    ['an id that is none', 'GET', '/a{b}*', undefined, [404, 'not_found_error', noBatch]],
    ['results of an unknown id', 'GET', `/${some}/results`, undefined, [404, 'not_found_error', noBatch]],
    ['a cancel of an unknown id', 'POST', `/${some}/cancel`, undefined, [404, 'not_found_error', noBatch]],
    ['a delete of an unknown id', 'DELETE', `/${some}`, undefined, [404, 'not_found_error', noBatch]],
  ])('%s', async (_what, method, suffix, body, expected) => {
    const before = await rig.traces();
    const answer = await rig.ask(keys.ada, method, `${path}${suffix}`, body);
    expect(said(answer)).toEqual([...expected, null]);
    expect(jsonTextAt(answer.body, 'request_id')).toBe(answer.headers.get('request-id'));
    expect(await rig.traces()).toEqual(before);
  });

  test('a body of more than 256 MB is refused before it arrives', async () => {
    const before = await rig.traces();
    const answer = await exchange(rig.gateway.url, keys.ada, 256 * 1024 * 1024 + 1, () => {});
    expect(answer).toMatch(/^HTTP\/1\.1 413 .*"type":\s*"request_too_large"/su);
    expect(await rig.traces()).toEqual(before);
  });

  test('results and deletion before the end', async () => {
    const id = await create(keys.ada);
    const before = await rig.traces();
    expect(said(await rig.ask(keys.ada, 'GET', `${path}/${id}/results`))).toEqual([
      400,
      'invalid_request_error',
      poll,
      null,
    ]);
    const cancel =
      'The batch has not ended. Cancel it with POST /v1/messages/batches/{id}/cancel, and delete it when it has ended.';
    expect(said(await rig.ask(keys.ada, 'DELETE', `${path}/${id}`))).toEqual([
      400,
      'invalid_request_error',
      cancel,
      null,
    ]);
    expect(await rig.traces()).toEqual(before);
  });

  test('the same Idempotency-Key with another body', async () => {
    const once = { 'idempotency-key': 'order-8' };
    await create(keys.ada, 1, once);
    const before = await rig.traces();
    const answer = await rig.ask(keys.ada, 'POST', path, requestsOf(2), once);
    const text =
      'A batch was created with this Idempotency-Key from another body, or at another URL. Send a new key with a new batch.';
    expect(said(answer)).toEqual([409, 'conflict_error', text, 'false']);
    expect(await rig.traces()).toEqual(before);
  });

  test('an estimated cost above what a budget has left', async () => {
    await rig.limit('umbrella', [{ kind: 'budget', level: 'user', amount: 0.001, per: 'month' }]);
    const ask = () => rig.ask(keys.other, 'POST', path, requestsOf(100));
    // The gateway hears of the limit in a moment.
    await expect.poll(async () => (await ask()).status, { timeout: 10_000 }).toBe(429);
    const before = await rig.traces();
    const answer = await ask();
    const text =
      /^The batch may cost \$\d\.\d\d, but the budget of \$0\.001 per month for user other has \$0\.00 left until .+ Create a smaller batch, or ask /u;
    expect(said(answer)).toEqual([429, 'billing_error', expect.stringMatching(text), 'false']);
    expect(await rig.traces()).toEqual(before);
    await rig.limit('umbrella', [{ kind: 'budget', level: 'user', amount: 10, per: 'month' }]);
    await expect.poll(async () => (await ask()).status, { timeout: 10_000 }).toBe(200);
  });

  test('a store that cannot be written', async () => {
    const file = join(tmpdir(), `ccg-no-folder-${process.pid}`);
    await writeFile(file, '');
    const gateway = await rig.start({ BATCH_DIR: file, PUBLIC_BASE_URL: 'http://x' });
    const before = await rig.traces();
    const answer = await askAt(gateway.url, keys.ada, { method: 'POST', path, body: requestsOf(1) });
    expect(said(answer).slice(0, 2)).toEqual([503, 'api_error']);
    expect(answer.headers.get('retry-after')).toBe('60');
    expect(await rig.traces()).toEqual(before);
  });

  test('batches that are off', async () => {
    const gateway = await rig.start({});
    const before = await rig.traces();
    for (const [method, suffix] of [
      ['POST', ''],
      ['GET', ''],
      ['GET', `/${some}`],
      ['GET', `/${some}/results`],
    ] as const) {
      const answer = await askAt(gateway.url, keys.messages, {
        method,
        path: `${path}${suffix}`,
        body: method === 'POST' ? requestsOf(1) : undefined,
      });
      const text =
        'Message batches are off at this gateway. Send each request to POST /v1/messages, or ask its operators.';
      expect(said(answer)).toEqual([501, 'not_supported', text, 'false']);
    }
    expect(await rig.traces()).toEqual(before);
  });

  test('an upload of which nothing arrives for 60 s', async () => {
    // The minute passes when the test says so.
    const stall = Promise.withResolvers<() => void>();
    const schedule: typeof systemClock.schedule = (ms, callback) => {
      if (ms === 60_000) stall.resolve(callback);
      return systemClock.schedule(ms, callback);
    };
    const port = await rig.start({ PUBLIC_BASE_URL: 'http://x' }, { ...systemClock, schedule });
    const before = await rig.traces();
    const answer = exchange(port.url, keys.ada, 1000, () => {}, '{"requests":[');
    (await stall.promise)();
    expect(await answer).toMatch(/^HTTP\/1\.1 408 .*connection: close.*"type":\s*"timeout_error"/isu);
    expect(await rig.traces()).toEqual(before);
  });

  test('a client that leaves half-way', async () => {
    const before = await rig.traces();
    const answer = exchange(rig.gateway.url, keys.ada, 3_000_000, async (socket) => {
      socket.write(`{"requests":[{"custom_id":"a","params":"${'x'.repeat(2_000_000)}`);
      await expect.poll(() => rig.traces(), { timeout: 10_000 }).toContain('input-000000');
      socket.destroy();
    });
    await answer;
    await expect.poll(() => rig.traces(), { timeout: 10_000 }).toEqual(before);
  });
});

test('a batch ends a day after its creation, and its results are gone after 29 days, which is said with the time', async () => {
  const id = await create(keys.ada, 2);
  await rig.finish('acme', id, 0, message);
  try {
    rig.setAheadMs(dayMs);
    expect((await rig.ask(keys.ada, 'GET', `${path}/${id}`)).body).toMatchObject({
      processing_status: 'ended',
      request_counts: { processing: 0, succeeded: 1, expired: 1 },
    });
    const { text, headers } = await rig.ask(keys.ada, 'GET', `${path}/${id}/results`);
    expect(headers.get('content-type')).toBe('application/x-jsonl');
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => jsonTextAt(JSON.parse(line), 'result', 'type')),
    ).toEqual(['succeeded', 'expired']);
    rig.setAheadMs(29 * dayMs);
    await rig.transitions.archive({ tenant: 'acme', id });
    const found = (await rig.ask(keys.ada, 'GET', `${path}/${id}`)).body;
    const since = jsonTextAt(found, 'archived_at');
    expect(said(await rig.ask(keys.ada, 'GET', `${path}/${id}/results`))).toEqual([
      404,
      'not_found_error',
      `The results of this batch were removed at ${since}: their time was over.`,
      null,
    ]);
  } finally {
    rig.setAheadMs(0);
  }
});

test('a million bytes of results arrive whole, and a second reader gets the same', async () => {
  const id = await create(keys.ada, 3);
  for (let index = 0; index < 3; index += 1) await rig.finish('acme', id, index, { text: 'é'.repeat(500_000) });
  const [first, second] = await Promise.all([1, 2].map(() => rig.ask(keys.ada, 'GET', `${path}/${id}/results`)));
  expect(
    first?.text
      .trim()
      .split('\n')
      .map((line) => jsonTextAt(JSON.parse(line), 'custom_id')),
  ).toEqual(['item-0', 'item-1', 'item-2']);
  expect(first?.text === second?.text).toBe(true);
});
