import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@ccg/kernel';
import { parseConfig, startGateway } from '@ccg/gateway';
import { directoryFromFile } from '@ccg/catalog';
import { generateApiKey, getTenant, reconcile } from '@ccg/tenancy';
import { doneValue, playModel, redisForSuite, say, startScriptedUpstream } from '@ccg/testkit';
import { Agent, fetch } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { reconciled } from './support/apply-rig.ts';
import { openTenancyRig, peppersOf, root } from './support/tenancy-rig.ts';
import type { TenancyRig } from './support/tenancy-rig.ts';

const pepper = 'a pepper of this suite, which is long enough';
const peppers = peppersOf(pepper);
const apiKey = generateApiKey(randomBytes);

let opened: AsyncDisposableStack;
let rig: TenancyRig;
let file: string;
let upstream: string;

beforeEach(async () => {
  opened = new AsyncDisposableStack();
  rig = await openTenancyRig();
  opened.defer(() => rig.close());
  const folder = await mkdtemp(join(tmpdir(), 'apply-'));
  opened.defer(() => rm(folder, { recursive: true }));
  file = join(folder, 'gateway.yaml');
  const scripted = await startScriptedUpstream();
  opened.defer(() => scripted.close());
  scripted.play(playModel([{ content: [say('hi')], usage: { input: 1, cacheRead: 0, output: 1 } }]));
  upstream = scripted.url;
});

afterEach(async () => {
  await opened.disposeAsync();
});

async function writeFileWith(models: string): Promise<void> {
  const text = `version: 1
providers:
  mine: { dialect: openai-chat, baseUrl: "${upstream}/v1" }
models: { '*': 'mine:*' }
tenants:
  acme:
    name: Acme
    allowlist: { models: [${models}] }
    apiKeys: [{ name: ci, env: CI_KEY }]
`;
  await writeFile(file, text);
}

async function applyFile(dryRun: boolean) {
  const secrets = { env: () => apiKey.reveal(), file: () => undefined };
  const read = directoryFromFile({ path: file, text: await readFile(file, 'utf8'), secrets });
  if (read.kind === 'faulty') throw new Error(read.problems.join('\n'));
  return reconciled(await reconcile(rig.deps(peppers), root, () => read.directory, { dryRun, prune: false }));
}

/** Starts a replica whose clock stands still: what it remembers ends by a message alone. */
async function startReplica(): Promise<string> {
  const { url } = redisForSuite('apply');
  const env = { REDIS_URL: url, REDIS_KEY_PREFIX: rig.keyPrefix, KEY_PEPPER: pepper, GATEWAY_CONFIG: file };
  const parsed = parseConfig({ ...env, PORT: '0', OPS_PORT: '0', MODEL_LIST_INTERVAL_MS: '0' });
  if (parsed.kind === 'faulty') throw new Error(parsed.message);
  const startedAtMs = systemClock.now();
  const clock = { ...systemClock, now: () => startedAtMs };
  const gateway = await startGateway(parsed.config, { clock, log: { write() {} } });
  opened.defer(() => gateway.drain());
  return gateway.url;
}

const closing = new Agent({ pipelining: 0 });

async function statusOf(gatewayUrl: string, model: string): Promise<number> {
  const body = { model, max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] };
  const answer = await fetch(`${gatewayUrl}/v1/messages`, {
    dispatcher: closing,
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey.reveal()}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await answer.arrayBuffer();
  return answer.status;
}

test('an allowlist that changes in the file is told by a dry run, and after an apply every replica judges by it', async () => {
  await writeFileWith('claude-haiku-5');
  expect((await applyFile(false)).changes).toHaveLength(2);
  const replicas = [await startReplica(), await startReplica()];
  const statuses = (model: string) => Promise.all(replicas.map((replica) => statusOf(replica, model)));
  expect(await statuses('claude-haiku-5')).toEqual([200, 200]);
  expect(await statuses('claude-opus-5')).toEqual([403, 403]);

  await writeFileWith('claude-opus-5');
  const change = { action: 'update', kind: 'tenant', tenant: 'acme', id: 'acme', fields: ['allowlist'] };
  expect(await applyFile(true)).toEqual({ changes: [change], problems: [], applied: false });
  expect(doneValue(await getTenant(rig.deps(), root, { tenant: 'acme' })).allowlist).toEqual({
    models: ['claude-haiku-5'],
  });
  expect(await statuses('claude-haiku-5')).toEqual([200, 200]);

  expect(await applyFile(false)).toEqual({ changes: [change], problems: [], applied: true });
  await expect.poll(() => statuses('claude-opus-5')).toEqual([200, 200]);
  expect(await statuses('claude-haiku-5')).toEqual([403, 403]);
});
