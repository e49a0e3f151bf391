import { randomUUID } from 'node:crypto';
import { createScript } from '@ccg/store';
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
