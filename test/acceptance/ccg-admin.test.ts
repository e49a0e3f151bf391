import { randomBytes, randomUUID } from 'node:crypto';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Secret } from '@ccg/kernel';
import { generateApiKey, hashApiKey } from '@ccg/tenancy';
import { jsonAt, jsonListAt, jsonTextAt, playModel, say, startGateway } from '@ccg/testkit';
import type { GatewayProcess } from '@ccg/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { runCcg, startCcg } from './support/run-ccg.ts';
import type { CcgRun } from './support/run-ccg.ts';
import { startAdminProcess } from './support/start-admin.ts';
import type { AdminProcess } from './support/start-admin.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let suite: Suite;
let admin: AdminProcess;
let folder: string;
beforeAll(async () => {
  suite = await startSuite('ccg-admin', {});
  suite.upstream.play(playModel([{ content: [say('Hello.')] }]));
  admin = await startAdminProcess(suite.env);
  folder = await mkdtemp(join(tmpdir(), 'ccg-admin-'));
});
afterAll(async () => {
  await admin.stop();
  await suite.close();
  await rm(folder, { recursive: true });
});

/** As an operator, unless `env` has another credential. */
const ccg = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CcgRun> =>
  runCcg(args, {
    CCG_ADMIN_URL: admin.url,
    CCG_URL: suite.gateway.url,
    ...('CCG_TOKEN' in env ? {} : { CCG_TOKEN_FILE: admin.tokenFile }),
    ...env,
  });

/** What a command prints that must work. */
async function done(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await ccg(args, env);
  expect({ args, exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ args, exitCode: 0, stderr: '' });
  return stdout;
}

