import { randomUUID } from 'node:crypto';
import { systemClock } from '@ccg/kernel';
import { createScript } from '@ccg/store';
import { jsonAt, jsonListAt, jsonTextAt } from '@ccg/testkit';
import { createRefusalLog, encodeUsageRecord } from '@ccg/usage';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openAdminRig } from './support/admin-rig.ts';
import type { AdminRig } from './support/admin-rig.ts';
import { appendUsage, limitRefusal, usageRecord } from './support/usage-rig.ts';

let rig: AdminRig;
let tenant: string;

beforeAll(async () => {
  rig = await openAdminRig('admin-refusals', { env: { SUPPORT_CONTACT: '#claude-help' } });
});

afterAll(async () => {
  await rig.close();
});

beforeEach(async () => {
  tenant = await newTenant();
});

async function newTenant(more: object = {}): Promise<string> {
  const id = `t-${randomUUID()}`;
  const body = { id, name: 'A team', allowlist: { models: ['*'] }, ...more };
  expect((await rig.call('POST', '/tenants', { body })).status).toBe(201);
  return id;
}

async function newCaller(scopes: readonly string[] = ['messages', 'self']) {
  const user = jsonTextAt(
    (await rig.call('POST', `/tenants/${tenant}/users`, { body: { name: scopes.join() } })).body,
    'id',
  );
  const body = { name: 'laptop', owner: { kind: 'user', id: user }, scopes };
  const answer = await rig.call('POST', `/tenants/${tenant}/api-keys`, { body });
  return { user, credential: jsonTextAt(answer.body, 'apiKey') };
}

/** As a gateway does that refuses them. */
const note = (of: string, ...refusals: readonly ReturnType<typeof limitRefusal>[]) =>
  rig.withStore(async ({ store }) => {
    const log = createRefusalLog({ store, clock: systemClock, writer: randomUUID() });
    for (const refusal of refusals) log.note({ ...refusal, tenant: of });
    await log.flush();
  });

const explain = (requestId: string, query = '', credential = rig.token) =>
  rig.call('GET', `/requests/${requestId}${query}`, { credential });

describe('GET /requests/{request}', () => {
  test('says which limit refused it, its values then, when it clears and whom to ask', async () => {
    const atMs = Date.now();
    const refusal = limitRefusal({ atMs, state: { remaining: 12, fullInMs: 48_000 }, retryAfterMs: 12_000 });
    await note(tenant, limitRefusal(), refusal);
    const { body } = await explain(refusal.requestId, `?tenant=${tenant}`);
    const { atMs: _at, retryAfterMs: _wait, ...same } = refusal;
    expect(body).toEqual({
      kind: 'refused',
      tenant,
      contact: '#claude-help',
      refusal: { ...same, at: new Date(atMs).toISOString(), clearsAt: new Date(atMs + 12_000).toISOString() },
    });
    expect((await explain(refusal.requestId)).body).toEqual(body);
  });

  test('names the contact of the tenant, and the end of a budget’s period', async () => {
    tenant = await newTenant({ contact: 'finance@acme.example' });
    const resetsAtMs = Date.UTC(2030, 0, 1);
    const state = { usedMicroDollars: 49_999_000, resetsAtMs };
    const refusal = limitRefusal({ kind: 'budget', per: 'day', amount: 50, state });
    await note(tenant, refusal);
    const { body } = await explain(refusal.requestId, `?tenant=${tenant}`);
    expect(body).toMatchObject({ contact: 'finance@acme.example' });
    const shown = { usedMicroDollars: 49_999_000, resetsAt: '2030-01-01T00:00:00.000Z' };
    expect(jsonAt(body, 'refusal', 'state')).toEqual(shown);
  });

  test('gives the usage record of one that was admitted, however many came after it', async () => {
    const record = usageRecord();
    const replaced = { ...record, outputTokens: 1 };
    const later = Array.from({ length: 700 }, () => usageRecord());
    await rig.withStore(async ({ store }) => {
      await appendUsage(store, tenant, [replaced, ...later, record, ...later, ...later, ...later, ...later]);
    });
    const { body } = await explain(record.id, `?tenant=${tenant}`);
    expect(body).toEqual({ kind: 'ended', tenant, record: JSON.parse(JSON.stringify(record)) as unknown });
  });

  test('says so while it runs', async () => {
    const record = usageRecord({ outcome: 'running' });
    await rig.withStore(async ({ store }) => {
      const keep = createScript(`return redis.call('HSET', KEYS[1], 'record', ARGV[1])`);
      await store.run(keep, [store.redisKeys.reservation(tenant, record.id)], [encodeUsageRecord(record)]);
    });
    expect((await explain(record.id, `?tenant=${tenant}`)).body).toMatchObject({
      kind: 'running',
      record: { id: record.id },
    });
  });

  test('says what to check where nobody knows it', async () => {
    await rig.withStore(({ store }) =>
      appendUsage(
        store,
        tenant,
        Array.from({ length: 1000 }, () => usageRecord()),
      ),
    );
    const { status, body } = await explain('req_unknown', `?tenant=${tenant}`);
    expect(status).toBe(404);
    expect(jsonAt(body, 'detail')).toMatch(/Check the id .*request-id.*24 hours.*30 days.*ccg audit/u);
  });

  test('tells a developer of their own requests alone', async () => {
    const [ada, reader] = [await newCaller(), await newCaller(['tenant:read'])];
    const [own, others] = [limitRefusal({ user: ada.user }), limitRefusal({ user: 'usr_other' })];
    const [ownRecord, othersRecord] = [usageRecord({ user: ada.user }), usageRecord({ user: 'usr_other' })];
    await note(tenant, own, others);
    await rig.withStore(({ store }) => appendUsage(store, tenant, [ownRecord, othersRecord]));
    for (const id of [own.requestId, ownRecord.id]) expect((await explain(id, '', ada.credential)).status).toBe(200);
    for (const id of [others.requestId, othersRecord.id]) {
      expect((await explain(id, '', ada.credential)).status).toBe(404);
      expect((await explain(id, '', reader.credential)).status).toBe(200);
    }
    const other = await newTenant();
    expect((await explain(own.requestId, `?tenant=${other}`, reader.credential)).status).toBe(404);
  });
});

