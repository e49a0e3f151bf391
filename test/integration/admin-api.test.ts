import { rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { problem } from '@ccg/admin';
import { jsonAt, jsonListAt } from '@ccg/testkit';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAdminRig } from './support/admin-rig.ts';
import type { AdminRig } from './support/admin-rig.ts';

const everything = { models: ['*'] };

let rig: AdminRig;
beforeAll(async () => {
  rig = await openAdminRig('admin-api');
});
afterAll(async () => {
  await rig.close();
});

test('an operator creates a tenant, finds it in the list, and reads it', async () => {
  const created = await rig.call('POST', '/tenants', { body: { id: 'acme', name: 'Acme', allowlist: everything } });
  expect(created).toMatchObject({ status: 201, body: { id: 'acme', name: 'Acme', state: 'active' } });
  const listed = await rig.call('GET', '/tenants?limit=1');
  expect(jsonListAt(listed.body, 'items')).toContainEqual(created.body);
  expect((await rig.call('GET', '/tenants/acme')).body).toEqual(created.body);
  expect((await rig.call('HEAD', '/tenants/acme')).status).toBe(200);
});

describe('the OpenAPI document', () => {
  test('needs no credential, and is valid OpenAPI 3.1', async () => {
    const { status, body } = await rig.call('GET', '/openapi.json', { credential: null });
    expect(status).toBe(200);
    expect(jsonAt(body, 'openapi')).toMatch(/^3\.1\./u);
    const checked = await new Validator().validate(Object(body));
    expect(checked.errors ?? []).toEqual([]);
    expect(checked.valid).toBe(true);
  });

  test('has exactly what is served', async () => {
    const { body } = await rig.call('GET', '/openapi.json', { credential: null });
    const documented = Object.entries(Object(jsonAt(body, 'paths'))).flatMap(([path, item]) =>
      Object.keys(Object(item)).map((method) => `${method.toUpperCase()} ${path.replace('/admin/v1', '')}`),
    );
    const ofApi = rig.admin.endpoints.filter(({ path }) => path.startsWith('/admin/v1'));
    const served = ofApi.flatMap(({ path, methods }) =>
      (methods === 'any' ? ['ANY'] : methods.filter((method) => method !== 'HEAD')).map(
        (method) => `${method} ${path.replace('/admin/v1', '').replaceAll(/:(\w+)/gu, '{$1}')}`,
      ),
    );
    expect(documented.toSorted()).toEqual(served.toSorted());
  });
});

