import { randomUUID } from 'node:crypto';

import { systemClock } from '@ccg/kernel';
import { createRefusalLog } from '@ccg/usage';
import type { LimitRefusal, UsageRecord } from '@ccg/usage';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { appendUsage, limitRefusal, today, usageRecord } from '../integration/support/usage-rig.ts';
import { runCcg } from './support/run-ccg.ts';
import { startAdminProcess } from './support/start-admin.ts';
import type { AdminProcess } from './support/start-admin.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let suite: Suite;
let admin: AdminProcess;
let tenant: string;
beforeAll(async () => {
  suite = await startSuite('ccg-usage', { SUPPORT_CONTACT: '#claude-help' });
  admin = await startAdminProcess(suite.env);
});
afterAll(async () => {
  await admin.stop();
  await suite.close();
});
beforeEach(async () => {
  tenant = `team-${randomUUID().slice(0, 8)}`;
  await done(['tenants', 'create', tenant, '--models', '*']);
});

const ccg = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  runCcg(args, {
    CCG_ADMIN_URL: admin.url,
    ...('CCG_TOKEN' in env ? {} : { CCG_TOKEN_FILE: admin.tokenFile }),
    ...env,
  });

async function done(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await ccg(args, env);
  expect({ args, exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ args, exitCode: 0, stderr: '' });
  return stdout;
}

const append = (...records: readonly UsageRecord[]) => appendUsage(suite.tenancy.store, tenant, records);

async function note(...refusals: readonly LimitRefusal[]): Promise<void> {
  const log = createRefusalLog({ store: suite.tenancy.store, clock: systemClock, writer: randomUUID() });
  for (const refusal of refusals) log.note({ ...refusal, tenant });
  await log.flush();
}

/** Cells of a table, which are two spaces apart. */
const cellsOf = (line: string | undefined) => (line ?? '').trim().split(/ {2,}/u);

async function untilCounted(requests: number): Promise<void> {
  await expect
    .poll(async () => cellsOf((await done(['usage', '--tenant', tenant, '--by', ''])).split('\n')[1])[0], {
      timeout: 20_000,
      interval: 500,
    })
    .toBe(String(requests));
}

describe('ccg usage', () => {
  test('shows what was used by day and user, with a sum, as a table, as CSV and as JSON lines', async () => {
    await done(['users', 'create', 'ada', '--tenant', tenant]);
    const ada = (JSON.parse(await done(['users', 'list', '--tenant', tenant, '--json'])) as { items: { id: string }[] })
      .items[0]?.id;
    await append(
      usageRecord({ user: ada, costMicroDollars: 1_500_000 }),
      usageRecord({ user: ada, outcome: 'upstream_error', costMicroDollars: 0 }),
      usageRecord({ user: undefined, apiKey: 'key_ci', costMicroDollars: 2500 }),
    );
    await untilCounted(3);
    const split = ['usage', '--tenant', tenant, '--by', 'day,user,api-key'];
    const [head, ...rows] = (await done(split)).trimEnd().split('\n').map(cellsOf);
    const counts = ['REQUESTS', 'COUNT_TOKENS', 'FAILED', 'INPUT', 'CACHE READ', 'CACHE WRITE', 'OUTPUT', 'COST'];
    expect(head).toEqual(['DAY', 'USER', 'API KEY', ...counts]);
    expect(rows).toEqual([
      [today(), '-', 'key_ci', '1', '0', '0', '10', '30', '40', '20', '$0.0025'],
      [today(), 'ada', 'key_1', '2', '0', '1', '20', '60', '80', '40', '$1.50'],
      ['total', '-', '-', '3', '0', '1', '30', '90', '120', '60', '$1.50'],
    ]);
    const csv = (await done([...split, '--csv'])).trimEnd().split(/\r?\n/u);
    expect(csv).toHaveLength(3);
    expect(csv[0]).toContain('tenant,day,user,userName,apiKey,model,session,other,requests');
    const lines = (await done([...split, '--json']))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines).toMatchObject([
      { tenant, day: today(), apiKey: 'key_ci', requests: 1 },
      { tenant, day: today(), user: ada, userName: 'ada', requests: 2, costMicroDollars: 1_500_000 },
    ]);
    const ofAda = await done(['usage', '--tenant', tenant, '--user', 'ada', '--by', 'model', '--since', '30d']);
    expect(cellsOf(ofAda.split('\n')[1]).slice(0, 2)).toEqual(['anthropic:claude-sonnet-4-5', '2']);
  });

  test('says so where nothing was used, and what is wrong with an option', async () => {
    const nothing = await ccg(['usage', '--tenant', tenant]);
    expect(nothing).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('Nothing was used') });
    expect(await ccg(['usage', '--by', 'week'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('day, user'),
    });
    expect(await ccg(['usage', '--since', 'soon'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('30d'),
    });
    expect(await ccg(['usage', '--csv', '--json'])).toMatchObject({ exitCode: 2 });
  });

  test('explains its columns', async () => {
    expect(await done(['usage', '--help'])).toMatch(/COUNT_TOKENS that only count the tokens of a prompt/u);
  });

  test('shows developers their own', async () => {
    await done(['users', 'create', 'ada', '--tenant', tenant]);
    const apiKey = (await done(['keys', 'create', 'laptop', '--tenant', tenant, '--user', 'ada'])).trim();
    const [own] = (
      JSON.parse(await done(['users', 'list', '--tenant', tenant, '--json'])) as { items: { id: string }[] }
    ).items;
    await append(usageRecord({ user: own?.id }), usageRecord({ user: 'usr_other' }));
    await untilCounted(2);
    const shown = await done(['usage', '--by', 'user'], { CCG_TOKEN: apiKey });
    expect(
      shown
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => cellsOf(line).slice(0, 2)),
    ).toEqual([['ada', '1']]);
  });
});