async function document(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<unknown> {
  return JSON.parse(await done([...args, '--json'], env));
}

/** Whether the gateway takes an API key: what a developer sees of it. */
async function works(apiKey: string): Promise<boolean> {
  const answer = await fetch(`${suite.gateway.url}/v1/models`, { headers: { 'x-api-key': apiKey } });
  await answer.arrayBuffer();
  return answer.ok;
}

/** A replica hears of it by a message, which may take a moment. */
async function untilRefused(apiKey: string): Promise<void> {
  await expect.poll(() => works(apiKey), { timeout: 5000 }).toBe(false);
}

/** A tenant with a user, by names that nobody else has. */
async function makeTenant(): Promise<{ readonly tenant: string; readonly user: string }> {
  const tenant = `team-${randomUUID().slice(0, 8)}`;
  await done(['tenants', 'create', tenant, '--models', '*']);
  await done(['users', 'create', 'alice', '--tenant', tenant]);
  return { tenant, user: 'alice' };
}

describe('an operator', () => {
  test('makes a tenant and a user, and gets the text of an API key alone on stdout', async () => {
    const { tenant, user } = await makeTenant();
    const { exitCode, stdout, stderr } = await ccg(['keys', 'create', 'laptop', '--tenant', tenant, '--user', user]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^ccg_live_\w{38}\n$/u) });
    const apiKey = stdout.trim();
    expect(stderr).not.toContain(apiKey);
    expect(stderr).toContain('the only time that its text is shown');
    expect(await works(apiKey)).toBe(true);
    const listed = await document(['keys', 'list', '--tenant', tenant, '--user', user]);
    expect(listed).toMatchObject({ items: [{ name: 'laptop', owner: { kind: 'user' }, state: 'active' }] });
    expect(await done(['keys', 'list', '--tenant', tenant])).toMatch(/^key_\w+ +laptop +alice +active /mu);
    const self = await document(['self'], { CCG_TOKEN: apiKey });
    expect(self).toMatchObject({ kind: 'api-key', tenant, scopes: ['messages', 'self'] });
  });

  test('prints lists as tables, and as the document of the API', async () => {
    const { tenant } = await makeTenant();
    const [heading, ...rows] = (await done(['tenants', 'list'])).trimEnd().split('\n');
    expect(heading).toMatch(/^TENANT +NAME +STATE +MODELS +POLICIES +LIMITS +CREATED$/u);
    const column = heading?.indexOf('STATE') ?? -1;
    for (const row of rows) expect(row.slice(column)).toMatch(/^active +\*/u);
    expect(rows.some((row) => row.startsWith(`${tenant} `))).toBe(true);
    const list = await document(['tenants', 'list']);
    expect(jsonListAt(list, 'items').map((item) => jsonTextAt(item, 'id'))).toContain(tenant);
  });

  test('rotates an API key: the old one works for the overlap', async () => {
    const { tenant } = await makeTenant();
    const first = await document(['keys', 'create', 'ci', '--tenant', tenant, '--expires', '90d']);
    const dated = await document(['keys', 'create', 'dated', '--tenant', tenant, '--expires', '2999-01-31']);
    expect(jsonAt(dated, 'record', 'expiresAt')).toBe('2999-01-31T00:00:00.000Z');
    const id = jsonTextAt(first, 'record', 'id');
    const next = await document(['keys', 'rotate', id, '--tenant', tenant, '--overlap', '1h']);
    for (const issued of [first, next]) expect(await works(jsonTextAt(issued, 'apiKey'))).toBe(true);
    const old = await document(['keys', 'show', id, '--tenant', tenant]);
    const leftMs = Date.parse(jsonTextAt(old, 'expiresAt')) - Date.now();
    expect(Math.abs(leftMs - 3_600_000)).toBeLessThan(60_000);
    expect(jsonAt(old, 'successor')).toBe(jsonAt(next, 'record', 'id'));
    const days = (Date.parse(jsonTextAt(next, 'record', 'expiresAt')) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(90);
  });

  test('revokes an API key, and the gateway refuses the next request', async () => {
    const { tenant } = await makeTenant();
    const issued = await document(['keys', 'create', 'lost', '--tenant', tenant]);
    const apiKey = jsonTextAt(issued, 'apiKey');
    expect(await works(apiKey)).toBe(true);
    await done(['keys', 'revoke', jsonTextAt(issued, 'record', 'id'), '--tenant', tenant]);
    await untilRefused(apiKey);
    const doctor = await ccg(['doctor'], { CCG_TOKEN: apiKey });
    expect(doctor).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/^fault +credential/mu) });
  });

  test('imports an API key by the digest that ccg makes of it', async () => {
    const { tenant, user } = await makeTenant();
    const apiKey = generateApiKey(randomBytes).reveal();
    const { stdout } = await runCcg(['keys', 'digest'], { KEY_PEPPER: suite.pepper }, { input: apiKey });
    expect(stdout.trim()).toBe(hashApiKey(new Secret(suite.pepper), new Secret(apiKey)));
    const args = ['keys', 'import', 'old', '--digest', stdout.trim(), '--tenant', tenant, '--user', user];
    expect(await document(args)).toMatchObject({ outcome: 'created' });
    expect(await document(args)).toMatchObject({ outcome: 'present' });
    expect(await works(apiKey)).toBe(true);
  });

  test('suspends and resumes users and tenants', async () => {
    const { tenant, user } = await makeTenant();
    const apiKey = (await done(['keys', 'create', 'a', '--tenant', tenant, '--user', user])).trim();
    for (const target of [['users', user, '--tenant', tenant] as const, ['tenants', tenant] as const]) {
      const [kind, ...rest] = target;
      await done([kind, 'suspend', ...rest]);
      await untilRefused(apiKey);
      await done([kind, 'resume', ...rest]);
      await expect.poll(() => works(apiKey), { timeout: 5000 }).toBe(true);
    }
  });

  test('changes allowlists, policies and limits, and takes them away', async () => {
    const { tenant, user } = await makeTenant();
    const at = ['--tenant', tenant];
    await done(['policies', 'put', 'small', '--models', '*haiku*,*small*', '--targets', 'openai:*', ...at]);
    await done(['users', 'update', user, '--models', 'claude-*', '--policies', 'small', '--name', 'Alice', ...at]);
    expect(await document(['users', 'show', 'Alice', ...at])).toMatchObject({
      allowlist: { models: ['claude-*'] },
      policies: ['small'],
    });
    const open = await document(['users', 'update', 'Alice', '--no-allowlist', '--policies', '', ...at]);
    expect(open).toMatchObject({ policies: [] });
    expect(jsonAt(open, 'allowlist')).toBeUndefined();
    expect(await done(['policies', 'list', ...at])).toMatch(/^small +\*haiku\*, \*small\*; targets: openai:\* /mu);
    await done(['policies', 'remove', 'small', ...at]);
    expect(await document(['policies', 'list', ...at])).toEqual({ items: [] });
    const limited = await document(['tenants', 'update', tenant, '--requests-per-minute', '60']);
    expect(limited).toMatchObject({ limits: { requestsPerMinute: 60 } });
    const list = await document([
      'tenants',
      'update',
      tenant,
      '--limits',
      'user:requests=60/minute,api-key:concurrency=2',
    ]);
    expect(list).toMatchObject({
      limits: [
        { level: 'user', kind: 'requests', amount: 60, per: 'minute' },
        { level: 'api-key', kind: 'concurrency', amount: 2 },
      ],
    });
    expect(await done(['tenants', 'show', tenant])).toContain('user: 60 requests/minute, api-key: 2 concurrency');
    const none = await document(['tenants', 'update', tenant, '--limits', '']);
    expect(jsonAt(none, 'limits')).toEqual([]);
    const free = await document(['tenants', 'update', tenant, '--requests-per-minute', 'default']);
    expect(jsonAt(free, 'limits')).toBeUndefined();
  });

  test('revokes tokens by id or by subject', async () => {
    const { tenant } = await makeTenant();
    const file = join(folder, 'issuers.yaml');
    await writeFile(
      join(folder, 'keys.json'),
      '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}',
    );
    await writeFile(
      file,
      `version: 1\nissuers:\n  idp: { issuer: 'https://idp.example', jwks: { file: keys.json }, audience: x, algorithms: [EdDSA], tenants: [${tenant}] }\n`,
    );
    const withIssuer = await startAdminProcess({ ...suite.env, GATEWAY_CONFIG: file });
    try {
      const env = { CCG_ADMIN_URL: withIssuer.url, CCG_TOKEN_FILE: withIssuer.tokenFile };
      const revoke = ['tokens', 'revoke', '--tenant', tenant, '--issuer', 'https://idp.example'];
      expect(await document([...revoke, '--id', 'jti-1'], env)).toMatchObject({ revokedAt: expect.anything() });
      expect(await document([...revoke, '--subject', 'me'], env)).toMatchObject({
        user: expect.stringMatching(/^usr_/u),
      });
      const typo = await ccg([...revoke.slice(0, -1), 'https://idp.exmaple', '--subject', 'me'], env);
      expect(typo).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('https://idp.example') });
    } finally {
      await withIssuer.stop();
    }
  });

  test('need not name the tenant where there is one, and is told what to do where there is none', async () => {
    const prefix = `${suite.env['REDIS_KEY_PREFIX']}alone:`;
    const alone = await startAdminProcess({ ...suite.env, REDIS_KEY_PREFIX: prefix });
    try {
      const at = { CCG_ADMIN_URL: alone.url, CCG_TOKEN_FILE: alone.tokenFile };
      const none = await ccg(['users', 'list'], at);
      expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('ccg tenants create') });
      await done(['tenants', 'create', 'only', '--models', '*'], at);
      await done(['users', 'create', 'alice'], at);
      expect(await done(['users', 'list'], at)).toMatch(/^usr_\w+ +alice +active/mu);
      expect(await document(['tenants', 'show'], at)).toMatchObject({ id: 'only' });
    } finally {
      await alone.stop();
    }
  });

  test('needs nothing more in the container of the admin app, whose environment says it all', async () => {
    const { port } = new URL(admin.url);
    const run = await runCcg(['self'], { ADMIN_PORT: port, ADMIN_TOKEN_FILE: admin.tokenFile });
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('operator-token') });
  });

  test('must name the tenant where there are several', async () => {
    await makeTenant();
    await makeTenant();
    const run = await ccg(['users', 'list']);
    expect(run).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('--tenant') });
  });
});

