import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { installClaudeCli, playModel, runClaude, runGatewayToExit, say, startScriptedUpstream } from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { generateApiKey } from '@ccg/tenancy';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { expectError } from './support/expect-error.ts';
import { installPythonSdks } from './support/python-sdks.ts';
import { sendRaw } from './support/send-raw.ts';
import { endLocal, runLocalToExit, startLocal } from './support/start-local.ts';
import type { LocalProcess } from './support/start-local.ts';

let binary: string;
let folder: string;
let upstream: ScriptedUpstream;
let local: LocalProcess;
let env: Readonly<Record<string, string>>;
beforeAll(async () => {
  binary = await installClaudeCli();
  folder = await mkdtemp(join(tmpdir(), 'ccg-keyless-'));
  upstream = await startScriptedUpstream(playModel([{ content: [say('Hello.')] }]));
  env = {
    OPENAI_BASE_URL: `${upstream.url}/v1`,
    BIG_MODEL: 'big',
    SMALL_MODEL: 'small',
    ANTHROPIC_API_KEY: 'sk-ant-of-the-gateway',
    ANTHROPIC_API_BASE: upstream.url,
    ALLOW_KEYLESS: 'true',
  };
  local = await startLocal({ dataDir: join(folder, 'data'), env });
}, 600_000);
afterAll(async () => {
  await endLocal(local.process, join(folder, 'data'));
  await upstream.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});
beforeEach(() => {
  upstream.reset();
  upstream.play(playModel([{ content: [say('Hello.')] }]));
});

const login = 'sk-ant-oat01-of-somebodys-login';

describe('Claude Code without an API key of the gateway', () => {
  test.each([
    { who: 'logged in at claude.ai', via: 'login', apiKey: login, prefix: '' },
    {
      who: 'logged in at claude.ai, in front of Anthropic',
      via: 'login',
      apiKey: login,
      prefix: '/anthropic:claude-x',
    },
    { who: 'with any word as its token', via: 'auth-token', apiKey: 'any-word', prefix: '' },
    { who: "with Anthropic's own key", via: 'api-key', apiKey: 'sk-ant-api03-of-somebody', prefix: '' },
  ] as const)('works when it is $who, whose credential goes no further', async ({ via, apiKey, prefix }) => {
    const baseUrl = local.url.replace('127.0.0.1', 'localhost') + prefix;
    const cwd = await mkdtemp(join(folder, 'work-'));
    const run = await runClaude({ binary, baseUrl, apiKey, via, prompt: 'Say hello.', cwd });
    expect(run, run.stderr).toMatchObject({ exitCode: 0, result: { isError: false, text: 'Hello.' } });
    expect(upstream.requests.length).toBeGreaterThan(0);
    expect(JSON.stringify(upstream.requests.map(({ headers }) => headers))).not.toContain(apiKey);
    expect(local.process.stdout() + local.process.stderr()).not.toContain(apiKey);
  });
});

describe('a Python SDK without an API key of the gateway', () => {
  test.for([
    { sdk: 'claude-agent-sdk', credential: { CLAUDE_CODE_OAUTH_TOKEN: login } },
    // It does not know a message that a Claude Code with a login gives.
    { sdk: 'claude-code-sdk', credential: { ANTHROPIC_AUTH_TOKEN: 'any-word' } },
  ] as const)('works: $sdk', { timeout: 300_000 }, async ({ sdk, credential }, context) => {
    const python = await installPythonSdks();
    if (python.kind === 'missing') return context.skip(python.reason);
    const home = await mkdtemp(join(folder, 'home-'));
    const env = { ANTHROPIC_BASE_URL: local.url.replace('127.0.0.1', 'localhost'), ...credential };
    const messages = await python.run({ sdk, prompt: 'Say hello.', home, binary, options: { cwd: home, env } });
    expect(messages.at(-1)).toMatchObject({ kind: 'ResultMessage', is_error: false, result: 'Hello.' });
    const headers = JSON.stringify(upstream.requests.map((request) => request.headers));
    for (const secret of Object.values(credential)) expect(headers).not.toContain(secret);
  });
});

