import { randomUUID } from 'node:crypto';
import type { LimitRule } from '@ccg/kernel';
import {
  createTenant,
  createUser,
  listLimits,
  putLimit,
  readAudit,
  readWaitingWeight,
  removeLimit,
  updateTenant,
  updateUser,
  type Actor,
} from '@ccg/tenancy';
import { doneValue } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  actorOf,
  defaults as gatewayDefaults,
  openTenancyRig,
  patienceMs,
  refusalOf,
  root,
} from './support/tenancy-rig.ts';
import type { TenancyRig } from './support/tenancy-rig.ts';

const { limits: defaults } = gatewayDefaults;
const requests = { ...defaults[0], name: 'requests' };
const budget = { level: 'user', kind: 'budget', amount: 12.5, per: 'day' } as const;
const cap = { level: 'tenant', kind: 'concurrency', amount: 5 } as const;

let rig: TenancyRig;
let tenant: string;
beforeAll(async () => {
  rig = await openTenancyRig();
});
afterAll(async () => {
  await rig.close();
});
beforeEach(async () => {
  tenant = await rig.newTenant();
});

const put = (name: string, rule: LimitRule, actor = root) =>
  putLimit(rig.deps(), actor, { tenant, name, rule, defaults });
const remove = (name: string, actor = root) => removeLimit(rig.deps(), actor, { tenant, name, defaults });
const listed = async () => doneValue(await listLimits(rig.deps(), root, { tenant, defaults }));
const namesListed = async () => (await listed()).items.map(({ name }) => name);

async function administrator(): Promise<Actor> {
  const { apiKey } = await rig.newApiKey({ tenant, scopes: ['tenant:write'] });
  return await actorOf(rig.openVerifier(), apiKey);
}

describe('one limit of a tenant', () => {
  test('is set beside those of the gateway, which become the tenant’s own, and is removed alone', async () => {
    expect(await listed()).toEqual({ origin: 'gateway', items: [requests] });
    expect(doneValue(await put('user-budget-day', budget))).toEqual({ ...budget, name: 'user-budget-day' });
    expect(await listed()).toEqual({ origin: 'tenant', items: [requests, { ...budget, name: 'user-budget-day' }] });
    expect(doneValue(await remove('requests'))).toEqual(requests);
    expect(await namesListed()).toEqual(['user-budget-day']);
    doneValue(await remove('user-budget-day'));
    expect(await listed()).toEqual({ origin: 'tenant', items: [] });
  });

  test('takes the place of the one of its name, whatever that was', async () => {
    doneValue(await put('main', cap));
    doneValue(await put('last', budget));
    doneValue(await put('main', { ...budget, per: 'month' }));
    expect(await namesListed()).toEqual(['requests', 'main', 'last']);
    expect((await listed()).items[1]).toEqual({ ...budget, per: 'month', name: 'main' });
  });

  test('counts from the next request on, on every replica', async () => {
    const { apiKey } = await rig.newApiKey({ tenant });
    const { verifier } = await rig.openFallibleVerifier();
    const limits = async () => (await actorOf(verifier, apiKey)).principal.authorization.limits;
    expect(await limits()).toEqual(defaults);
    doneValue(await put('user-budget-day', budget));
    await expect.poll(limits, { timeout: patienceMs }).toEqual([...defaults, budget]);
  });

  test('is not lost when several are set at the same time', async () => {
    const names = Array.from({ length: 8 }, (_, at) => `n${at}`);
    const results = await Promise.all(names.map((name) => put(name, { ...budget, per: 'week' })));
    expect(results.map(({ kind }) => kind)).toEqual(names.map(() => 'done'));
    expect((await namesListed()).toSorted()).toEqual([...names, 'requests']);
  });

  test('is in the audit log with what it says', async () => {
    doneValue(await put('user-budget-day', budget));
    doneValue(await remove('user-budget-day'));
    const { items } = doneValue(await readAudit(rig.deps(), root, { tenant }));
    expect(items.slice(-2)).toMatchObject([
      { action: 'limit.put', subject: { kind: 'limit', id: 'user-budget-day' }, details: budget },
      { action: 'limit.remove', subject: { kind: 'limit', id: 'user-budget-day' }, outcome: 'done' },
    ]);
  });

  test.each<[string, string, object, readonly string[]]>([
    ['a name that cannot be', 'a:b', cap, ['name']],
    ['another name than that of the path', 'a', { ...cap, name: 'b' }, ['name']],
    ['an amount that cannot be', 'a', { ...cap, amount: 0 }, ['amount']],
    ['a budget that replicas count by themselves', 'a', { ...budget, onStoreError: 'local' }, ['onStoreError']],
  ])('is refused by its field: %s', async (_what, name, rule, path) => {
    expect(refusalOf(await put(name, rule as LimitRule))).toMatchObject({ kind: 'invalid', issues: [{ path }] });
  });

  test('is refused as a second cap of its level, and above 20 limits', async () => {
    doneValue(await put('cap', cap));
    expect(refusalOf(await put('cap-2', cap))).toMatchObject({ kind: 'invalid', issues: [{ path: ['level'] }] });
    for (let at = 0; at < 18; at += 1) doneValue(await put(`n${at}`, budget));
    expect(refusalOf(await put('n18', budget))).toMatchObject({ kind: 'invalid', issues: [{ path: ['name'] }] });
    doneValue(await put('n17', { ...budget, amount: 1 }));
  });

  test('that does not exist cannot be removed, nor one of another tenant be seen', async () => {
    expect(refusalOf(await remove('gone'))).toEqual({ kind: 'unknown', subject: 'limit' });
    const actor = await administrator();
    const other = await rig.newTenant();
    const at = { tenant: other, defaults };
    for (const result of [
      await listLimits(rig.deps(), actor, at),
      await putLimit(rig.deps(), actor, { ...at, name: 'cap', rule: cap }),
      await removeLimit(rig.deps(), actor, { ...at, name: 'requests' }),
    ]) {
      expect(refusalOf(result)).toEqual({ kind: 'unknown', subject: 'tenant' });
    }
  });
});