describe('GET /refusals', () => {
  test('lists the newest first, page by page, and of one caller where it is named', async () => {
    const refusals = Array.from({ length: 5 }, (_, at) =>
      limitRefusal({ atMs: Date.now() + at, user: at % 2 === 0 ? 'usr_even' : 'usr_odd' }),
    );
    await note(tenant, ...refusals);
    const ids = refusals.map(({ requestId }) => requestId).toReversed();
    const idsOf = (body: unknown) => jsonListAt(body, 'items').map((item) => jsonTextAt(item, 'requestId'));
    const first = await rig.call('GET', `/refusals?tenant=${tenant}&limit=3`);
    expect(idsOf(first.body)).toEqual(ids.slice(0, 3));
    const second = await rig.call('GET', `/refusals?tenant=${tenant}&cursor=${jsonTextAt(first.body, 'nextCursor')}`);
    expect(idsOf(second.body)).toEqual(ids.slice(3));
    expect(idsOf((await rig.call('GET', `/refusals?tenant=${tenant}&user=usr_odd`)).body)).toEqual([ids[1], ids[3]]);
    const { text } = await rig.call('GET', `/refusals?tenant=${tenant}&format=jsonl`);
    expect(text.trimEnd().split('\n')).toHaveLength(5);
  });

  test('shows a developer their own, and asks operators for the tenant', async () => {
    const ada = await newCaller();
    await note(tenant, limitRefusal({ user: ada.user }), limitRefusal());
    const { credential } = ada;
    const own = await rig.call('GET', '/refusals', { credential });
    expect(jsonListAt(own.body, 'items')).toMatchObject([{ user: ada.user }]);
    expect((await rig.call('GET', '/refusals?user=usr_other', { credential })).status).toBe(404);
    expect((await rig.call('GET', '/refusals/callers', { credential })).status).toBe(403);
    expect((await rig.call('GET', '/refusals')).status).toBe(400);
  });
});

test('who would have been refused is counted by caller and limit, and by minute', async () => {
  const shadow = { mode: 'shadow', limit: 'tried-out' } as const;
  await note(
    tenant,
    limitRefusal(shadow),
    limitRefusal(shadow),
    limitRefusal({ ...shadow, user: 'usr_grace', userName: 'grace' }),
    limitRefusal(),
  );
  const query = `?tenant=${tenant}&mode=shadow`;
  const callers = await rig.call('GET', `/refusals/callers${query}`);
  const facts = { mode: 'shadow', limit: 'tried-out', level: 'user', kind: 'input_tokens', apiKey: 'key_1' };
  expect(jsonListAt(callers.body, 'items')).toEqual([
    { ...facts, user: 'usr_ada', userName: 'ada', count: 2 },
    { ...facts, user: 'usr_grace', userName: 'grace', count: 1 },
  ]);
  const minutes = await rig.call('GET', `/refusals/minutes${query}`);
  const sum = jsonListAt(minutes.body, 'items').reduce((total: number, row) => total + Number(jsonAt(row, 'count')), 0);
  expect(sum).toBe(3);
  expect(jsonListAt((await rig.call('GET', `/refusals/callers?tenant=${tenant}`)).body, 'items')).toHaveLength(3);
  const old = await rig.call('GET', `/refusals/callers${query}&from=2026-01-01&to=2026-12-31`);
  expect(old.status).toBe(400);
});
