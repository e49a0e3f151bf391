import { createScript } from '@ccg/store';
import { jsonAt, jsonListAt, jsonTextAt } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openAdminRig } from './support/admin-rig.ts';
import type { AdminRig } from './support/admin-rig.ts';

const everything = { models: ['*'] };
const dayMs = 24 * 60 * 60 * 1000;

let rig: AdminRig;
let tenant: string;
let tenants = 0;
beforeAll(async () => {
  rig = await openAdminRig('admin-idempotency');
});
afterAll(async () => {
  await rig.close();
});
beforeEach(async () => {
  tenants += 1;
  tenant = `team-${tenants}`;
  await rig.call('POST', '/tenants', { body: { id: tenant, name: 'A team', allowlist: everything } });
});

const create = (path: string, body: object, key: string, credential = rig.token) =>
  rig.call('POST', path, { body, credential, headers: { 'idempotency-key': key } });

const itemsOf = async (path: string) => jsonListAt((await rig.call('GET', `/tenants/${tenant}${path}`)).body, 'items');

test('a repeated request gets the first answer again, and creates nothing', async () => {
  const path = `/tenants/${tenant}/users`;
  const first = await create(path, { name: 'Ada', policies: [] }, 'one');
  const id = jsonTextAt(first.body, 'id');
  await rig.call('PATCH', `${path}/${id}`, { body: { name: 'Ada L.' } });
  const again = await create(path, { policies: [], name: 'Ada' }, 'one');
  expect(again).toMatchObject({ status: 201, body: first.body });
  expect([first, again].map(({ headers }) => headers.get('idempotency-replayed'))).toEqual([null, 'true']);
  expect(await itemsOf('/users')).toHaveLength(1);
});

test('the repeated creation and rotation of an API key give its record, and its text is nowhere', async () => {
  const path = `/tenants/${tenant}/api-keys`;
  const created = await create(path, { name: 'robot' }, 'create');
  const createdAgain = await create(path, { name: 'robot' }, 'create');
  const rotation = `${path}/${jsonTextAt(created.body, 'record', 'id')}/rotate`;
  const rotated = await create(rotation, {}, 'rotate');
  const rotatedAgain = await create(rotation, {}, 'rotate');
  for (const [first, again] of [
    [created, createdAgain],
    [rotated, rotatedAgain],
  ] as const) {
    expect(jsonTextAt(first.body, 'apiKey')).toMatch(/^ccg_live_/u);
    expect(again.body).toEqual({ record: jsonAt(first.body, 'record') });
  }
  expect(await itemsOf('/api-keys')).toHaveLength(2);
  const stored = await everythingInRedis();
  for (const { body } of [created, rotated]) expect(stored).not.toContain(jsonTextAt(body, 'apiKey'));
});

test('of twins at the same time exactly one creates; the others get its answer or are told to wait', async () => {
  const twins = await Promise.all(
    Array.from({ length: 20 }, () => create(`/tenants/${tenant}/api-keys`, { name: 'robot' }, 'twins')),
  );
  const made = twins.filter(({ body }) => jsonAt(body, 'apiKey') !== undefined);
  expect(made).toHaveLength(1);
  for (const { status, body, headers } of twins) {
    if (status === 201) expect(jsonAt(body, 'record')).toEqual(jsonAt(made[0]?.body, 'record'));
    else
      expect([status, jsonAt(body, 'code'), headers.get('retry-after')]).toEqual([409, 'idempotency-in-progress', '1']);
  }
  expect(await itemsOf('/api-keys')).toHaveLength(1);
});

test('the same key with another body is refused; at another path, or of somebody else, it is another key', async () => {
  const path = `/tenants/${tenant}/users`;
  expect((await create(path, { name: 'Ada' }, 'same')).status).toBe(201);
  expect(await create(path, { name: 'Bo' }, 'same')).toMatchObject({
    status: 409,
    body: { code: 'idempotency-mismatch' },
  });
  const administrator = await create(`/tenants/${tenant}/api-keys`, { name: 'Ada', scopes: ['tenant:write'] }, 'same');
  const credential = jsonTextAt(administrator.body, 'apiKey');
  expect((await create(path, { name: 'Bo' }, 'same', credential)).status).toBe(201);
});

test('of an operator’s tenants, a key belongs to one', async () => {
  const body = { id: `${tenant}-a`, name: 'A', allowlist: everything };
  const first = await create('/tenants', body, 'tenant');
  expect((await create('/tenants', body, 'tenant')).body).toEqual(first.body);
  expect((await create('/tenants', { ...body, id: `${tenant}-b` }, 'tenant')).status).toBe(409);
  expect((await rig.call('GET', `/tenants/${tenant}-b`)).status).toBe(404);
});

test('what was refused is corrected with the same key', async () => {
  const path = `/tenants/${tenant}/users`;
  await create(path, { name: 'Ada' }, 'first');
  expect((await create(path, { name: 'Ada' }, 'second')).status).toBe(409);
  expect((await create(path, { name: ' ' }, 'second')).status).toBe(400);
  expect((await create(path, { name: 'Bo' }, 'second')).status).toBe(201);
  for (const unknown of ['/tenants/no-such-tenant/users', '/tenants/No%20Tenant/users']) {
    expect((await create(unknown, { name: 'Bo' }, 'third')).status).toBe(404);
  }
});

test('is kept for a day', async () => {
  await create(`/tenants/${tenant}/users`, { name: 'Ada' }, 'kept');
  const lifetimeMs = Number(await inRedis(lifetimeOf, `${rig.redis.keyPrefix}{t:${tenant}}:once:*`));
  expect(lifetimeMs).toBeGreaterThan(dayMs - 60_000);
  expect(lifetimeMs).toBeLessThanOrEqual(dayMs);
});

test.each(['', ' ', 'two words', 'x'.repeat(256), 'ü'])('the key %j is refused', async (key) => {
  const answer = await create(`/tenants/${tenant}/users`, { name: 'Ada' }, key);
  // An empty header is none.
  if (answer.status === 201) expect(key.trim()).toBe('');
  else expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'Idempotency-Key' }] } });
});

/** All values under the prefix of this suite. */
async function everythingInRedis(): Promise<string> {
  const text = String(await inRedis(valuesOf, `${rig.redis.keyPrefix}*`));
  expect(text).toContain('team-1');
  return text;
}

const inRedis = (script: string, pattern: string) =>
  rig.withStore(({ store }) => store.run(createScript(script), [pattern], []));

const lifetimeOf = `return redis.call('PTTL', redis.call('KEYS', KEYS[1])[1])`;

const valuesOf = `
local values = {}
for _, key in ipairs(redis.call('KEYS', KEYS[1])) do
  local kind = redis.call('TYPE', key).ok
  if kind == 'hash' then table.insert(values, redis.call('HGETALL', key)) end
  if kind == 'string' then table.insert(values, redis.call('GET', key)) end
  if kind == 'stream' then table.insert(values, redis.call('XRANGE', key, '-', '+')) end
  if kind == 'zset' then table.insert(values, redis.call('ZRANGE', key, 0, -1)) end
end
return cjson.encode(values)
`;
