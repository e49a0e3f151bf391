import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileCache, jsonTextAt, redisForSuite, startProcess } from '@ccg/testkit';
import type { StartedProcess } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { endLocal, startLocal } from './support/start-local.ts';

const adminStart = fileURLToPath(new URL('../../apps/admin/start.js', import.meta.url));
const token = 'the-token-of-the-operators-of-this-suite';

let folder: string;
const processes: StartedProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ccg-admin-'));
});
afterEach(async () => {
  for (const { killGroup, exited } of processes.splice(0)) {
    killGroup();
    await exited;
  }
  await rm(folder, { recursive: true });
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<StartedProcess> {
  const { url, keyPrefix } = redisForSuite('admin');
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, `${token}\n`, { mode: 0o600 });
  const child = startProcess({
    command: process.execPath,
    args: [adminStart],
    cwd: folder,
    env: {
      ENV_FILE: '',
      ...compileCache,
      REDIS_URL: url,
      REDIS_KEY_PREFIX: keyPrefix,
      KEY_PEPPER: 'p'.repeat(32),
      ADMIN_TOKEN_FILE: tokenFile,
      ADMIN_PORT: '0',
      OPS_PORT: '0',
      ...env,
    },
  });
  processes.push(child);
  return child;
}

/** The addresses that the log names. */
async function addressesOf(child: StartedProcess): Promise<{ readonly url: string; readonly opsUrl: string }> {
  return await new Promise((resolve, reject) => {
    child.onStdoutLine((line) => {
      const parsed: unknown = JSON.parse(line);
      const url = jsonTextAt(parsed, 'url');
      if (url !== '') resolve({ url, opsUrl: jsonTextAt(parsed, 'opsUrl') });
    });
    void child.exited.then(() => reject(new Error(child.stdout() + child.stderr())));
  });
}

async function ask(
  url: string,
  path: string,
  credential: string,
  body?: object,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${url}/admin/v1${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json', connection: 'close' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

describe('apps/admin', () => {
  test.each([
    [
      'without the token of its operators',
      { ADMIN_TOKEN_FILE: '' },
      /ADMIN_TOKEN_FILE: is required.*openssl rand -hex 32/u,
    ],
    ['with a file that is not there', { ADMIN_TOKEN_FILE: '/no/such/file' }, /\/no\/such\/file does not exist/u],
    [
      'with a file that is no configuration',
      { GATEWAY_CONFIG: '/no/such.yaml' },
      /GATEWAY_CONFIG: \/no\/such\.yaml does not exist/u,
    ],
  ])('refuses to start %s, and says what to do', async (_what, env, says) => {
    const child = await start(env);
    expect(await child.exited).toMatchObject({ code: 1 });
    expect(child.stderr()).toMatch(says);
    expect(child.stderr()).not.toContain('    at ');
  });

  test('serves probes and metrics apart, and ends with 0', async () => {
    const child = await start();
    const { url, opsUrl } = await addressesOf(child);
    expect((await ask(url, '/tenants', token)).status).toBe(200);
    for (const path of ['/livez', '/readyz', '/metrics']) {
      expect([path, (await fetch(opsUrl + path)).status]).toEqual([path, 200]);
      expect([path, (await fetch(url + path)).status]).toEqual([path, 404]);
    }
    child.signal('SIGTERM');
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.stdout()).toContain('"the admin API is closed"');
    expect(child.stdout() + child.stderr()).not.toContain(token);
  });
});

test('npm start serves it too: who is let in there is let in by the gateway at once, until revoked', async () => {
  const dataDir = join(folder, 'data');
  const local = await startLocal({ dataDir, env: { OPENAI_API_KEY: 'sk-none' } });
  try {
    const line =
      local.process
        .stdout()
        .split('\n')
        .find((text) => text.startsWith('  Admin API ')) ?? '';
    const [, url = '', tokenFile = ''] = /(http\S+)\/admin\/v1, token in (\S+)$/u.exec(line) ?? [];
    expect(tokenFile).toBe(join(dataDir, 'admin-token'));
    expect((await stat(tokenFile)).mode & 0o777).toBe(0o600);
    const operator = (await readFile(tokenFile, 'utf8')).trim();
    const tenant = { id: 'acme', name: 'Acme', allowlist: { models: ['*'] } };
    expect((await ask(url, '/tenants', operator, tenant)).status).toBe(201);
    const created = await ask(url, '/tenants/acme/api-keys', operator, { name: 'one' });
    const apiKey = jsonTextAt(created.body, 'apiKey');
    const models = async () =>
      (await fetch(`${local.url}/v1/models`, { headers: { 'x-api-key': apiKey, connection: 'close' } })).status;
    expect(await models()).toBe(200);
    const id = jsonTextAt(created.body, 'record', 'id');
    expect((await ask(url, `/tenants/acme/api-keys/${id}/revoke`, operator, {})).status).toBe(200);
    await expect.poll(models).toBe(401);
  } finally {
    await endLocal(local.process, dataDir);
  }
});
