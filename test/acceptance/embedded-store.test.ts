import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, systemClock } from '@ccg/kernel';
import { sendRedisCommand } from '@ccg/local';
import { connectStore } from '@ccg/store';
import type { Store } from '@ccg/store';
import { createApiKey, createTenant, revokeApiKey, systemActor } from '@ccg/tenancy';
import type { Limits, TenancyDependencies } from '@ccg/tenancy';
import { doneValue, playModel, say, startScriptedUpstream } from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { endLocal, startLocal } from './support/start-local.ts';
import type { LocalProcess } from './support/start-local.ts';

const pepper = 'pepper-'.repeat(8);
const root = systemActor('test');

let folder: string;
let upstream: ScriptedUpstream;
let local: LocalProcess;
let store: Store;
let tenancy: TenancyDependencies;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ccg-embedded-'));
  upstream = await startScriptedUpstream(playModel([{ content: [say('fine')] }]));
  await start();
  // As apps/admin does it: another client of the same store.
  store = connectStore({ socketPath: socketPath(), keyPrefix: 'ccg:', commandTimeoutMs: 10_000 });
  await store.whenReady(10_000);
  tenancy = { store, clock: systemClock, peppers: { current: new Secret(pepper), previous: [] }, randomBytes };
});

afterEach(async () => {
  await store.close();
  await endLocal(local.process, folder);
  await upstream.close();
  await rm(folder, { recursive: true });
});

async function start(): Promise<void> {
  local = await startLocal({
    dataDir: folder,
    env: {
      LOCAL_STORE: 'embedded',
      KEY_PEPPER: pepper,
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      BIG_MODEL: 'big',
      SMALL_MODEL: 'small',
    },
  });
}

async function kill(): Promise<void> {
  local.process.signal('SIGKILL');
  await local.process.exited;
}

function socketPath(): string {
  return join(folder, 'redis', 'embedded.sock');
}

async function newApiKey(tenant: string): Promise<{ readonly apiKey: string; readonly id: string }> {
  const { apiKey, record } = doneValue(await createApiKey(tenancy, root, { tenant, name: 'a developer' }));
  return { apiKey: apiKey.reveal(), id: record.id };
}

async function newTenant(id: string, limits?: Limits): Promise<string> {
  const tenant = { id, name: id, allowlist: { models: ['*'] }, ...(limits === undefined ? {} : { limits }) };
  doneValue(await createTenant(tenancy, root, tenant));
  return id;
}

async function statusFor(apiKey: string): Promise<number> {
  const answer = await fetch(`${local.url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'hi' }] }),
  });
  await answer.arrayBuffer();
  return answer.status;
}

test('after kill -9 tenants and API keys are back, revoked ones stay revoked, and what was used of a limit is used', async () => {
  const limited = await newApiKey(await newTenant('limited', { requestsPerMinute: 1 }));
  expect([await statusFor(limited.apiKey), await statusFor(limited.apiKey)]).toEqual([200, 429]);
  const free = await newTenant('free');
  const revoked = await newApiKey(free);
  // A second is promised, so a second is given: limits are not written before their answer.
  await new Promise((resolve) => {
    setTimeout(resolve, 1000);
  });
  doneValue(await revokeApiKey(tenancy, root, { tenant: free, id: revoked.id }));
  const issued = await newApiKey(free);
  await kill();
  await start();
  expect(await statusFor(issued.apiKey)).toBe(200);
  expect(await statusFor(revoked.apiKey)).toBe(401);
  expect(await statusFor(limited.apiKey)).toBe(429);
  expect(local.process.stdout()).toContain(`  Store       embedded: kept in ${folder}/redis/journal;`);
  expect(local.process.stdout()).not.toContain('append-only');
});

test('no API key that was given out is lost, whenever the kill comes', async () => {
  const tenant = await newTenant('busy');
  const given: string[] = [];
  const giveOut = async (): Promise<void> => {
    // The kill ends it: then nothing is given out any more.
    for (;;) given.push((await newApiKey(tenant)).apiKey);
  };
  const givers = Array.from({ length: 4 }, () => giveOut().catch(() => undefined));
  await expect.poll(() => given.length, { interval: 1, timeout: 60_000 }).toBeGreaterThan(50);
  await kill();
  await Promise.all(givers);
  await start();
  const statuses = await Promise.all(given.map(statusFor));
  expect(statuses).toEqual(given.map(() => 200));
});

test('on a full disk it serves on and says that nothing is kept, and later that everything is', async () => {
  const { apiKey } = await newApiKey(await newTenant('acme'));
  const limitFiles = (bytes: string) =>
    execFileSync('prlimit', ['--pid', String(local.process.pid), `--fsize=${bytes}:unlimited`]);
  limitFiles('100000');
  await sendRedisCommand(socketPath(), ['SET', 'large', 'x'.repeat(200_000)], 10_000);
  await expect.poll(() => local.process.stderr()).toMatch(/^Warning: the store cannot write .+\/journal \(EFBIG/mu);
  expect(await statusFor(apiKey)).toBe(200);
  const meanwhile = await newApiKey('acme');
  limitFiles('unlimited');
  await expect.poll(() => local.process.stderr(), { timeout: 60_000 }).toContain('again: everything is kept.');
  await kill();
  await start();
  expect([await statusFor(apiKey), await statusFor(meanwhile.apiKey)]).toEqual([200, 200]);
});
