import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jsonAt, jsonListAt, jsonTextAt } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openAdminRig } from './support/admin-rig.ts';
import type { AdminRig } from './support/admin-rig.ts';

const issuer = 'https://id.example.com';
const keySet = '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}';
const allTeams = Array.from({ length: 99 }, (_, at) => `team-${at}`);
const issuerRest = 'jwks: { file: keys.json }, audience: urn:gateway, algorithms: [EdDSA]';
const gatewayYaml = `version: 1
issuers:
  corporate: { issuer: ${issuer}, ${issuerRest}, tenants: [${allTeams.join()}] }
  other: { issuer: 'https://other.example.com', ${issuerRest}, tenants: [another-team] }
`;

const everything = { models: ['*'] };

let rig: AdminRig;
let tenant: string;
let tenants = 0;
beforeAll(async () => {
  rig = await openAdminRig('admin-operations', {
    async prepare(_deps, folder) {
      await writeFile(join(folder, 'keys.json'), keySet);
      await writeFile(join(folder, 'gateway.yaml'), gatewayYaml);
      return { GATEWAY_CONFIG: join(folder, 'gateway.yaml') };
    },
  });
});
afterAll(async () => {
  await rig.close();
});
beforeEach(async () => {
  tenants += 1;
  tenant = `team-${tenants}`;
  const body = { id: tenant, name: 'A team', allowlist: everything };
  expect((await rig.call('POST', '/tenants', { body })).status).toBe(201);
});

const at = (rest: string) => `/tenants/${tenant}${rest}`;

async function newUser(name = 'Ada'): Promise<string> {
  return jsonTextAt((await rig.call('POST', at('/users'), { body: { name } })).body, 'id');
}

async function newApiKey(body: object): Promise<{ readonly apiKey: string; readonly id: string }> {
  const answer = await rig.call('POST', at('/api-keys'), { body });
  expect(answer.status).toBe(201);
  return { apiKey: jsonTextAt(answer.body, 'apiKey'), id: jsonTextAt(answer.body, 'record', 'id') };
}

test('a tenant is changed, suspended and resumed', async () => {
  const limits = { requestsPerMinute: 5 };
  const changed = await rig.call('PATCH', at(''), {
    body: { name: 'Other', allowlist: { models: ['claude-*'] }, limits },
  });
  expect(changed.body).toMatchObject({ id: tenant, name: 'Other', allowlist: { models: ['claude-*'] }, limits });
  expect(jsonAt((await rig.call('PATCH', at(''), { body: { limits: null } })).body, 'limits')).toBeUndefined();
  const list = [
    { level: 'user', kind: 'requests', amount: 60, per: 'minute' },
    { name: 'agents', level: 'api-key', kind: 'concurrency', amount: 2 },
  ];
  expect((await rig.call('PATCH', at(''), { body: { limits: list } })).body).toMatchObject({ limits: list });
  expect((await rig.call('GET', at(''))).body).toMatchObject({ limits: list });
  expect((await rig.call('POST', at('/suspend'))).body).toMatchObject({ state: 'suspended' });
  expect((await rig.call('POST', at('/resume'), { body: {} })).body).toMatchObject({ state: 'active' });
  expect((await rig.call('GET', at(''))).body).toMatchObject({ name: 'Other', state: 'active' });
});

test('a user is created, found, changed, suspended and resumed, and a name is taken once', async () => {
  const user = await newUser();
  expect((await rig.call('GET', at('/users'))).body).toMatchObject({ items: [{ id: user, name: 'Ada' }] });
  const renamed = await rig.call('PATCH', at(`/users/${user}`), { body: { name: 'Ada L.', allowlist: everything } });
  expect(renamed.body).toMatchObject({ id: user, name: 'Ada L.', allowlist: everything });
  const bare = await rig.call('PATCH', at(`/users/${user}`), { body: { allowlist: null } });
  expect(jsonAt(bare.body, 'allowlist')).toBeUndefined();
  for (const [verb, state] of [
    ['suspend', 'suspended'],
    ['resume', 'active'],
  ] as const) {
    expect((await rig.call('POST', at(`/users/${user}/${verb}`))).body).toMatchObject({ id: user, state });
  }
  expect((await rig.call('GET', at(`/users/${user}`))).body).toMatchObject({ name: 'Ada L.', state: 'active' });
  expect(await rig.call('POST', at('/users'), { body: { name: 'Ada L.' } })).toMatchObject({
    status: 409,
    body: { code: 'taken', errors: [{ path: 'name', message: 'is taken' }] },
  });
});