describe('a developer', () => {
  test('has API keys of their own without naming a tenant, and no others', async () => {
    const { tenant, user } = await makeTenant();
    await done(['keys', 'create', 'service', '--tenant', tenant]);
    const first = (await done(['keys', 'create', 'first', '--tenant', tenant, '--user', user])).trim();
    const me = { CCG_TOKEN: first };
    const second = await document(['keys', 'create', 'second'], me);
    const list = await document(['keys', 'list'], me);
    expect(jsonListAt(list, 'items').map((item) => jsonTextAt(item, 'name'))).toEqual(['first', 'second']);
    await done(['keys', 'revoke', jsonTextAt(second, 'record', 'id')], me);
    await untilRefused(jsonTextAt(second, 'apiKey'));
    const other = await ccg(['keys', 'create', 'x', '--user', 'bob'], me);
    expect(other).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('Leave out --user') });
  });

  test('is refused what only administrators may, with the scope that is missing', async () => {
    const { tenant, user } = await makeTenant();
    const me = { CCG_TOKEN: (await done(['keys', 'create', 'a', '--tenant', tenant, '--user', user])).trim() };
    for (const args of [['tenants', 'list'], ['users', 'list'], ['audit'], ['apply', '--dry-run']]) {
      const run = await ccg(args, me);
      expect(run).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringMatching(/(?:tenant|operator):/u) });
      expect(run.stderr).not.toContain(me.CCG_TOKEN);
    }
  });
});

