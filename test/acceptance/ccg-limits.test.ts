import { randomUUID } from 'node:crypto';
import { jsonListAt, jsonTextAt, playModel, say } from '@ccg/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCcg } from './support/run-ccg.ts';
import type { CcgRun } from './support/run-ccg.ts';
import { startAdminProcess } from './support/start-admin.ts';
import type { AdminProcess } from './support/start-admin.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let suite: Suite;
let admin: AdminProcess;
beforeAll(async () => {
  suite = await startSuite('ccg-limits', {});
  suite.upstream.play(playModel([{ content: [say('Hello.')] }]));
  admin = await startAdminProcess({ ...suite.env, RATE_LIMIT_RPM: '600' });
});
afterAll(async () => {
  await admin.stop();
  await suite.close();
});

/** As an operator, unless there is another credential. */
const ccg = (args: readonly string[], credential?: string): Promise<CcgRun> =>
  runCcg(args, {
    CCG_ADMIN_URL: admin.url,
    ...(credential === undefined ? { CCG_TOKEN_FILE: admin.tokenFile } : { CCG_TOKEN: credential }),
  });

async function done(args: readonly string[], credential?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await ccg(args, credential);
  expect({ args, exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ args, exitCode: 0, stderr: '' });
  return stdout;
}

async function makeTenant(): Promise<string> {
  const tenant = `team-${randomUUID().slice(0, 8)}`;
  await done([
    'tenants',
    'create',
    tenant,
    '--models',
    '*',
    '--time-zone',
    'Europe/Berlin',
    '--contact',
    '#claude-help',
  ]);
  return tenant;
}

const words = (line: string) => line.split(/ {2,}/u);

test('limits are set one by one beside that of the gateway, listed as a table and as JSON, changed and removed', async () => {
  const tenant = await makeTenant();
  const at = ['--tenant', tenant];
  const before = await ccg(['limits', 'list', ...at]);
  expect(before).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('RATE_LIMIT_RPM') });
  expect(before.stdout).toContain('requests  tenant  requests  600     minute  enforce');
  const budget = ['limits', 'set', '--level', 'group', '--kind', 'budget', '--amount', '12.50', '--per', 'day'];
  await done([...budget, '--mode', 'shadow', '--on-store-error', 'open', ...at]);
  await done([
    'limits',
    'set',
    '--level',
    'session',
    '--kind',
    'concurrency',
    '--amount',
    '4',
    '--max-wait',
    '1m',
    ...at,
  ]);
  await done(['limits', 'set', '--name', 'group-budget-day', '--mode', 'enforce', ...at]);
  const [heading = '', ...rows] = (await done(['limits', 'list', ...at])).trimEnd().split('\n');
  expect(words(heading).slice(0, 6)).toEqual(['NAME', 'LEVEL', 'KIND', 'AMOUNT', 'PER', 'MODE']);
  expect(words(heading).at(-1)).toBe('TRAFFIC');
  expect(rows.map(words)).toEqual([
    ['requests', 'tenant', 'requests', '600', 'minute', 'enforce', '-', 'local', '-', '-', '-'],
    ['group-budget-day', 'group', 'budget', '$12.5', 'day', 'enforce', '-', 'open', '-', '-', '-'],
    ['session-concurrency', 'session', 'concurrency', '4', '-', 'enforce', '-', 'local', '60s', '100', '-'],
  ]);
  await done(['limits', 'remove', 'requests', ...at]);
  const list: unknown = JSON.parse(await done(['limits', 'list', ...at, '--json']));
  expect(list).toMatchObject({ origin: 'tenant' });
  expect(jsonListAt(list, 'items')).toMatchObject([
    { name: 'group-budget-day', amount: 12.5, mode: 'enforce', onStoreError: 'open' },
    { name: 'session-concurrency', maxWaitSeconds: 60 },
  ]);
  expect(await done(['tenants', 'show', tenant])).toMatch(
    /group: \$12\.5\/day, session: 4 concurrency\n[^]*time zone +Europe\/Berlin\ncontact +#claude-help/u,
  );
  expect(await done(['tenants', 'update', tenant, '--time-zone', '', '--contact', ''])).not.toMatch(/Berlin|#claude/u);
});