test('a policy is put, listed and removed, and one that does not exist is not given', async () => {
  const body = { allowlist: { models: ['claude-*'] } };
  expect((await rig.call('PUT', at('/policies/claude'), { body })).body).toMatchObject({ name: 'claude', ...body });
  expect(jsonListAt((await rig.call('GET', at('/policies'))).body, 'items')).toHaveLength(1);
  expect((await rig.call('DELETE', at('/policies/claude'))).body).toMatchObject({ name: 'claude' });
  expect((await rig.call('DELETE', at('/policies/claude'))).status).toBe(404);
  const given = await rig.call('POST', at('/users'), { body: { name: 'Bo', policies: ['claude'] } });
  expect(given).toMatchObject({ status: 400, body: { errors: [{ path: 'policies[0]' }] } });
});

describe('an API key', () => {
  test('is shown once, works, and is found with its owner', async () => {
    const user = await newUser();
    const owner = { kind: 'user', id: user };
    const { apiKey, id } = await newApiKey({ name: 'laptop', owner, expiresAt: '2099-01-31T12:00:00+01:00' });
    await newApiKey({ name: 'robot' });
    expect(apiKey).toMatch(/^ccg_live_/u);
    const own = await rig.call('GET', '/self', { credential: apiKey });
    expect(own.body).toEqual({ kind: 'api-key', tenant, user, apiKeyId: id, scopes: ['messages', 'self'] });
    const ofUser = jsonListAt((await rig.call('GET', at(`/api-keys?user=${user}`))).body, 'items');
    expect(ofUser).toMatchObject([{ id, name: 'laptop', owner, expiresAt: '2099-01-31T11:00:00.000Z' }]);
    expect(jsonListAt((await rig.call('GET', at('/api-keys'))).body, 'items')).toHaveLength(2);
    const read = await rig.call('GET', at(`/api-keys/${id}`));
    expect(read.text).not.toContain(apiKey);
    expect(rig.log.join('')).not.toContain(apiKey);
  });

  test('of a user who does not exist is neither created nor listed', async () => {
    const owner = { kind: 'user', id: 'usr_nobody' };
    const created = await rig.call('POST', at('/api-keys'), { body: { name: 'x', owner } });
    const listed = await rig.call('GET', at('/api-keys?user=usr_nobody'));
    for (const answer of [created, listed]) expect(answer).toMatchObject({ status: 404, body: { code: 'unknown' } });
  });

  test('that is rotated works beside its successor for the overlap; revoked, it is refused', async () => {
    const first = await newApiKey({ name: 'robot' });
    const rotated = await rig.call('POST', at(`/api-keys/${first.id}/rotate`), { body: { overlapSeconds: 3600 } });
    const second = jsonTextAt(rotated.body, 'apiKey');
    for (const credential of [first.apiKey, second]) {
      expect((await rig.call('GET', '/self', { credential })).status).toBe(200);
    }
    const again = await rig.call('POST', at(`/api-keys/${first.id}/rotate`));
    expect(again).toMatchObject({ status: 409, body: { code: 'not-rotatable' } });
    expect((await rig.call('POST', at(`/api-keys/${first.id}/revoke`))).body).toMatchObject({ state: 'revoked' });
    await expect.poll(async () => (await rig.call('GET', '/self', { credential: first.apiKey })).status).toBe(401);
    expect((await rig.call('GET', '/self', { credential: second })).status).toBe(200);
  });

  test('is imported by its digest, once', async () => {
    const body = { name: 'from the file', digest: 'a1'.repeat(32) };
    const created = await rig.call('POST', at('/api-keys/import'), { body });
    expect(created.body).toMatchObject({ outcome: 'created' });
    const present = await rig.call('POST', at('/api-keys/import'), { body });
    expect(present.body).toEqual({ id: jsonAt(created.body, 'id'), outcome: 'present' });
  });

  test.each([
    [{ name: 'x', expiresAt: 'tomorrow' }, 'expiresAt'],
    [{ name: 'x', expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
    [{ name: 'x', scopes: ['everything'] }, 'scopes[0]'],
    [{ name: 'x', scopes: [] }, 'scopes'],
    [{ name: 'x', owner: { kind: 'user' } }, 'owner.id'],
    [{ name: 'x', owner: { kind: 'robot' } }, 'owner.kind'],
    [{ name: ' x' }, 'name'],
    [{ name: '' }, 'name'],
    [JSON.parse('{"name":"x","__proto__":{"scopes":["operator:write"]}}'), '__proto__'],
  ])('with %o is refused by its field, with what it must be', async (body, path) => {
    const answer = await rig.call('POST', at('/api-keys'), { body });
    const message = expect.stringMatching(/^(?:must |is )/u);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path, message }] } });
  });
});

