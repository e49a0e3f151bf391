import { randomUUID } from 'node:crypto';
import { createScript } from '@ccg/store';
import { jsonAt, jsonListAt, jsonTextAt } from '@ccg/testkit';
import type { UsageRecord } from '@ccg/usage';
import { readUsage } from '@ccg/usage';
import { fetch } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openAdminRig } from './support/admin-rig.ts';
import type { AdminRig } from './support/admin-rig.ts';
import { appendUsage, today, usageRecord } from './support/usage-rig.ts';

const patience = { timeout: 20_000, interval: 100 };

let rig: AdminRig;

beforeEach(async () => {
  rig = await openAdminRig('admin-usage');
});

afterEach(async () => {
  await rig.close();
});

async function newTenant(): Promise<string> {
  const id = `t-${randomUUID()}`;
  const body = { id, name: 'A team', allowlist: { models: ['*'] } };
  expect((await rig.call('POST', '/tenants', { body })).status).toBe(201);
  return id;
}

const append = (tenant: string, ...records: readonly UsageRecord[]) =>
  rig.withStore(({ store }) => appendUsage(store, tenant, records));

const requestsOf = (tenant: string) =>
  rig.withStore(async ({ store }) => {
    const rows = await readUsage(store, { tenant, from: today(), to: today(), by: [], of: {} });
    return rows.map(({ requests }) => requests);
  });

const metricsOf = async () => await (await fetch(`${rig.admin.opsUrl}/metrics`)).text();

describe('the admin app rolls up', () => {
  test('the records of every tenant, and goes on when the store was away', async () => {
    const tenants = [await newTenant(), await newTenant()];
    for (const tenant of tenants) await append(tenant, usageRecord(), usageRecord());
    for (const tenant of tenants) await expect.poll(() => requestsOf(tenant), patience).toEqual([2]);
    rig.proxy.cut();
    for (const tenant of tenants) await append(tenant, usageRecord());
    rig.proxy.restore();
    for (const tenant of tenants) await expect.poll(() => requestsOf(tenant), patience).toEqual([3]);
    expect(await metricsOf()).toMatch(/^ccg_usage_records_total\{outcome="applied"\} [4-6]$/mu);
    expect(await metricsOf()).toMatch(/^ccg_usage_lag_seconds 0$/mu);
    expect(await metricsOf()).toMatch(/^ccg_usage_gaps_total 0$/mu);
  });

  test('the other tenants where the data of one has a fault, and says which', async () => {
    const [faulty, sound] = [await newTenant(), await newTenant()];
    await rig.withStore(async ({ store }) => {
      await store.command('set', [store.redisKeys.usageRecords(faulty), 'no stream']);
    });
    await append(sound, usageRecord());
    await expect.poll(() => requestsOf(sound), patience).toEqual([1]);
    await expect
      .poll(() => rig.log.some((line) => line.includes('cannot be rolled up') && line.includes(faulty)), patience)
      .toBe(true);
  });

  test('what the cap of a stream has left, and tells of what is missing', async () => {
    const tenant = await newTenant();
    await append(tenant, usageRecord());
    await expect.poll(() => requestsOf(tenant), patience).toEqual([1]);
    await rig.withStore(async ({ store }) => {
      // As if more were appended than the stream may keep, between two rounds.
      const append3 = `for _ = 1, 3 do redis.call('XADD', KEYS[1], 'MAXLEN', 1, '*', 'id', 'a', 'record', '{}') end`;
      await store.run(createScript(append3), [store.redisKeys.usageRecords(tenant)], []);
    });
    const missing = () => rig.log.filter((line) => line.includes('removed before they were rolled up'));
    await expect.poll(missing, patience).toHaveLength(1);
    expect(missing()[0]).toContain(tenant);
    await expect.poll(metricsOf, patience).toMatch(/^ccg_usage_gaps_total 1$/mu);
    expect(await metricsOf()).toMatch(/^ccg_usage_records_total\{outcome="unreadable"\} 1$/mu);
  });
});