test('a budget that is set refuses the next request and says whom to ask, and in shadow it lets it in', async () => {
  const tenant = await makeTenant();
  const at = ['--tenant', tenant];
  await done(['users', 'create', 'ada', '--group', 'research', ...at]);
  const apiKey = (await done(['keys', 'create', 'laptop', '--user', 'ada', ...at])).trim();
  const ask = async () => {
    const answer = await fetch(`${suite.gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'claude-opus-5', max_tokens: 8, messages: [{ role: 'user', content: 'hi' }] }),
    });
    const body: unknown = await answer.json();
    return answer.ok ? 'in' : `${jsonTextAt(body, 'error', 'type')} ${jsonTextAt(body, 'error', 'message')}`;
  };
  expect(await ask()).toBe('in');
  const budget = ['limits', 'set', '--level', 'group', '--kind', 'budget', '--amount', '0.000001', '--per', 'month'];
  await done([...budget, ...at]);
  await expect.poll(ask, { timeout: 5000 }).toMatch(/^billing_error .*group research .*Europe\/Berlin.*#claude-help/u);
  await done(['limits', 'set', '--name', 'group-budget-month', '--mode', 'shadow', ...at]);
  await expect.poll(ask, { timeout: 5000 }).toBe('in');
});

test('a limit that cannot be is told by its field, and a name that there is not', async () => {
  const tenant = await makeTenant();
  const at = ['--tenant', tenant];
  const budget = ['limits', 'set', '--level', 'tenant', '--kind', 'budget', '--amount', '5', '--per', 'day', ...at];
  for (const [args, message] of [
    [['--amount', '0'], 'amount: must be dollars above 0'],
    [['--on-store-error', 'local'], 'onStoreError: must be open or closed: a replica alone'],
    [['--reserve', 'none'], 'reserve: is not known here'],
    [['--name', 'a:b'], 'name: must be up to 63'],
  ] as const) {
    expect(await ccg([...budget, ...args])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(message) });
  }
  const gone = await ccg(['limits', 'remove', 'gone', ...at]);
  expect(gone).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('There is no such limit. Check the name and the tenant: `ccg limits list` shows'),
  });
});

test('an administrator of a tenant lowers a limit, and is told which one cannot be loosened', async () => {
  const tenant = await makeTenant();
  const key = ['keys', 'create', 'admin', '--scopes', 'tenant:write', '--tenant', tenant];
  const credential = (await done(key)).trim();
  await done(['limits', 'set', '--name', 'requests', '--amount', '60'], credential);
  for (const loosened of [
    ['--amount', '601'],
    ['--mode', 'shadow'],
    ['--on-store-error', 'open'],
  ]) {
    expect(await ccg(['limits', 'set', '--name', 'requests', ...loosened], credential)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Your own limit "requests" is 60 requests per minute for the tenant.'),
    });
  }
  const removed = await ccg(['limits', 'remove', 'requests'], credential);
  expect(removed).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('Keep it under that name, or lower it.'),
  });
});

test('a tenant has a weight among the others, which is changed and shown', async () => {
  const tenant = `t-${randomUUID()}`;
  const made = ['tenants', 'create', tenant, '--models', '*', '--waiting-weight', '3', '--json'];
  expect(JSON.parse(await done(made))).toMatchObject({ id: tenant, waitingWeight: 3 });
  await done(['tenants', 'update', tenant, '--waiting-weight', '12']);
  expect(await done(['tenants', 'show', tenant])).toMatch(/^waiting weight +12$/mu);
  const refused = await ccg(['tenants', 'update', tenant, '--waiting-weight', '101']);
  expect(refused).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('waitingWeight: must be a whole number'),
  });
});

test('users have a group and a weight, which are taken away again', async () => {
  const at = ['--tenant', await makeTenant()];
  const made = ['users', 'create', 'Jose\u0301', '--group', 'research', '--waiting-weight', '5', ...at];
  expect(JSON.parse(await done([...made, '--json']))).toMatchObject({
    name: 'Jos\u00e9',
    group: 'research',
    waitingWeight: 5,
  });
  expect(await done(['users', 'list', ...at])).toMatch(/Jos\u00e9 +active +- +- +research /u);
  const changed = ['users', 'update', 'Jose\u0301', '--group', '', '--waiting-weight', '1', ...at];
  expect(await done(changed)).not.toContain('research');
  const refused = await ccg(['users', 'update', 'José', '--group', 'a:b', ...at]);
  expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('group: must be up to 63') });
});