describe('with the scope self a developer', () => {
  test('lists, creates, rotates and revokes their own API keys, and no others', async () => {
    const user = await newUser();
    const { apiKey: credential, id } = await newApiKey({ name: 'first', owner: { kind: 'user', id: user } });
    const robot = await newApiKey({ name: 'robot' });
    const second = await rig.call('POST', '/self/api-keys', { credential, body: { name: 'second' } });
    const secondId = jsonTextAt(second.body, 'record', 'id');
    expect(second.body).toMatchObject({ record: { owner: { kind: 'user', id: user }, scopes: ['messages', 'self'] } });
    const listed = await rig.call('GET', '/self/api-keys', { credential });
    expect(jsonListAt(listed.body, 'items').map((item) => jsonAt(item, 'id'))).toEqual([id, secondId]);
    expect((await rig.call('GET', `/self/api-keys/${secondId}`, { credential })).status).toBe(200);
    expect((await rig.call('POST', `/self/api-keys/${secondId}/rotate`, { credential })).status).toBe(201);
    expect((await rig.call('POST', `/self/api-keys/${secondId}/revoke`, { credential })).status).toBe(200);
    for (const path of [`/self/api-keys/${robot.id}`, at(`/api-keys/${robot.id}`)]) {
      expect(await rig.call('GET', path, { credential })).toMatchObject({ status: 404, body: { code: 'unknown' } });
    }
  });

  test('gives an API key no scope that they lack, and none of administration even as an administrator', async () => {
    const user = await newUser();
    const owner = { kind: 'user', id: user };
    const { apiKey } = await newApiKey({ name: 'admin', owner, scopes: ['self', 'tenant:write'] });
    const asked = { name: 'more', scopes: ['tenant:write'] };
    const answer = await rig.call('POST', '/self/api-keys', { credential: apiKey, body: asked });
    expect(answer).toMatchObject({ status: 403, body: { code: 'beyond-actor', errors: [{ path: 'scopes[0]' }] } });
    const inTenant = await rig.call('POST', at('/api-keys'), { credential: apiKey, body: asked });
    expect(inTenant.status).toBe(201);
  });

  test('without that scope is told so', async () => {
    const user = await newUser();
    const { apiKey } = await newApiKey({ name: 'narrow', owner: { kind: 'user', id: user }, scopes: ['messages'] });
    const answer = await rig.call('GET', '/self/api-keys', { credential: apiKey });
    expect(answer).toMatchObject({ status: 403, body: { code: 'scope-missing' } });
    expect(jsonTextAt(answer.body, 'detail')).toContain('"self"');
  });

  test('must be somebody: services and operators are sent to the tenant', async () => {
    const robot = await newApiKey({ name: 'robot' });
    for (const credential of [robot.apiKey, rig.token]) {
      const answer = await rig.call('GET', '/self/api-keys', { credential });
      expect(answer).toMatchObject({ status: 403, body: { code: 'scope-missing' } });
      expect(jsonTextAt(answer.body, 'detail')).toContain('/admin/v1/tenants/{tenant}/api-keys');
      const log = await rig.call('GET', `${credential === rig.token ? '/audit' : at('/audit')}?format=jsonl`);
      const denied = { action: 'api-key.read', outcome: 'denied', requestId: answer.headers.get('request-id') };
      expect(JSON.parse(log.text.trimEnd().split('\n').at(-1) ?? '')).toMatchObject(denied);
    }
  });
});

test('tokens are revoked by their id or by their subject, and by exactly one of the two', async () => {
  const one = await rig.call('POST', at('/tokens/revoke'), { body: { issuer, tokenId: 'jti-1' } });
  expect(jsonAt(one.body, 'user')).toBeUndefined();
  const all = await rig.call('POST', at('/tokens/revoke'), { body: { issuer, subject: 'ada' } });
  expect(jsonTextAt(all.body, 'user')).toMatch(/^usr_/u);
  for (const body of [{ issuer }, { issuer, tokenId: 'a', subject: 'b' }]) {
    const answer = await rig.call('POST', at('/tokens/revoke'), { body });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'tokenId' }] } });
  }
});