describe('an administrator of a tenant', () => {
  test('lowers and adds limits, and neither removes, raises nor loosens one', async () => {
    doneValue(await put('user-budget-day', budget));
    const actor = await administrator();
    const beyond = { kind: 'beyond-actor', issues: [{ path: ['limits'] }] };
    expect(refusalOf(await remove('user-budget-day', actor))).toMatchObject(beyond);
    for (const wider of [
      { ...budget, amount: 12.500001 },
      { ...budget, mode: 'shadow' },
      { ...budget, onStoreError: 'open' },
      { ...budget, per: 'month' },
      { ...budget, level: 'session' },
    ] as const) {
      expect(refusalOf(await put('user-budget-day', wider, actor))).toMatchObject(beyond);
    }
    doneValue(await put('user-budget-day', { ...budget, amount: 1 }, actor));
    doneValue(await put('sessions', { ...budget, level: 'session', mode: 'shadow' }, actor));
    expect(await namesListed()).toEqual(['requests', 'user-budget-day', 'sessions']);
  });

  test('keeps the time zone in which its budgets are counted, and names whom to ask', async () => {
    doneValue(await put('user-budget-day', budget));
    const actor = await administrator();
    const change = (timeZone: string | null) => updateTenant(rig.deps(), actor, { tenant, timeZone, contact: 'Ada' });
    expect(refusalOf(await change('Pacific/Kiritimati'))).toMatchObject({
      kind: 'beyond-actor',
      issues: [{ path: ['timeZone'], message: 'Your own budgets are counted in the time zone UTC. Keep it.' }],
    });
    expect(doneValue(await change(null)).contact).toBe('Ada');
    doneValue(await updateTenant(rig.deps(), root, { tenant, timeZone: 'Asia/Tokyo' }));
    expect(refusalOf(await change('Pacific/Kiritimati'))).toMatchObject({ kind: 'beyond-actor' });
  });

  test('without budgets chooses the time zone', async () => {
    const changed = await updateTenant(rig.deps(), await administrator(), { tenant, timeZone: 'Europe/Berlin' });
    expect(doneValue(changed).timeZone).toBe('Europe/Berlin');
  });
});