describe('a refusal', () => {
  test('names every field that is wrong, one a line', async () => {
    const run = await ccg(['tenants', 'create', 'Not An Id', '--targets', 'openai', '--name', ' x']);
    expect({ exitCode: run.exitCode, stdout: run.stdout }).toEqual({ exitCode: 1, stdout: '' });
    const [, ...lines] = run.stderr.trimEnd().split('\n');
    expect(lines.map((line) => line.split(':')[0])).toEqual(['  id', '  name', '  allowlist.targets[0]']);
  });

  test('of a repeated idempotency key leaves stdout empty: the text was shown before', async () => {
    const { tenant } = await makeTenant();
    const args = ['keys', 'create', 'ci', '--tenant', tenant, '--idempotency-key', randomUUID()];
    expect(await done(args)).toMatch(/^ccg_live_/u);
    const again = await ccg(args);
    expect(again).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('shown then alone') });
    const list = await document(['keys', 'list', '--tenant', tenant]);
    expect(jsonListAt(list, 'items')).toHaveLength(1);
  });

  test('of a credential says where it came from, and a server that is none is not reachable', async () => {
    const wrong = await ccg(['self'], { CCG_TOKEN: 'not-the-token-of-the-operators' });
    expect(wrong).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('came from CCG_TOKEN') });
    const gateway = await ccg(['self'], { CCG_ADMIN_URL: suite.gateway.url });
    expect(gateway).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('is not the admin API') });
  });
});

describe('ccg apply', () => {
  test('shows the drift with exit code 2, makes it, and finds none then', async () => {
    const tenant = `file-${randomUUID().slice(0, 8)}`;
    const file = join(folder, 'gateway.yaml');
    const write = (models: string): Promise<void> =>
      writeFile(file, `version: 1\ntenants:\n  ${tenant}:\n    name: Filed\n    allowlist: { models: [${models}] }\n`);
    await write('"*"');
    const filed = await startAdminProcess({ ...suite.env, GATEWAY_CONFIG: file });
    try {
      const at = { CCG_ADMIN_URL: filed.url, CCG_TOKEN_FILE: filed.tokenFile };
      expect(await document(['tenants', 'show', tenant], at)).toMatchObject({ name: 'Filed', origin: 'file' });
      const owned = await ccg(['tenants', 'update', tenant, '--name', 'Mine'], at);
      expect(owned).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('gateway.yaml') });

      await write('"claude-*"');
      const drift = await ccg(['apply', '--dry-run'], at);
      expect({ exitCode: drift.exitCode, stderr: drift.stderr }).toEqual({
        exitCode: 2,
        stderr: '1 change to make: `ccg apply` makes them.\n',
      });
      expect(drift.stdout).toMatch(new RegExp(`^CHANGE .+\\nupdate +tenant +${tenant} +${tenant} .+allowlist`, 'u'));
      expect(await document(['tenants', 'show', tenant], at)).toMatchObject({ allowlist: { models: ['*'] } });
      expect(await ccg(['apply'], at)).toMatchObject({ exitCode: 0, stderr: '1 change made.\n' });
      expect(await document(['tenants', 'show', tenant], at)).toMatchObject({ allowlist: { models: ['claude-*'] } });
      const none = { exitCode: 0, stdout: '', stderr: 'The store is what gateway.yaml says.\n' };
      expect(await ccg(['apply', '--dry-run'], at)).toEqual(none);

      // An API key of another tenant cannot be this one's: a problem beside drift.
      await write('"*"');
      const foreign = await document(['keys', 'create', 'one', '--tenant', (await makeTenant()).tenant]);
      const digest = hashApiKey(new Secret(suite.pepper), new Secret(jsonTextAt(foreign, 'apiKey')));
      await appendFile(file, `    apiKeys: [{ name: theirs, digest: ${digest} }]\n`);
      const both = await ccg(['apply', '--dry-run'], at);
      expect(both).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is not possible') });

      await write('');
      const faulty = await ccg(['apply'], at);
      expect(faulty).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining(`${file}:5`) });
    } finally {
      await filed.stop();
    }
  });
});

