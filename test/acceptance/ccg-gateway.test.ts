import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';

import { Secret } from '@ccg/kernel';
import { createApiKey, generateApiKey, hashApiKey, systemActor } from '@ccg/tenancy';
import {
  createSelfSignedServer,
  cut,
  doneValue,
  installClaudeCli,
  jsonAt,
  openAiChatFrame,
  openAiChatSseHead,
  playModel,
  say,
  selfSignedCertificate,
  startProcess,
  unreachableUrl,
  write,
} from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { runCcg } from './support/run-ccg.ts';
import type { CcgRun } from './support/run-ccg.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let suite: Suite;
let home: string;
beforeAll(async () => {
  suite = await startSuite('ccg', {});
});
afterAll(() => suite.close());
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'ccg-home-'));
  suite.upstream.play(playModel([{ content: [say('Hello from the gateway.')] }]));
  return () => rm(home, { recursive: true, force: true, maxRetries: 5 });
});

const ccg = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CcgRun> =>
  runCcg(args, { HOME: home, CCG_URL: suite.gateway.url, CCG_TOKEN: suite.apiKey, ...env });

describe('ccg doctor', () => {
  test('finds nothing where Claude Code can work', async () => {
    const { exitCode, stdout, stderr } = await ccg(['doctor', '--model', 'claude-sonnet-5-5']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.slice(0, 18).trimEnd())).toEqual([
      'ok     base URL',
      'ok     credential',
      'ok     model',
      'ok     request',
    ]);
    expect(lines[3]).toMatch(/claude-sonnet-5-5 streamed \d+ tokens/u);
  });

  test('examines what Claude Code would use', async () => {
    const env = { ANTHROPIC_BASE_URL: suite.gateway.url, ANTHROPIC_AUTH_TOKEN: suite.apiKey };
    const { exitCode, stdout } = await ccg(['doctor'], { CCG_URL: '', CCG_TOKEN: '', ...env });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('ANTHROPIC_AUTH_TOKEN is accepted');
  });

  test('examines the model that the base URL names', async () => {
    const url = `${suite.gateway.url}/openai:some/model`;
    const { exitCode, stdout } = await ccg(['doctor', '--json'], { CCG_URL: url });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ checks: [{}, {}, { check: 'model', result: 'ok' }, {}] });
    expect(jsonAt(suite.upstream.requests.at(-1)?.json(), 'model')).toBe('some/model');
  });

  /** The check that fails last, the exit code, and a word of the remedy. */
  type Fault = readonly [what: string, check: string, exitCode: number, words: RegExp];

  async function expectFault(
    [, check, exitCode, words]: Fault,
    env: Readonly<Record<string, string>>,
    args = ['doctor'],
  ) {
    const run = await ccg(args, env);
    expect(run.exitCode).toBe(exitCode);
    const faults = run.stdout.split('\n').filter((line) => line.startsWith('fault'));
    expect(faults.map((line) => line.slice(7, 18).trimEnd())).toEqual([check]);
    expect(run.stdout).toMatch(words);
    expect(run.stdout + run.stderr).not.toContain(suite.apiKey);
  }

  test('names a gateway that is not there, or is another server', async () => {
    const nobody = ['nobody', 'base URL', 3, /Nothing listens at 127\.0\.0\.1:\d+\. .+CCG_URL/u] as const;
    await expectFault(nobody, { CCG_URL: await unreachableUrl() });
    const other = ['another server', 'base URL', 3, /is not this gateway.+Set CCG_URL/u] as const;
    await expectFault(other, { CCG_URL: suite.gateway.opsUrl });
    await expectFault(['/v1', 'base URL', 1, /must not end with \/v1/u], { CCG_URL: `${suite.gateway.url}/v1` });
  });

  test('names a certificate that is not trusted, and the variable with which it is', async () => {
    const proxy = createSelfSignedServer((client, answer) => {
      const { url: path, method, headers } = client;
      const forwarded = request(suite.gateway.url + path, { method, headers }, (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      });
      client.pipe(forwarded);
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    try {
      const url = `https://127.0.0.1:${String(jsonAt(proxy.address(), 'port'))}`;
      const untrusted = ['untrusted', 'base URL', 3, /not trusted \(.+NODE_EXTRA_CA_CERTS/u] as const;
      await expectFault(untrusted, { CCG_URL: url });
      const certificate = join(home, 'ca.pem');
      await writeFile(certificate, selfSignedCertificate);
      const trusted = await ccg(['doctor'], { CCG_URL: url, NODE_EXTRA_CA_CERTS: certificate });
      expect(trusted).toMatchObject({ exitCode: 0, stderr: '' });
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  test('names a credential that is missing or unknown', async () => {
    await expectFault(['none', 'credential', 1, /Set CCG_TOKEN/u], { CCG_TOKEN: '' });
    const unknown = generateApiKey(randomBytes).reveal();
    await expectFault(['unknown', 'credential', 1, /The credential came from CCG_TOKEN/u], { CCG_TOKEN: unknown });
  });

  test('names a model that there is not, or that is not allowed', async () => {
    await expectFault(['unknown', 'model', 1, /no model "nothing".+\n.+ccg models/u], {}, [
      'doctor',
      '--model',
      'nothing',
    ]);
    const { apiKey } = doneValue(
      await createApiKey(suite.tenancy, systemActor('test'), {
        tenant: suite.tenant,
        name: 'small',
        allowlist: { models: ['*haiku*'] },
      }),
    );
    const denied = ['denied', 'model', 1, /claude-opus-5-5.+\n.+ANTHROPIC_MODEL/u] as const;
    await expectFault(denied, { CCG_TOKEN: apiKey.reveal() });
  });

  test('names a stream that breaks off', async () => {
    const frame = openAiChatFrame('gpt-4.1', { choices: [{ index: 0, delta: { content: 'Hel' } }] });
    suite.upstream.play(() => [...openAiChatSseHead(), write(frame), cut]);
    await expectFault(['cut', 'request', 1, /The gateway's log has more, at the request req_/u], {});
  });
});

test('ccg models lists what the credential may use', async () => {
  const { exitCode, stdout } = await ccg(['models']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(
    /^MODEL +WINDOW +OUTPUT +NAME\nclaude-via-openai:gpt-4\.1 +1047576 +32768 +gpt-4\.1 \(openai\)\n/u,
  );
  const { data } = JSON.parse((await ccg(['models', '--json'])).stdout) as { data: unknown[] };
  expect(data).toHaveLength(2);
});

describe('ccg setup', () => {
  test('lets the real Claude Code work by its settings alone', async () => {
    const file = join(home, 'api-key');
    await writeFile(file, `${suite.apiKey}\n`);
    const written = await ccg(['setup', '--write', '--model', 'claude-via-openai:gpt-4.1'], {
      CCG_TOKEN: '',
      CCG_TOKEN_FILE: file,
    });
    expect(written).toMatchObject({ exitCode: 0, stdout: '' });
    const claude = startProcess({
      command: await installClaudeCli(),
      args: ['-p', 'Say hello', '--output-format', 'json'],
      cwd: home,
      env: { PATH: process.env['PATH'] ?? '', HOME: home, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' },
    });
    expect(await claude.exited).toEqual({ code: 0, signal: null });
    expect(jsonAt(JSON.parse(claude.stdout()), 'result')).toBe('Hello from the gateway.');
    expect(jsonAt(suite.upstream.requests.at(-1)?.json(), 'model')).toBe('gpt-4.1');
    const usage = Object.values(jsonAt(JSON.parse(claude.stdout()), 'modelUsage') as Record<string, unknown>);
    expect(usage).toMatchObject([{ contextWindow: 1_047_576 }]);
  });

  test('writes for the owner alone, keeps what was there and a copy of it, also behind a link', async () => {
    const kept = join(home, 'dotfiles.json');
    const before = '{\n    "permissions": {"allow": ["Bash(ls)"]},\n    "env": {"ANTHROPIC_API_KEY": "sk-ant-x"}\n}\n';
    await writeFile(kept, before, { mode: 0o644 });
    await symlink(kept, join(home, 'settings.json'));
    const { exitCode, stderr } = await ccg(['setup', '--write'], { CLAUDE_CONFIG_DIR: home });
    expect(exitCode).toBe(0);
    expect(stderr).not.toContain(suite.apiKey);
    expect(await readFile(kept, 'utf8')).toBe(
      `{\n    "permissions": {"allow": ["Bash(ls)"]},\n    "env": {"ANTHROPIC_BASE_URL": "${suite.gateway.url}", "ANTHROPIC_AUTH_TOKEN": "${suite.apiKey}"}\n}\n`,
    );
    expect((await stat(kept)).mode & 0o777).toBe(0o600);
    const backup = /before: (.+)\n/u.exec(stderr)?.[1] ?? '';
    expect(await readFile(backup, 'utf8')).toBe(before);
    expect((await stat(backup)).mode & 0o777).toBe(0o600);
    const again = await ccg(['setup', '--write'], { CLAUDE_CONFIG_DIR: home });
    expect(again).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('says so already') });
  });

  test('refuses a file that it cannot read, and leaves it as it is', async () => {
    const file = join(home, 'settings.json');
    await writeFile(file, '{"env": {"MINE": "secret-word",}}');
    const run = await ccg(['setup', '--write'], { CLAUDE_CONFIG_DIR: home });
    expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`${file} is not valid JSON`) });
    expect(run.stderr).not.toContain('secret-word');
    expect(await readFile(file, 'utf8')).toBe('{"env": {"MINE": "secret-word",}}');
  });

  test('prints the settings without the credential, and writes nothing', async () => {
    const { exitCode, stdout } = await ccg(['setup']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      env: { ANTHROPIC_BASE_URL: suite.gateway.url, ANTHROPIC_AUTH_TOKEN: '<your API key>' },
    });
    await expect(stat(join(home, '.claude'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('says for a denied model why, where its name comes from and that --model names another', async () => {
    const allowlist = { models: ['claude-haiku-*'] };
    const { tenant, tenancy } = suite;
    const narrow = doneValue(await createApiKey(tenancy, systemActor('suite'), { tenant, name: 'one', allowlist }));
    const env = { CCG_TOKEN: narrow.apiKey.reveal(), CLAUDE_CONFIG_DIR: home };
    const byDefault = await ccg(['setup'], env);
    expect(byDefault).toMatchObject({ exitCode: 1, stdout: '' });
    expect(byDefault.stderr).toMatch(/may not use the model "claude-opus-5-5".*claude-haiku-\*/u);
    expect(byDefault.stderr).toMatch(/claude-opus-5-5 is what Claude Code asks for.*\n.*ccg setup --model NAME/u);
    const file = join(home, 'settings.json');
    await writeFile(file, '{"env": {"ANTHROPIC_MODEL": "claude-sonnet-5-5"}}');
    const named = await ccg(['setup', '--write'], env);
    expect(named).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`env.ANTHROPIC_MODEL in ${file}`) });
    expect(await ccg(['setup', '--model', 'claude-haiku-4-5'], env)).toMatchObject({ exitCode: 0 });
  });

  test('writes nothing for a model that the gateway does not have', async () => {
    const run = await ccg(['setup', '--write', '--model', 'nothing']);
    expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('"nothing"') });
    await expect(stat(join(home, '.claude'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('ccg keys digest', () => {
  test('prints the digest of each API key of its input, as the gateway stores it', async () => {
    const digest = hashApiKey(new Secret(suite.pepper), new Secret(suite.apiKey));
    const env = { KEY_PEPPER: suite.pepper };
    const run = await runCcg(['keys', 'digest'], env, { input: `${suite.apiKey}\n\n${suite.apiKey}\n` });
    expect(run).toEqual({ exitCode: 0, stdout: `${digest}\n${digest}\n`, stderr: '' });
  });

  test('prints during a rotation of the pepper the digests of an API key under every pepper, in one line', async () => {
    const [previous, oldest] = ['q'.repeat(32), 'r'.repeat(32)];
    const digests = [suite.pepper, previous, oldest].map((pepper) =>
      hashApiKey(new Secret(pepper), new Secret(suite.apiKey)),
    );
    const env = { KEY_PEPPER: suite.pepper, KEY_PEPPER_PREVIOUS: `${previous},${oldest}` };
    const run = await runCcg(['keys', 'digest'], env, { input: suite.apiKey });
    expect(run).toEqual({ exitCode: 0, stdout: `${digests.join(',')}\n`, stderr: '' });
    const short = await runCcg(['keys', 'digest'], { ...env, KEY_PEPPER_PREVIOUS: 'short' }, { input: suite.apiKey });
    expect(short).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('KEY_PEPPER_PREVIOUS') });
  });

  test('refuses what is no API key, without repeating it', async () => {
    const typo = `${suite.apiKey.slice(0, -1)}_`;
    const run = await runCcg(['keys', 'digest'], { KEY_PEPPER: suite.pepper }, { input: typo });
    expect(run).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('Line 1 is no API key') });
    expect(run.stderr).not.toContain(typo);
  });
});

test('ccg config check says what is wrong with a file, with its line', async () => {
  const file = join(home, 'gateway.yaml');
  await writeFile(file, 'version: 1\nproviders:\n  one: { dialect: nothing }\n');
  const run = await runCcg(['config', 'check', file], {});
  expect(run).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining(`${file}:3`) });
  await writeFile(file, 'version: 1\nproviders:\n  one: { dialect: ollama, baseUrl: "http://127.0.0.1:1" }\n');
  const models = { BIG_MODEL: 'big', SMALL_MODEL: 'small' };
  const whole = await runCcg(['config', 'check', file], models);
  expect(whole).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringContaining('one:big') });
});