const hello = JSON.stringify({ model: 'big', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] });
const json = ['content-type', 'application/json'] as const;

describe('no request gets in without an API key', () => {
  test.each([
    { what: 'of a web page', header: ['origin', 'http://evil.example'], message: /header origin.*from a browser/u },
    { what: 'of a page of this machine', header: ['origin', 'null'], message: /header origin.*from a browser/u },
    {
      what: 'under a name that was pointed at this machine',
      header: ['host', 'rebound.example:4000'],
      message: /header host .*does not name this machine/u,
    },
    { what: 'through a proxy', header: ['x-forwarded-for', '203.0.113.7'], message: /through a proxy/u },
  ] as const)('$what', async ({ header, message }) => {
    const answer = await sendRaw(local.url, { headers: [json, header], body: hello });
    expectError(answer, {
      status: 401,
      type: 'authentication_error',
      message,
      headers: { 'x-should-retry': 'false' },
    });
    expect(upstream.requests).toEqual([]);
    const apiKey = (await readFile(join(folder, 'data/first-key'), 'utf8')).trim();
    const withKey = await sendRaw(local.url, { headers: [json, header, ['x-api-key', apiKey]], body: hello });
    expect(withKey.status, withKey.text).toBe(200);
  });

  test('with one that looks like an API key of this gateway and was never issued', async () => {
    const issuedElsewhere = generateApiKey(randomBytes).reveal();
    const answer = await sendRaw(local.url, { headers: [json, ['x-api-key', issuedElsewhere]], body: hello });
    expectError(answer, { status: 401, type: 'authentication_error', message: /revoked or never issued/u });
  });
});

describe('a start with ALLOW_KEYLESS is refused', () => {
  test.each(['0.0.0.0', '::', '127.example.com'])('on %s, which is not this machine alone', async (HOST) => {
    const { exit, stderr } = await runLocalToExit({ dataDir: join(folder, 'other'), env: { ...env, HOST } });
    expect(exit.code).toBe(1);
    expect(stderr).toContain(`HOST is ${HOST}. Set HOST to 127.0.0.1, or remove ALLOW_KEYLESS.`);
  });

  test('with a value that is neither true nor false', async () => {
    const dataDir = join(folder, 'other');
    const { exit, stderr } = await runLocalToExit({ dataDir, env: { ...env, ALLOW_KEYLESS: 'yes' } });
    expect(exit.code).toBe(1);
    expect(stderr).toContain('ALLOW_KEYLESS: must be true or false');
  });

  test.each([
    [{ ALLOW_KEYLESS: 'yes' }, 'ALLOW_KEYLESS: must be true or false'],
    [{ HOST: '0.0.0.0' }, 'HOST is 0.0.0.0.'],
  ])('in one message with what else is wrong: %j', async (more, message) => {
    const faulty = { ...env, OPENAI_DIALECT: 'x', PORT: 'x', ...more };
    const { exit, stderr } = await runLocalToExit({ dataDir: join(folder, 'other'), env: faulty });
    expect(exit.code).toBe(1);
    expect(stderr).toContain('The configuration is not usable:');
    for (const part of [message, 'OPENAI_DIALECT: must be', 'PORT: must be']) expect(stderr).toContain(part);
  });

  test("at an organisation's gateway", async () => {
    const { exit, output } = await runGatewayToExit(env);
    expect(exit.code).toBe(1);
    expect(output).toMatch(/ALLOW_KEYLESS works with npm start alone/u);
    const others = await runGatewayToExit({ ...env, LOG_EXCHANGE: 'x', OPENAI_DIALECT: 'x' });
    for (const part of ['ALLOW_KEYLESS works', 'LOG_EXCHANGE works', 'OPENAI_DIALECT: must be']) {
      expect(others.output).toContain(part);
    }
  });
});