describe('ccg why', () => {
  test('says of a refused request which limit it was, what was left, when it clears and whom to ask', async () => {
    const refusal = limitRefusal({ retryAfterMs: 600_000 });
    await note(refusal);
    const said = await done(['why', refusal.requestId, '--tenant', tenant]);
    expect(said).toMatch(/^outcome +refused by a limit$/mu);
    expect(said).toMatch(/^limit +user-input_tokens: 100000 input_tokens\/minute for each user$/mu);
    expect(said).toMatch(/^then +12 left$/mu);
    expect(said).toMatch(/^clears +\d{4}-\d\d-\d\dT[\d:]+Z, in \d+ s$/mu);
    expect(said).toMatch(/^ask +#claude-help$/mu);
    expect(said).toMatch(/^user +ada$/mu);
  });

  test('says of a budget how much of it was used', async () => {
    const state = { usedMicroDollars: 49_990_000, resetsAtMs: Date.now() + 3_600_000 };
    const refusal = limitRefusal({ limit: 'daily', kind: 'budget', per: 'day', level: 'tenant', amount: 50, state });
    await note(refusal);
    const said = await done(['why', refusal.requestId, '--tenant', tenant]);
    expect(said).toMatch(/^limit +daily: \$50\/day for the tenant$/mu);
    expect(said).toMatch(/^then +\$49\.99 of \$50 used or reserved$/mu);
  });

  test('says of an admitted request what it used', async () => {
    const record = usageRecord({ agent: 'agent-7' });
    await append(record);
    const said = await done(['why', record.id, '--tenant', tenant]);
    expect(said).toMatch(/^outcome +ok$/mu);
    expect(said).toMatch(/^model +claude-sonnet → anthropic:claude-sonnet-4-5$/mu);
    expect(said).toMatch(/^tokens +10 input, 30 from cache, 40 into cache, 20 output$/mu);
    expect(said).toMatch(/^cost +\$0\.0012$/mu);
    expect(said).toMatch(/^duration +900 ms$/mu);
    expect(said).toMatch(/^agent +agent-7$/mu);
    expect(JSON.parse(await done(['why', record.id, '--tenant', tenant, '--json']))).toMatchObject({ kind: 'ended' });
  });

  test('says of an unknown one what to check, and exits with 1', async () => {
    const { exitCode, stdout, stderr } = await ccg(['why', 'req_nobody', '--tenant', tenant]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/Check the id .*the tenant\..*24 hours/u);
  });
});

test('ccg limits report shows whom limits in shadow mode would have refused, and how often', async () => {
  const shadow = { mode: 'shadow', limit: 'tried-out', level: 'user', kind: 'requests' } as const;
  await note(
    limitRefusal(shadow),
    limitRefusal(shadow),
    limitRefusal({ ...shadow, user: undefined, userName: undefined }),
    limitRefusal(),
  );
  const [head, ...rows] = (await done(['limits', 'report', '--tenant', tenant, '--since', '7d'])).trimEnd().split('\n');
  expect(cellsOf(head)).toEqual(['LIMIT', 'LEVEL', 'KIND', 'USER', 'API KEY', 'REQUESTS']);
  expect(rows.map(cellsOf)).toEqual([
    ['tried-out', 'user', 'requests', 'ada', 'key_1', '2'],
    ['tried-out', 'user', 'requests', '-', 'key_1', '1'],
  ]);
  const enforced = await done(['limits', 'report', '--tenant', tenant, '--mode', 'enforce', '--json']);
  expect(JSON.parse(enforced)).toMatchObject({ items: [{ mode: 'enforce', limit: 'user-input_tokens', count: 1 }] });
});