describe('ccg audit', () => {
  test('shows the newest entries as a table, and exports all as JSON lines without a credential', async () => {
    const { tenant, user } = await makeTenant();
    const apiKey = (await done(['keys', 'create', 'a', '--tenant', tenant, '--user', user])).trim();
    const lines = (await done(['audit', '--tenant', tenant, '--jsonl'])).trimEnd().split('\n');
    const actions = lines.map((line) => jsonTextAt(JSON.parse(line), 'action'));
    expect(actions).toEqual(['tenant.create', 'user.create', 'api-key.create']);
    expect(lines.join('\n')).not.toContain(apiKey);
    const table = await done(['audit', '--tenant', tenant, '--last', '1']);
    expect(table).toMatch(/^AT +ACTOR +ACTION .+\n\S+Z +\S+ +api-key\.create /u);
    await ccg(['tenants', 'create', tenant, '--models', '*'], { CCG_TOKEN: apiKey });
    expect(await done(['audit', '--operators', '--last', '10'])).toMatch(/^AT +ACTOR/u);
  });

  test('goes on with what happens later, once each', async () => {
    const { tenant } = await makeTenant();
    const actions: string[] = [];
    const following = startCcg(['audit', '--tenant', tenant, '--follow', '--jsonl'], {
      CCG_ADMIN_URL: admin.url,
      CCG_TOKEN_FILE: admin.tokenFile,
    });
    try {
      await new Promise<void>((resolve) => {
        following.onStdoutLine((line) => {
          actions.push(jsonTextAt(JSON.parse(line), 'action'));
          if (actions.length === 2) void ccg(['users', 'suspend', 'alice', '--tenant', tenant]);
          if (actions.length === 3) void ccg(['users', 'resume', 'alice', '--tenant', tenant]);
          if (actions.length === 4) resolve();
        });
      });
    } finally {
      following.killGroup();
    }
    expect(actions).toEqual(['tenant.create', 'user.create', 'user.suspend', 'user.resume']);
  });
});

test('the level of every replica’s log is set for a while, also of one that starts meanwhile, and falls back by itself', async () => {
  const changes = (gateway: GatewayProcess) =>
    gateway
      .logs()
      .flatMap(({ from, to }) => (from === undefined ? [] : [`${JSON.stringify(from)} ${JSON.stringify(to)}`]));
  const running = await startGateway(suite.env);
  const until = await document(['log-level', 'debug', '--for', '6s']);
  expect(until).toMatchObject({ level: 'debug', until: expect.stringMatching(/^\d{4}-/u) });
  const later = await startGateway(suite.env);
  for (const gateway of [suite.gateway, running, later]) {
    await expect.poll(() => changes(gateway), { timeout: 10_000 }).toEqual(['"info" "debug"', '"debug" "info"']);
  }
  await Promise.all([running.stop(), later.stop()]);
  expect(await done(['audit', '--operators'])).toContain('log-level.set');
  expect(await ccg(['log-level', 'loud'])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('fatal, error'),
  });
  expect(await ccg(['log-level', 'debug', '--for', 'ever'])).toMatchObject({ exitCode: 2 });
});
