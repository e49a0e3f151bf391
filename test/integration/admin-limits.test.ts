import { jsonAt, jsonTextAt } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openAdminRig } from './support/admin-rig.ts';
import type { AdminRig } from './support/admin-rig.ts';

let rig: AdminRig;
let tenant: string;
let tenants = 0;
beforeAll(async () => {
  rig = await openAdminRig('admin-limits');
});
afterAll(async () => {
  await rig.close();
});
beforeEach(async () => {
  tenants += 1;
  tenant = `team-${tenants}`;
  const body = { id: tenant, name: 'A team', allowlist: { models: ['*'] } };
  expect((await rig.call('POST', '/tenants', { body })).status).toBe(201);
});

const at = (rest: string) => `/tenants/${tenant}${rest}`;

test('limits are listed, set and removed one by one, and a fault is told by its path', async () => {
  expect((await rig.call('GET', at('/limits'))).body).toEqual({ origin: 'gateway', items: [] });
  const budget = { level: 'group', kind: 'budget', amount: 12.5, per: 'week', onStoreError: 'open' };
  const put = (body: object) => rig.call('PUT', at('/limits/money'), { body });
  expect(await put(budget)).toMatchObject({ status: 200, body: { ...budget, name: 'money' } });
  const items = [{ ...budget, name: 'money' }];
  expect((await rig.call('GET', at('/limits'))).body).toEqual({ origin: 'tenant', items });
  for (const [body, path, message] of [
    [{ ...budget, amount: -1 }, 'amount', /dollars above 0/u],
    [{ ...budget, per: 'hour' }, 'per', /day, week, month/u],
    [{ ...budget, onStoreError: 'local' }, 'onStoreError', /a replica alone cannot know/u],
    [{ ...budget, kind: 'words' }, 'kind', /must be one of requests/u],
    [{ ...budget, maxWaiting: 5 }, 'maxWaiting', /not known here/u],
    [{ ...budget, name: 'other' }, 'name', /Leave it out/u],
  ] as const) {
    const answer = await put(body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid' } });
    expect(jsonAt(answer.body, 'errors')).toEqual([{ path, message: expect.stringMatching(message) }]);
  }
  expect((await rig.call('DELETE', at('/limits/money'))).body).toEqual(items[0]);
  expect((await rig.call('DELETE', at('/limits/money'))).body).toMatchObject({ code: 'unknown' });
});

test('a tenant says where and whom, a user with whom and how often, until it is taken away', async () => {
  const said = { timeZone: 'Europe/Berlin', contact: '#claude-help', waitingWeight: 3 };
  expect((await rig.call('PATCH', at(''), { body: said })).body).toMatchObject(said);
  const unsaid = await rig.call('PATCH', at(''), { body: { timeZone: null, contact: null } });
  expect([jsonAt(unsaid.body, 'timeZone'), jsonAt(unsaid.body, 'contact')]).toEqual([undefined, undefined]);
  const body = { name: 'Ada', group: 'research', waitingWeight: 5 };
  const user = await rig.call('POST', at('/users'), { body });
  expect(user).toMatchObject({ status: 201, body });
  const alone = await rig.call('PATCH', at(`/users/${jsonTextAt(user.body, 'id')}`), { body: { group: null } });
  expect(jsonAt(alone.body, 'group')).toBeUndefined();
  for (const [changes, path] of [
    [{ timeZone: 'Berlin' }, 'timeZone'],
    [{ contact: 'a\u200bb' }, 'contact'],
    [{ name: 'Jose\u0301' }, 'name'],
    [{ waitingWeight: 0 }, 'waitingWeight'],
    [{ waitingWeight: null }, 'waitingWeight'],
  ] as const) {
    const refused = await rig.call('PATCH', at(''), { body: changes });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ path }] } });
  }
});