test('operators say how many items of its batches a tenant has running where others have one; its own administrators only lower that', async () => {
  const created = { id: `t-${randomUUID()}`, name: 'Large', allowlist: { models: ['*'] }, waitingWeight: 7 };
  expect(doneValue(await createTenant(rig.deps(), root, created)).waitingWeight).toBe(7);
  expect(await readWaitingWeight(rig.store, created.id)).toBe(7);
  expect(await readWaitingWeight(rig.store, tenant)).toBe(1);
  const weigh = async (actor: Actor, waitingWeight: number) =>
    await updateTenant(rig.deps(), actor, { tenant, waitingWeight });
  const administrators = await administrator();
  expect(refusalOf(await weigh(administrators, 2))).toEqual({
    kind: 'beyond-actor',
    issues: [{ path: ['waitingWeight'], message: 'It is 1, and only operators raise it. Keep it, or lower it.' }],
  });
  doneValue(await weigh(root, 100));
  doneValue(await updateTenant(rig.deps(), administrators, { tenant, name: 'Acme' }));
  expect(await readWaitingWeight(rig.store, tenant)).toBe(100);
  doneValue(await weigh(administrators, 5));
  expect(refusalOf(await weigh(administrators, 6))).toMatchObject({ kind: 'beyond-actor' });
  expect(await readWaitingWeight(rig.store, tenant)).toBe(5);
  const issues = [{ path: ['waitingWeight'], message: 'must be a whole number from 1 to 100' }];
  for (const waitingWeight of [0, 1.5, 101, -1, NaN]) {
    expect(refusalOf(await weigh(root, waitingWeight))).toEqual({ kind: 'invalid', issues });
    const other = { ...created, id: `t-${randomUUID()}`, waitingWeight };
    expect(refusalOf(await createTenant(rig.deps(), root, other))).toEqual({ kind: 'invalid', issues });
  }
});

test('a principal has the group, the weight, the time zone and the contact of its records, until they are taken away', async () => {
  const deps = rig.deps();
  const user = doneValue(await createUser(deps, root, { tenant, name: 'ada', group: 'research', waitingWeight: 5 }));
  doneValue(await updateTenant(deps, root, { tenant, timeZone: 'Europe/Berlin', contact: '#claude-help' }));
  const { apiKey } = await rig.newApiKey({ tenant, owner: { kind: 'user', id: user.id } });
  const principal = async () => (await actorOf(rig.openVerifier(), apiKey)).principal;
  expect(await principal()).toMatchObject({
    group: 'research',
    waitingWeight: 5,
    authorization: { timeZone: 'Europe/Berlin', contact: '#claude-help' },
  });
  doneValue(await updateUser(deps, root, { tenant, id: user.id, name: 'Ada' }));
  expect(await principal()).toMatchObject({ group: 'research', waitingWeight: 5 });
  doneValue(await updateUser(deps, root, { tenant, id: user.id, group: null, waitingWeight: 1 }));
  doneValue(await updateTenant(deps, root, { tenant, timeZone: null, contact: null }));
  expect(await principal()).toMatchObject({
    group: undefined,
    waitingWeight: 1,
    authorization: { timeZone: 'UTC', contact: gatewayDefaults.contact },
  });
});

test.each([
  [{ group: 'a:b' }, 'group'],
  [{ group: 'Research' }, 'group'],
  [{ waitingWeight: 0 }, 'waitingWeight'],
  [{ waitingWeight: 1.5 }, 'waitingWeight'],
  [{ waitingWeight: 101 }, 'waitingWeight'],
] as const)('a user with %j is refused by its field', async (changes, field) => {
  const deps = rig.deps();
  const { id } = doneValue(await createUser(deps, root, { tenant, name: 'ada' }));
  for (const result of [
    await createUser(deps, root, { tenant, name: 'bo', ...changes }),
    await updateUser(deps, root, { tenant, id, ...changes }),
  ]) {
    expect(refusalOf(result)).toMatchObject({ kind: 'invalid', issues: [{ path: [field] }] });
  }
});
