import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateApiKey } from '@ccg/tenancy';
import { jsonAt } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openAdminRig } from './support/admin-rig.ts';
import type { AdminRig } from './support/admin-rig.ts';

const apiKey = generateApiKey(randomBytes).reveal();

let folder: string;
let file: string;
let rig: AdminRig;

async function writeTenants(text: string): Promise<void> {
  await writeFile(file, `version: 1\n${text}`);
}

const acme = (settings = '') =>
  `policies:\n  small: { models: ['*haiku*'] }\ntenants:\n  acme:\n    name: Acme\n    allowlist: { models: ['*'] }\n    users: { ada: }\n    apiKeys: [{ name: ci, env: CI_KEY, scopes: [operator:read] }]\n${settings}`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'admin-apply-'));
  file = join(folder, 'gateway.yaml');
  await writeTenants(acme());
  rig = await openAdminRig('admin-apply', { env: { GATEWAY_CONFIG: file, CI_KEY: apiKey } });
});

afterEach(async () => {
  await rig.close();
  await rm(folder, { recursive: true });
});

const apply = (body: object = {}, credential: string = rig.token) => rig.call('POST', '/apply', { body, credential });

test('the start brings the file into the store, and an apply has nothing left to do', async () => {
  expect((await rig.call('GET', '/tenants/acme')).body).toMatchObject({ name: 'Acme', origin: 'file' });
  expect((await rig.call('GET', '/self', { credential: apiKey })).body).toMatchObject({ tenant: 'acme' });
  expect((await apply()).body).toEqual({ changes: [], problems: [], applied: true });
});

test('the file is read anew: a dry run tells what differs, and an apply does it', async () => {
  await writeTenants(acme('    limits: { requestsPerMinute: 5 }\n'));
  const changes = [{ action: 'update', kind: 'tenant', tenant: 'acme', id: 'acme', fields: ['limits'] }];
  expect((await apply({ dryRun: true })).body).toEqual({ changes, problems: [], applied: false });
  expect(jsonAt((await rig.call('GET', '/tenants/acme')).body, 'limits')).toBeUndefined();
  expect((await apply()).body).toEqual({ changes, problems: [], applied: true });
  expect((await rig.call('GET', '/tenants/acme')).body).toMatchObject({ limits: { requestsPerMinute: 5 } });
});

test('what the file names no more is ended by a prune alone', async () => {
  await writeTenants('tenants: {}\n');
  expect((await apply()).body).toMatchObject({ changes: [] });
  expect((await apply({ prune: true })).body).toMatchObject({
    changes: [
      { action: 'suspend', kind: 'tenant', id: 'acme' },
      { action: 'revoke', kind: 'api-key', name: 'ci' },
      { action: 'suspend', kind: 'user', name: 'ada' },
      { action: 'remove', kind: 'policy', id: 'small' },
    ],
  });
  expect((await rig.call('GET', '/self', { credential: apiKey })).status).toBe(401);
});

describe('a request that is refused', () => {
  test('changes of what the file owns are a 409 that says where to make them', async () => {
    const changed = await rig.call('PATCH', '/tenants/acme', { body: { name: 'Other' } });
    expect(changed).toMatchObject({ status: 409, body: { code: 'file-owned' } });
    expect(jsonAt(changed.body, 'detail')).toMatch(/Edit the file and apply it/u);
    expect((await rig.call('POST', '/tenants/acme/suspend')).status).toBe(200);
  });

  test('whoever may only read sees the drift and applies nothing; a faulty file is shown to neither', async () => {
    expect((await apply({ dryRun: true }, apiKey)).status).toBe(200);
    await writeTenants('tenants: { acme: { name: Acme } }\n');
    expect(await apply({}, apiKey)).toMatchObject({ status: 403, body: { code: 'scope-missing' } });
    expect(await apply()).toMatchObject({
      status: 409,
      body: {
        code: 'file-invalid',
        errors: [{ path: 'gateway.yaml', message: expect.stringContaining(':2: tenants.acme.allowlist: is required') }],
      },
    });
  });

  test('an apply while another process applies is a 409 that says when to try again', async () => {
    await rig.withStore(async ({ store }) => {
      await store.command('set', [store.redisKeys.applyLock(), 'another', 'NX', 'PX', 60_000]);
    });
    const waiting = apply();
    // The wait is measured by the clock of the process.
    setTimeout(() => rig.setAheadMs(60_000), 300);
    const answer = await waiting;
    expect(answer).toMatchObject({ status: 409, body: { code: 'apply-in-progress' } });
    expect(answer.headers.get('retry-after')).toBe('5');
  });
});

test('what of the file the store cannot have is told in the log of the start and by every apply', async () => {
  await rig.call('POST', '/tenants', { body: { id: 'other', name: 'Other', allowlist: { models: ['*'] } } });
  await writeTenants(acme().replace('acme:', 'beta:'));
  const problem = { kind: 'api-key', tenant: 'beta', id: 'ci', message: expect.stringContaining('another tenant') };
  expect((await apply()).body).toMatchObject({ problems: [problem] });
  const again = await openAdminRig('admin-apply', {
    env: { GATEWAY_CONFIG: file, CI_KEY: apiKey, REDIS_KEY_PREFIX: rig.redis.keyPrefix },
  });
  expect(again.log.join('')).toContain('gateway.yaml names what the store cannot have');
  expect(again.log.join('')).not.toContain(apiKey);
  await again.close();
});
