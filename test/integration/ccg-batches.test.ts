import { createServer } from 'node:net';
import { parseAdminConfig, startAdmin } from '@ccg/admin';
import type { RunningAdmin } from '@ccg/admin';
import {
  createGate,
  jsonScript,
  jsonTextAt,
  listenOnFreePort,
  playModel,
  say,
  startScriptedUpstream,
  waitFor,
} from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { runCcg, startCcg } from '../acceptance/support/run-ccg.ts';
import { openAdminRig, pepper } from './support/admin-rig.ts';
import type { AdminRig } from './support/admin-rig.ts';
import { openBatchWork } from './support/batch-work.ts';
import type { BatchWork } from './support/batch-work.ts';

const patience = { timeout: 20_000 };
const hello = playModel([{ content: [say('Hello.')] }]);

let rig: AdminRig;
let upstream: ScriptedUpstream;
let batches: BatchWork;
let apiKey: string;
beforeAll(async () => {
  rig = await openAdminRig('ccg-batches', { env: { RATE_LIMIT_RPM: '' } });
  upstream = await startScriptedUpstream();
  batches = await openBatchWork(rig.redis, upstream.url);
  const tenant = { id: 'acme', name: 'Acme', allowlist: { models: ['*'] } };
  expect((await rig.call('POST', '/tenants', { body: tenant })).status).toBe(201);
  const user = await rig.call('POST', '/tenants/acme/users', { body: { name: 'ada' } });
  const owner = { kind: 'user', id: jsonTextAt(user.body, 'id') };
  const body = { name: 'laptop', owner, scopes: ['batches', 'self'] };
  apiKey = jsonTextAt((await rig.call('POST', '/tenants/acme/api-keys', { body })).body, 'apiKey');
});
afterAll(async () => {
  await batches.close();
  await rig.close();
  await upstream.close();
});
beforeEach(async () => {
  upstream.reset();
  upstream.play(hello);
  await batches.stopWorking();
});

const env = (url = rig.admin.url) => ({ CCG_ADMIN_URL: url, CCG_TOKEN: apiKey });

test('a developer sees their batches, cancels one, and is told what became of it', async () => {
  const id = await batches.create(apiKey, 3);
  const list = await runCcg(['batches', 'list', '--status', 'in_progress'], env());
  expect(list).toMatchObject({ exitCode: 0, stderr: '' });
  const [heading = '', row = ''] = list.stdout.split('\n').map((line) => line.split(/ {2,}/u).join('|'));
  expect(heading).toMatch(/^BATCH\|TENANT\|USER\|API KEY\|STATUS\|ITEMS\|ENDED/u);
  expect(row).toMatch(new RegExp(`^${id}\\|acme\\|ada\\|\\w+\\|in_progress\\|3\\|0\\|0\\|0\\|`, 'u'));
  const unasked = await runCcg(['batches', 'cancel', id], env());
  expect(unasked).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('--yes') });
  const canceled = await runCcg(['batches', 'cancel', id, '--yes'], env());
  expect(canceled).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^status +ended$/mu) });
  expect(canceled.stdout).toMatch(/^canceled +3$/mu);
  expect((await runCcg(['batches', 'watch', id], env())).stdout).toBe('ended, 3 of 3 items (100 %), 3 canceled\n');
  const nobodys = await runCcg(['batches', 'watch', 'msgbatch_00000000000000000000000000000000'], env());
  expect(nobodys).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('There is no such batch.') });
});

test('ccg batches watch follows a batch to its end, over a restart of the admin app', async () => {
  const gate = createGate();
  let asked = 0;
  upstream.play((request) => [...((asked += 1) === 1 ? [] : [waitFor(gate.opened)]), ...hello(request)]);
  const id = await batches.create(apiKey, 3);
  const port = await freePort();
  let admin = await startOn(port);
  const watching = startCcg(['batches', 'watch', id], env(admin.url));
  try {
    await expect.poll(watching.stdout, patience).toContain('in progress, 0 of 3 items (0 %), 3 waiting');
    await batches.work(1);
    await expect.poll(watching.stdout, patience).toContain('in progress, 1 of 3 items (33 %)');
    await admin.drain();
    await expect.poll(watching.stdout, patience).toContain('the admin API does not answer, trying again');
    admin = await startOn(port);
    gate.open();
    expect((await watching.exited).code).toBe(0);
    expect(watching.stdout()).toMatch(/\nended, 3 of 3 items \(100 %\), 3 succeeded\n$/u);
  } finally {
    gate.open();
    watching.killGroup();
    await admin.drain();
  }
});

test('ccg why follows the tries of an item from the request ids in the log of the worker', async () => {
  upstream.answer(jsonScript(503, { type: 'error', error: { type: 'api_error', message: 'busy' } }));
  const id = await batches.create(apiKey, 1);
  await batches.work(1);
  expect(await runCcg(['batches', 'watch', id], env())).toMatchObject({ exitCode: 0 });
  const [failed = '', served = ''] = batches.triesOf(id);
  const whyOf = async (requestId: string) => {
    const { stdout, stderr } = await runCcg(['why', requestId], env());
    expect(stderr).toBe('');
    return stdout;
  };
  const lines = [
    /^tenant +acme$/mu,
    /^user +ada$/mu,
    new RegExp(`^batch +${id}$`, 'mu'),
    /^item +0 \(the first is 0\)$/mu,
  ];
  const model = /^model +claude-opus-5-5 → anthropic:claude-opus-5-5$/mu;
  const retried = await whyOf(failed);
  const expected = [/^outcome +upstream_overloaded; the item is tried again$/mu, /^cost +\$0\.00, not charged$/mu];
  for (const line of [...expected, ...lines, model]) expect(retried).toMatch(line);
  const charged = await whyOf(served);
  const use = [
    /^outcome +ok$/mu,
    /^tokens +\d+ input, .*[1-9]\d* output/mu,
    /^cost +\$\d\.\d+$/mu,
    /^duration +\d+ ms$/mu,
  ];
  for (const line of [...use, ...lines, model]) expect(charged).toMatch(line);
});

async function freePort(): Promise<string> {
  const server = createServer();
  const { port } = new URL(await listenOnFreePort(server));
  server.close();
  return port;
}

async function startOn(port: string): Promise<RunningAdmin> {
  const parsed = parseAdminConfig({
    REDIS_URL: rig.proxy.url,
    REDIS_KEY_PREFIX: rig.redis.keyPrefix,
    KEY_PEPPER: pepper,
    RATE_LIMIT_RPM: '',
    ADMIN_TOKEN_FILE: rig.tokenFile,
    ADMIN_PORT: port,
    OPS_PORT: '0',
  });
  if (parsed.kind === 'faulty') throw new Error(parsed.message);
  return await startAdmin(parsed.config, { log: { write() {} } });
}