test.each(['https://id.example.com/', 'https://other.example.com'])(
  'tokens of %s, who vouches for nobody of the tenant, are not revoked, and the answer says whose can be',
  async (stranger) => {
    const answer = await rig.call('POST', at('/tokens/revoke'), { body: { issuer: stranger, subject: 'ada' } });
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'issuer', message: expect.stringContaining(issuer) }] },
    });
    expect(answer.text).not.toContain('https://other.example.com');
  },
);

test('an API key that has expired is shown as expired, until it is revoked', async () => {
  const expiresAt = new Date(Date.now() + 60_000).toISOString();
  const { id } = await newApiKey({ name: 'short', expiresAt });
  const state = async () => jsonAt((await rig.call('GET', at(`/api-keys/${id}`))).body, 'state');
  expect(await state()).toBe('active');
  rig.setAheadMs(60_001);
  try {
    expect(await state()).toBe('expired');
    expect((await rig.call('GET', at('/api-keys'))).body).toMatchObject({ items: [{ id, state: 'expired' }] });
    expect((await rig.call('POST', at(`/api-keys/${id}/revoke`))).body).toMatchObject({ state: 'revoked' });
    expect(await state()).toBe('revoked');
  } finally {
    rig.setAheadMs(0);
  }
});

describe('the audit log', () => {
  test('has every change and every denial, with the request ids of their answers', async () => {
    const { apiKey, id } = await newApiKey({ name: 'reader', scopes: ['tenant:read'] });
    const denied = await rig.call('POST', at('/users'), { credential: apiKey, body: { name: 'Eve' } });
    expect(denied.status).toBe(403);
    const { body } = await rig.call('GET', at('/audit?limit=200'));
    const entries = jsonListAt(body, 'items');
    expect(entries.map((entry) => [jsonAt(entry, 'action'), jsonAt(entry, 'outcome')])).toEqual([
      ['tenant.create', 'done'],
      ['api-key.create', 'done'],
      ['user.create', 'denied'],
    ]);
    expect(entries[2]).toMatchObject({ actor: { kind: 'api-key', id }, requestId: denied.headers.get('request-id') });
    const text = JSON.stringify(body);
    for (const secret of [apiKey, rig.token]) expect(text).not.toContain(secret);
  });

  test('of operators has what they were denied outside of a tenant', async () => {
    const { headers } = await rig.call('GET', '/tenants/no-such-tenant');
    const lines = (await rig.call('GET', '/audit?format=jsonl')).text.trimEnd().split('\n');
    const found = lines
      .map((line): unknown => JSON.parse(line))
      .filter((entry) => jsonAt(entry, 'requestId') === headers.get('request-id'));
    expect(found).toMatchObject([{ action: 'tenant.read', outcome: 'denied', actor: { kind: 'operator' } }]);
  });

  test('is exported as JSON lines, however many pages that are, and from a cursor on', async () => {
    for (let user = 0; user < 410; user += 10) {
      await Promise.all(
        Array.from({ length: 10 }, (_, n) => rig.call('POST', at('/users'), { body: { name: `u${user + n}` } })),
      );
    }
    const all = await rig.call('GET', at('/audit'), { headers: { accept: 'application/jsonl' } });
    expect(all.headers.get('content-type')).toBe('application/jsonl');
    const lines = all.text
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(new Set(lines.map((line) => jsonAt(line, 'subject', 'id'))).size).toBe(lines.length);
    expect(lines).toHaveLength(411);
    const first = await rig.call('GET', at('/audit?limit=100'));
    const rest = await rig.call('GET', at(`/audit?format=jsonl&cursor=${jsonTextAt(first.body, 'nextCursor')}`));
    expect([
      ...jsonListAt(first.body, 'items'),
      ...rest.text
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ]).toEqual(lines);
  });

  test('of another tenant is not exported', async () => {
    const { apiKey } = await newApiKey({ name: 'reader', scopes: ['tenant:read'] });
    const other = await rig.call('GET', '/tenants/team-1/audit?format=jsonl', { credential: apiKey });
    expect(other).toMatchObject({ status: 404, body: { code: 'unknown' } });
  });
});

test('lists go by pages, of which the last has no cursor', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) await newUser(name);
  const names: unknown[] = [];
  let query = '?limit=2';
  for (let pages = 0; pages < 3; pages += 1) {
    const { body } = await rig.call('GET', at(`/users${query}`));
    names.push(...jsonListAt(body, 'items').map((user) => jsonAt(user, 'name')));
    const cursor = jsonAt(body, 'nextCursor');
    expect(cursor === undefined).toBe(pages === 2);
    query = `?limit=2&cursor=${String(cursor)}`;
  }
  expect(names).toEqual(['a', 'b', 'c', 'd', 'e']);
});