describe('a body', () => {
  const send = (body: string, headers: Record<string, string> = {}) => rig.call('POST', '/tenants', { body, headers });

  test('with faults is answered with all of them at once, each with its path', async () => {
    const body = {
      id: 'Not An Id',
      nam: 'x',
      allowlist: { models: ['a', ''], targets: ['x'], other: 1 },
      limits: { requestsPerMinute: 0.5 },
    };
    const answer = await rig.call('POST', '/tenants', { body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid' } });
    const paths = jsonListAt(answer.body, 'errors').map((error) => String(jsonAt(error, 'path')));
    expect(paths.toSorted()).toEqual([
      'allowlist.models[1]',
      'allowlist.other',
      'allowlist.targets[0]',
      'id',
      'limits.requestsPerMinute',
      'nam',
      'name',
    ]);
  });

  test('with limits that do not exist is told the path of each fault', async () => {
    const user = { level: 'user', kind: 'requests', amount: 1, per: 'minute' };
    const pathsOf = async (limits: unknown) => {
      const answer = await rig.call('POST', '/tenants', {
        body: { id: 'limited', name: 'x', allowlist: { models: ['*'] }, limits },
      });
      expect(answer.status).toBe(400);
      return jsonListAt(answer.body, 'errors').map((error) => jsonAt(error, 'path'));
    };
    expect(
      await pathsOf([
        { ...user, level: 'team' },
        { ...user, kind: 'words' },
        { ...user, amount: -1 },
        { ...user, per: 'year' },
      ]),
    ).toEqual(['limits[0].level', 'limits[1].kind', 'limits[2].amount', 'limits[3].per']);
    expect(await pathsOf([user, user])).toEqual(['limits[1]']);
    expect(await pathsOf('many')).toEqual(['limits']);
  });

  test.each([
    ['that is not JSON', '{"id": ', {}, 400, 'request-invalid'],
    ['that is not UTF-8', '\u00ff', { 'content-encoding': 'gzip' }, 400, 'encoding-invalid'],
    [
      'of another type',
      'id=acme',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported-media-type',
    ],
    ['of more than 1 MB', JSON.stringify({ id: 'x'.repeat(1024 * 1024) }), {}, 413, 'request-too-large'],
    ['that is a list', '[]', {}, 400, 'invalid'],
  ])('%s is refused', async (_name, body, headers, status, code) => {
    expect(await send(body, headers)).toMatchObject({ status, body: { code } });
  });

  test('that is missing is told what it needs', async () => {
    const answer = await rig.call('POST', '/tenants');
    expect(answer.status).toBe(400);
    expect(jsonListAt(answer.body, 'errors')).toContainEqual({ path: 'id', message: 'is required' });
  });
});

test.each([
  ['?limit=0', 'limit'],
  ['?limit=201', 'limit'],
  ['?limit=1&limit=2', 'limit'],
  ['?cursor=no-cursor', 'cursor'],
  ['?page=2', 'page'],
])('the query %s is refused by its field', async (query, path) => {
  const answer = await rig.call('GET', `/tenants${query}`);
  expect(answer.status).toBe(400);
  expect(jsonListAt(answer.body, 'errors')).toEqual([{ path, message: expect.any(String) }]);
});

test('what is not HTTP is answered with a problem too', async () => {
  const { hostname, port } = new URL(rig.admin.url);
  const socket = connect(Number(port), hostname);
  socket.write('this is not HTTP\r\n\r\n');
  let answer = '';
  for await (const bytes of socket) answer += String(bytes);
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 400 .*content-type: application\/problem\+json/su);
  expect(problem.parse(JSON.parse(body))).toMatchObject({ status: 400, code: 'http-invalid' });
});

test('a path and a method that do not exist are told apart', async () => {
  expect(await rig.call('GET', '/nothing')).toMatchObject({ status: 404, body: { code: 'path-unknown' } });
  const answer = await rig.call('DELETE', '/tenants');
  expect(answer).toMatchObject({ status: 405, body: { code: 'method-not-allowed' } });
  expect(answer.headers.get('allow')).toBe('GET, HEAD, POST');
});

describe('the token of the operators', () => {
  let own: AdminRig;
  beforeAll(async () => {
    own = await openAdminRig('admin-token');
  });
  afterAll(async () => {
    await own.close();
  });
  const statusFor = async (credential: string) => (await own.call('GET', '/tenants', { credential })).status;

  test('is taken in either header', async () => {
    expect(await statusFor(own.token)).toBe(200);
    const inOther = await own.call('GET', '/tenants', { credential: null, headers: { 'x-api-key': own.token } });
    expect(inOther.status).toBe(200);
  });

  test('that is changed in its file works within a second, and the old one no more', async () => {
    const changed = 'another-token-of-this-suite-'.repeat(2);
    await writeFile(own.tokenFile, changed);
    own.setAheadMs(1000);
    expect(await statusFor(own.token)).toBe(401);
    expect(await statusFor(changed)).toBe(200);
  });

  test('is nothing while its file is faulty, which the log says', async () => {
    await rm(own.tokenFile);
    own.setAheadMs(2000);
    expect(await statusFor(own.token)).toBe(401);
    expect(own.log.join('')).toContain(`${own.tokenFile} does not exist`);
    await writeFile(own.tokenFile, own.token);
    own.setAheadMs(3000);
    expect(await statusFor(own.token)).toBe(200);
  });

  test('is slow to guess: after 30 guesses the next ones wait, and the right one does not', async () => {
    for (let guess = 0; guess < 30; guess += 1) await statusFor(`a-guess-of-the-token-${guess}`);
    const later = await Promise.all(Array.from({ length: 10 }, (_, guess) => statusFor(`a-later-guess-${guess}`)));
    expect(later).toContain(429);
    expect(await statusFor(own.token)).toBe(200);
  });

  test('never stands in the log', () => {
    expect(own.log.join('')).not.toContain(own.token);
  });
});

test('more than 600 requests of one credential in a minute are told to wait', async () => {
  const own = await openAdminRig('admin-limit');
  const statuses: number[] = [];
  for (let sent = 0; sent < 601; sent += 100) {
    const count = Math.min(100, 601 - sent);
    const answers = await Promise.all(Array.from({ length: count }, () => own.call('HEAD', '/tenants/none')));
    statuses.push(...answers.map(({ status }) => status));
  }
  expect(statuses.filter((status) => status === 429)).toHaveLength(1);
  const next = await own.call('GET', '/tenants');
  expect(next.status).toBe(429);
  expect(Number(next.headers.get('retry-after'))).toBeGreaterThan(0);
  await own.close();
});

test('without Redis the answer is 503 with a time to wait, and the API comes back with it', async () => {
  const own = await openAdminRig('admin-store');
  own.proxy.cut();
  await expect.poll(async () => (await own.call('GET', '/tenants')).status, { timeout: 10_000 }).toBe(503);
  const answer = await own.call('GET', '/tenants');
  expect(answer).toMatchObject({ status: 503, body: { code: 'store-unavailable' } });
  expect(answer.headers.get('retry-after')).toBe('5');
  own.proxy.restore();
  await expect.poll(async () => (await own.call('GET', '/tenants')).status, { timeout: 10_000 }).toBe(200);
  await own.close();
});

test('a request leaves one line in the log and one count in the metrics, by the name of its operation', async () => {
  const { headers } = await rig.call('GET', '/tenants/nobody-knows');
  const requestId = headers.get('request-id');
  const lines = rig.log.map((line): unknown => JSON.parse(line));
  expect(lines.filter((line) => jsonAt(line, 'requestId') === requestId)).toMatchObject([
    { endpoint: 'admin.tenants.get', actor: { kind: 'operator' }, status: 404, error: 'unknown' },
  ]);
  const metrics = await (await fetch(`${rig.admin.opsUrl}/metrics`)).text();
  expect(metrics).toMatch(
    /ccg_requests_total\{endpoint="admin\.tenants\.get",dialect="none",provider="none",model="none",status="404"/u,
  );
});
