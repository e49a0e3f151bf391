import {
  jsonAt,
  jsonListAt,
  jsonTextAt,
  playModel,
  say,
  startScriptedUpstream,
  waitFor,
  createGate,
} from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { Redis } from 'ioredis';
import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAdminRig } from './support/admin-rig.ts';
import type { AdminRig } from './support/admin-rig.ts';
import { openBatchWork } from './support/batch-work.ts';
import type { BatchWork } from './support/batch-work.ts';

const patience = { timeout: 15_000 };
const dispatcher = new Agent({ pipelining: 0 });

let rig: AdminRig;
let upstream: ScriptedUpstream;
let batches: BatchWork;
let redis: Redis;
beforeAll(async () => {
  rig = await openAdminRig('queue-board', { env: { RATE_LIMIT_RPM: '', TRUST_PROXY: '127.0.0.1' } });
  redis = new Redis(rig.redis.url);
  upstream = await startScriptedUpstream();
  batches = await openBatchWork(rig.redis, upstream.url);
});
afterAll(async () => {
  await batches.close();
  redis.disconnect();
  await rig.close();
  await upstream.close();
});

interface Asked {
  readonly method?: string;
  /** Of HTTP Basic; the token of the operators unless given, null for no header. */
  readonly password?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const basic = (password: string, user = 'anybody') => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

async function ask(path: string, { method = 'GET', password = rig.token, headers = {}, body }: Asked = {}) {
  const answer = await fetch(rig.admin.url + path, {
    dispatcher,
    method,
    redirect: 'manual',
    headers: {
      ...(password === null ? {} : { authorization: basic(password) }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

/** A batch of which one item runs and others wait, until the returned function is called. */
async function busy(): Promise<() => Promise<void>> {
  const tenant = { id: 'acme', name: 'Acme', allowlist: { models: ['*'] } };
  expect((await rig.call('POST', '/tenants', { body: tenant })).status).toBe(201);
  const body = { name: 'ci', owner: { kind: 'service' }, scopes: ['batches'] };
  const made = await rig.call('POST', '/tenants/acme/api-keys', { body });
  const gate = createGate();
  const hello = playModel([{ content: [say('Hello.')] }]);
  upstream.play((request) => [waitFor(gate.opened), ...hello(request)]);
  await batches.create(jsonTextAt(made.body, 'apiKey'), 4);
  await batches.work(1);
  return async () => {
    gate.open();
    await batches.stopWorking();
  };
}

async function queue(): Promise<unknown> {
  const answer = await ask('/queues/api/queues?activeQueue=items&status=latest&page=1&jobsPerPage=10');
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringContaining('json')]);
  return jsonListAt(JSON.parse(answer.text), 'queues')[0];
}

describe('who may look at the queues', () => {
  test('shows the token of the operators as the password of HTTP Basic, under any user name', async () => {
    const pages = ['/queues', '/queues/', '/queues/queue/items', '/queues/api/queues'];
    for (const path of pages) expect([path, (await ask(path)).status]).toEqual([path, 200]);
    const named = await ask('/queues', { headers: { authorization: basic(rig.token, 'zoë') }, password: null });
    expect(named.status).toBe(200);
  });

  test.each([
    ['no credential', {}],
    ['an empty password', { authorization: basic('') }],
    ['no colon', { authorization: `Basic ${Buffer.from('x').toString('base64')}` }],
    ['another scheme', { authorization: 'Negotiate abcd' }],
  ])('is asked by the browser where there is %s', async (_what, headers) => {
    for (const path of ['/queues', '/queues/api/queues', '/queues/static/images/logo.svg']) {
      const answer = await ask(path, { password: null, headers });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="[^"]+", charset="UTF-8"$/u);
      expect(JSON.parse(answer.text)).toMatchObject({ code: 'credential-missing' });
    }
  });

  test('is no one with the token in another header, nor with an API key of an administrator', async () => {
    const tenant = { id: 'umbrella', name: 'Umbrella', allowlist: { models: ['*'] } };
    await rig.call('POST', '/tenants', { body: tenant });
    const body = { name: 'admin', scopes: ['tenant:read', 'tenant:write'] };
    const made = await rig.call('POST', '/tenants/umbrella/api-keys', { body });
    const apiKey = jsonTextAt(made.body, 'apiKey');
    expect((await ask('/queues', { password: apiKey })).status).toBe(401);
    for (const headers of [{ authorization: `Bearer ${rig.token}` }, { 'x-api-key': rig.token }]) {
      expect((await ask('/queues', { password: null, headers })).status).toBe(401);
    }
    expect(
      (await rig.call('GET', '/tenants', { credential: null, headers: { authorization: basic(rig.token) } })).status,
    ).toBe(401);
  });

  test('has to guess slowly: after 30 guesses from an address the next ones wait, and the right one does not', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.9' };
    const guesses = Array.from({ length: 40 }, (_, at) => ask('/queues', { password: `guess-${at}`, headers }));
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401).length).toBeGreaterThan(0);
    const later = await ask('/queues', { password: 'one-more-guess', headers });
    expect(later.status).toBe(429);
    expect(Number(later.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask('/queues', { headers })).status).toBe(200);
  });
});