interface Caller {
  readonly id: string;
  readonly user: string;
  readonly apiKey: string;
}

/** A user of a tenant, and an API key of theirs with some scopes. */
async function newCaller(
  tenant: string,
  name: string,
  scopes: readonly string[] = ['messages', 'self'],
): Promise<Caller> {
  const user = jsonTextAt((await rig.call('POST', `/tenants/${tenant}/users`, { body: { name } })).body, 'id');
  const body = { name: 'laptop', owner: { kind: 'user', id: user }, scopes };
  const answer = await rig.call('POST', `/tenants/${tenant}/api-keys`, { body });
  return { user, id: jsonTextAt(answer.body, 'record', 'id'), apiKey: jsonTextAt(answer.body, 'apiKey') };
}

const rolledUp = async (tenant: string, count: number) => {
  await expect.poll(() => requestsOf(tenant), patience).toEqual([count]);
};

describe('GET /usage', () => {
  test('splits the usage of a tenant, with the names of users, page by page', async () => {
    const tenant = await newTenant();
    const [ada, grace] = [await newCaller(tenant, 'Ada'), await newCaller(tenant, 'Grace')];
    await append(
      tenant,
      usageRecord({ user: ada.user, apiKey: ada.id, session: 's-1' }),
      usageRecord({ user: ada.user, apiKey: ada.id, session: 's-2', outcome: 'upstream_error' }),
      usageRecord({ user: grace.user, apiKey: grace.id, session: 's-3' }),
      usageRecord({ user: undefined, apiKey: 'key_service', session: undefined, endpoint: 'count_tokens' }),
    );
    await rolledUp(tenant, 3);
    const path = `/usage?tenant=${tenant}&by=day,user`;
    const all = await rig.call('GET', path);
    const whole = { costMicroDollars: 1234, durationMs: 900, inputTokens: 10, requests: 1, failed: 0 };
    expect(jsonListAt(all.body, 'items')).toHaveLength(3);
    expect(jsonListAt(all.body, 'items')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ tenant, day: today(), user: ada.user, userName: 'Ada', requests: 2, failed: 1 }),
        expect.objectContaining({ tenant, day: today(), user: grace.user, userName: 'Grace', ...whole }),
        expect.objectContaining({ tenant, day: today(), requests: 0, countRequests: 1 }),
      ]),
    );
    const pages: unknown[] = [];
    for (let cursor = ''; ;) {
      const page = await rig.call('GET', `${path}&limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
      pages.push(...jsonListAt(page.body, 'items'));
      const next = jsonAt(page.body, 'nextCursor');
      if (typeof next !== 'string') break;
      cursor = next;
    }
    expect(pages).toEqual(jsonListAt(all.body, 'items'));
    const lines = await rig.call('GET', `${path}&format=jsonl`);
    expect(
      lines.text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(pages);
    expect(jsonListAt((await rig.call('GET', `/usage?tenant=${tenant}`)).body, 'items')).toMatchObject([
      { requests: 3 },
    ]);
    const bySession = await rig.call('GET', `/usage?tenant=${tenant}&by=session&user=${ada.user}`);
    expect(jsonListAt(bySession.body, 'items').map((row) => jsonAt(row, 'session'))).toEqual(['s-1', 's-2']);
  });

  test('gives an operator all tenants, each with rows of its own', async () => {
    const tenants = [await newTenant(), await newTenant()].toSorted();
    for (const tenant of tenants) await append(tenant, usageRecord());
    for (const tenant of tenants) await rolledUp(tenant, 1);
    const first = await rig.call('GET', '/usage?limit=1');
    expect(jsonListAt(first.body, 'items')).toMatchObject([{ tenant: tenants[0], requests: 1 }]);
    const second = await rig.call('GET', `/usage?limit=1&cursor=${jsonTextAt(first.body, 'nextCursor')}`);
    expect(jsonListAt(second.body, 'items')).toMatchObject([{ tenant: tenants[1] }]);
    expect(jsonAt(second.body, 'nextCursor')).toBeUndefined();
  });

  test('shows a tenant’s reader its own tenant, a developer their own usage, and others nothing', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const ada = await newCaller(tenant, 'Ada');
    const reader = await newCaller(tenant, 'Reader', ['tenant:read']);
    const none = await newCaller(tenant, 'None', ['messages']);
    await append(tenant, usageRecord({ user: ada.user }), usageRecord({ user: 'usr_other' }));
    await append(other, usageRecord());
    await rolledUp(tenant, 2);
    const as = (caller: Caller, query = '') => rig.call('GET', `/usage${query}`, { credential: caller.apiKey });
    expect(jsonListAt((await as(reader)).body, 'items')).toMatchObject([{ tenant, requests: 2 }]);
    expect((await as(reader, `?tenant=${other}`)).status).toBe(404);
    expect(jsonListAt((await as(ada)).body, 'items')).toMatchObject([{ tenant, requests: 1 }]);
    expect(jsonListAt((await as(ada, `?by=user&user=${ada.user}`)).body, 'items')).toMatchObject([{ userName: 'Ada' }]);
    expect((await as(ada, '?user=usr_other')).status).toBe(404);
    expect((await as(ada, `?tenant=${other}`)).status).toBe(404);
    expect((await as(none)).status).toBe(403);
  });

  test('shows a service that of its API key', async () => {
    const tenant = await newTenant();
    const body = { name: 'ci', scopes: ['messages', 'self'] };
    const answer = await rig.call('POST', `/tenants/${tenant}/api-keys`, { body });
    const [credential, apiKey] = [jsonTextAt(answer.body, 'apiKey'), jsonTextAt(answer.body, 'record', 'id')];
    const own = usageRecord({ user: undefined, apiKey });
    await append(tenant, own, usageRecord());
    await rolledUp(tenant, 2);
    const shown = await rig.call('GET', '/usage?by=api-key', { credential });
    expect(jsonListAt(shown.body, 'items')).toMatchObject([{ apiKey, requests: 1 }]);
    expect((await rig.call('GET', '/usage?apiKey=key_1', { credential })).status).toBe(404);
    expect((await rig.call('GET', `/requests/${own.id}`, { credential })).body).toMatchObject({ kind: 'ended' });
  });

  test('is exported as CSV, with names that spreadsheets take for text', async () => {
    const tenant = await newTenant();
    const ada = await newCaller(tenant, 'Ada, "the first"');
    await append(tenant, usageRecord({ user: ada.user, provider: undefined, requestedModel: '=1+1\r\n' }));
    await rolledUp(tenant, 1);
    const { text, headers } = await rig.call('GET', `/usage?tenant=${tenant}&by=day,user,model&format=csv`);
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    const [head = '', row = '', ...rest] = text.split('\r\n');
    expect(head).toMatch(/^tenant,day,user,userName,apiKey,model,session,other,requests,/u);
    expect(row).toMatch(new RegExp(`^${tenant},${today()},${ada.user},"Ada, ""the first""",,"'=1\\+1  ",,,1,`, 'u'));
    expect(rest).toEqual(['']);
  });

  test.each([
    ['by=week', 'by', /day, user, api-key, model, session/u],
    ['by=', 'by', /day, user/u],
    ['from=yesterday', 'from', /a day such as/u],
    ['from=2026-02-30', 'from', /a day such as/u],
    ['from=2026-11-28&to=2026-11-27', 'from', /after the last day/u],
    ['from=2020-01-01&to=2026-11-27', 'from', /at most 400 days/u],
    ['by=session&from=2026-10-01&to=2026-11-27', 'from', /at most 31 days/u],
    ['cursor=x', 'cursor', /not one that a page/u],
    ['format=xml', 'format', /json, jsonl or csv/u],
    ['since=7d', 'since', /not known/u],
  ])('refuses %s with what to do', async (query, path, message) => {
    const { status, body } = await rig.call('GET', `/usage?${query}`);
    expect(status).toBe(400);
    expect(jsonListAt(body, 'errors')).toEqual([{ path, message: expect.stringMatching(message) }]);
  });
});