test('the page and its assets come from here alone, and no other page may hold it', async () => {
  const page = await ask('/queues');
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/https?:/u);
  const urls = [...page.text.matchAll(/(?:src|href)="([^"]+)"/gu)].map(([, url = '']) => url);
  expect(urls.length).toBeGreaterThan(4);
  expect(urls.filter((url) => /^(?:https?:)?\/\//u.test(url))).toEqual([]);
  expect(page.text).not.toMatch(/<script(?![^>]*\bsrc=)(?![^>]*type="application\/json")/u);
  expect(urls).toContain('/queues/');
  for (const url of urls.filter((one) => one !== '/queues/')) {
    const asset = await ask(new URL(url, 'http://x/queues/').pathname);
    expect([url, asset.status]).toEqual([url, 200]);
    expect(asset.text).not.toBe('');
  }
});

test('jobs are shown as pointers to items, without a prompt or a credential', async () => {
  const release = await busy();
  try {
    await expect.poll(async () => jsonAt(await queue(), 'counts'), patience).toMatchObject({ active: 1, waiting: 1 });
    const shown = await queue();
    const jobs = jsonListAt(shown, 'jobs');
    expect(jobs).toHaveLength(2);
    for (const job of jobs) {
      const data = jsonAt(job, 'data');
      expect(data).toMatchObject({
        tenant: 'acme',
        id: expect.stringMatching(/^msgbatch_/u),
        index: expect.any(Number),
      });
      expect(JSON.stringify(job)).not.toMatch(/a secret prompt|ccg_live_|sk-none/u);
    }
    expect(shown).toMatchObject({ name: 'items', readOnlyMode: true, allowRetries: false });
  } finally {
    await release();
  }
});

test('whatever would change the queue or a job is refused, and nothing changes', async () => {
  await redis.del(`${rig.redis.keyPrefix}nothing`);
  const prefix = `${rig.redis.keyPrefix}{batch-queue}:v1:items`;
  await redis.hset(`${prefix}:9001`, 'name', 'item', 'data', '{}', 'opts', '{}', 'timestamp', '1', 'failedReason', 'x');
  await redis.zadd(`${prefix}:failed`, 1, '9001');
  await ask('/queues/api/queues');
  const state = async () => {
    const names = (await redis.keys(`${prefix}*`)).toSorted();
    const values = await Promise.all(names.map((name) => redis.dump(name)));
    return names.map((name, at) => [name, values[at]]);
  };
  const before = await state();
  expect(before.length).toBeGreaterThan(1);
  const job = '/queues/api/queues/items/9001';
  const writes: readonly (readonly [method: string, path: string, body?: string])[] = [
    ['PUT', `${job}/retry/failed`],
    ['PUT', `${job}/clean`],
    ['PUT', `${job}/promote`],
    ['PATCH', `${job}/update-data`, '{"data":{"x":1}}'],
    ['PUT', '/queues/api/queues/items/retry/failed'],
    ['PUT', '/queues/api/queues/items/clean/failed'],
    ['PUT', '/queues/api/queues/items/pause'],
    ['PUT', '/queues/api/queues/items/empty'],
    ['PUT', '/queues/api/queues/items/obliterate'],
    ['PUT', '/queues/api/queues/pause'],
    ['POST', '/queues/api/queues/items/add', '{"name":"x","data":{},"options":{}}'],
    ['DELETE', '/queues/api/queues/items/job-schedulers/x'],
    ['POST', '/queues'],
  ];
  for (const [method, path, body] of writes) {
    const answer = await ask(path, { method, ...(body === undefined ? {} : { body }) });
    expect([method, path, answer.status]).toEqual([method, path, 405]);
  }
  expect(await state()).toEqual(before);
  await redis.del(`${prefix}:9001`, `${prefix}:failed`);
});

test('a path that the board does not have is a 404 with a problem', async () => {
  const answer = await ask('/queues/api/none');
  expect([answer.status, JSON.parse(answer.text)]).toMatchObject([404, { code: 'path-unknown' }]);
});

test('without Redis the answer is a 503 with a time to wait, pages come back with it, and the end does not wait for it', async () => {
  const own = await openAdminRig('queue-board-outage');
  const at = (path: string) =>
    fetch(own.admin.url + path, { dispatcher, headers: { authorization: basic(own.token) } });
  expect((await at('/queues/api/queues')).status).toBe(200);
  own.proxy.cut();
  await expect.poll(async () => (await at('/queues/api/queues')).status, patience).toBe(503);
  expect((await at('/queues')).headers.get('retry-after')).toMatch(/^\d+$/u);
  own.proxy.restore();
  await expect.poll(async () => (await at('/queues/api/queues')).status, patience).toBe(200);
  own.proxy.cut();
  await own.close();
});

test('looking at the queues writes no redis key, also where no worker has ever been', async () => {
  const own = await openAdminRig('queue-board-idle');
  const keys = async () => (await redis.keys(`${own.redis.keyPrefix}*`)).toSorted();
  const before = await keys();
  expect(before.filter((name) => name.includes('batch-queue'))).toEqual([]);
  const answer = await fetch(`${own.admin.url}/queues/api/queues`, {
    dispatcher,
    headers: { authorization: basic(own.token) },
  });
  expect(answer.status).toBe(200);
  expect((await keys()).filter((name) => name.includes('batch-queue'))).toEqual([]);
  await own.close();
});
