import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { jsonAt, playModel, runGatewayToExit, say, startScriptedUpstream } from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { repositoryRoot } from '../gates/repository-root.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

const folder = mkdtempSync(join(tmpdir(), 'ccg-config-'));
const file = join(folder, 'gateway.yaml');
let suite: Suite;
let upstream: ScriptedUpstream;

beforeAll(async () => {
  upstream = await startScriptedUpstream();
  writeFileSync(join(folder, 'key'), 'sk-from-file\n');
  writeFileSync(file, fileFor(upstream.url));
  suite = await startSuite('config-file', { GATEWAY_CONFIG: file, TEAM: 'team-secret' });
});

afterAll(async () => {
  await suite.close();
  await upstream.close();
  rmSync(folder, { recursive: true });
});

function fileFor(url: string): string {
  return `version: 1
providers:
  mine:
    dialect: openai-chat
    baseUrl: ${url}/v1
    credential: {file: key}
    headers: {X-Team: {env: TEAM}}
    capabilities: {maxTokensField: max_completion_tokens}
    timeouts: {firstEvent: 0.2}
models:
  fast: {model: "mine:m-1", contextTokens: 5000, displayName: Fast}
  "*HAIKU*": fast
`;
}

const client = (): Anthropic =>
  new Anthropic({ baseURL: suite.gateway.url, apiKey: suite.apiKey, authToken: null, maxRetries: 0 });

const ask = (model: string) =>
  client().messages.create({ model, max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] });

test.each(['fast', 'claude-haiku-5-5', 'mine:m-1'])(
  'a request for %s goes to the provider of the file, with its credential, headers and capabilities',
  async (model) => {
    upstream.play(playModel([{ content: [say('hi')], usage: { input: 1, cacheRead: 0, output: 1 } }]));
    expect((await ask(model)).model).toBe(model);
    const sent = upstream.requests.at(-1);
    expect(sent?.headers).toMatchObject({ authorization: 'Bearer sk-from-file', 'x-team': 'team-secret' });
    expect(jsonAt(sent?.json(), 'model')).toBe('m-1');
    expect(jsonAt(sent?.json(), 'max_completion_tokens')).toBe(9);
  },
);

test('the aliases are listed with the windows and names that the file gives them', async () => {
  const { data } = await client().models.list();
  expect(data.slice(0, 2)).toMatchObject([
    { id: 'fast', display_name: 'Fast', max_input_tokens: 5000 },
    { id: 'claude-via-fast', display_name: 'Fast', max_input_tokens: 5000 },
  ]);
});

test('the start says which file it read and what of the environment it replaces, and shows no secret', () => {
  const output = suite.gateway.output();
  expect(output).toContain(`Providers and models: ${file}\n`);
  expect(output).toContain(`${file}: models."*haiku*" replaces the one of the environment\n`);
  expect(output).not.toMatch(/sk-from-file|team-secret/u);
});

describe('a file that cannot be used stops the start with all that is wrong', () => {
  const large = join(folder, 'large.yaml');
  const binary = join(folder, 'binary.yaml');
  const faulty = join(folder, 'faulty.yaml');
  mkdirSync(join(folder, 'sub'));
  writeFileSync(large, '# x\n'.repeat(2_600_000));
  writeFileSync(binary, Buffer.from([0x61, 0xff, 0xfe]));
  writeFileSync(faulty, 'version: 1\nproviders:\n  a:\n    dialect: soap\n    token: sk-secretpart\nmodel: {}\n');

  test.each([
    ['a folder', join(folder, 'sub'), [/^ {2}GATEWAY_CONFIG: \S+sub is a folder\. Name the file in it\.$/mu]],
    ['one that is not there', join(folder, 'none'), [/^ {2}GATEWAY_CONFIG: \S+none does not exist\.$/mu]],
    ['a device', '/dev/null', [/^ {2}GATEWAY_CONFIG: \/dev\/null is not a file\.$/mu]],
    ['10 MB', large, [/^ {2}GATEWAY_CONFIG: \S+ has 10400000 bytes, and 1048576 are the most\./mu]],
    ['bytes that are no text', binary, [/^ {2}GATEWAY_CONFIG: \S+ is not UTF-8 text\.$/mu]],
    [
      'several faults',
      faulty,
      [
        /faulty\.yaml:4: providers\.a\.dialect: must be/u,
        /faulty\.yaml:6: model: is not a setting/u,
        /^ {2}REDIS_URL: /mu,
      ],
    ],
  ])('%s', async (_what, path, says) => {
    const { exit, output } = await runGatewayToExit({ KEY_PEPPER: 'p'.repeat(32), GATEWAY_CONFIG: path });
    expect(exit).toEqual({ code: 1, signal: null });
    for (const pattern of says) expect(output).toMatch(pattern);
    expect(output).not.toMatch(/secretpart|^\s+at /mu);
  });
});

describe('npm run config:check', () => {
  const check = (args: readonly string[], more: Readonly<Record<string, string>> = {}) => {
    const env = { PATH: process.env['PATH'], ENV_FILE: '', TEAM: 'team-secret', BIG_MODEL: 'mine:big', ...more };
    const start = join(repositoryRoot, 'apps/gateway/start.js');
    const { status, stdout } = spawnSync(process.execPath, [start, '--check-config', ...args], {
      env,
      encoding: 'utf8',
    });
    return { status, lines: stdout.split('\n') };
  };

  test('prints the table that a file gives, without secrets, and ends with 0', () => {
    const { status, lines } = check([file]);
    expect(status).toBe(0);
    expect(lines.map((line) => line.replaceAll(/ +/gu, ' '))).toEqual([
      `Providers and models: ${file}`,
      '',
      'Providers',
      ` mine openai-chat ${upstream.url}/v1 with credential headers: x-team`,
      '',
      'Models',
      ' fast, *HAIKU* → mine:m-1',
      ' *sonnet*, *opus*, *claude* → mine:big',
      ' other names → mine, name unchanged',
      '',
      'Without a price, so at the highest of all prices',
      ' mine:m-1',
      ' mine:big',
      '',
    ]);
  });

  test('prints the tenants of a file, and what is wrong with their API keys', () => {
    const tenants = join(folder, 'tenants.yaml');
    const apiKey = `ccg_live_${'a'.repeat(38)}`;
    writeFileSync(join(folder, 'ci-key'), apiKey);
    const text = (name: string) =>
      `${fileFor(upstream.url)}tenants:\n  acme: {name: Acme, allowlist: {models: ['*']}, apiKeys: [{name: ci, file: ${name}}]}\n`;
    writeFileSync(tenants, text('ci-key'));
    expect(check([tenants]).lines.slice(-3)).toEqual([
      'Tenants',
      '  acme  Acme  models: *    users: 0  API keys: 1',
      '',
    ]);
    expect(check([tenants]).lines.join('\n')).not.toContain(apiKey);
    writeFileSync(tenants, text('gone'));
    const { status, lines } = check([tenants]);
    expect(status).toBe(1);
    expect(lines[1]).toMatch(/tenants\.yaml:\d+: tenants\.acme\.apiKeys\.0\.file: the file gone is empty/u);
  });

  test('prints what is wrong and ends with 1', () => {
    const { status, lines } = check([join(folder, 'faulty.yaml')]);
    expect([status, lines[0]]).toEqual([1, 'The configuration is not usable:']);
  });

  test('says without a file what the start would say of the variables, and ends with 1', async () => {
    const faulty = {
      KEY_PEPPER: 'p'.repeat(32),
      PORT: 'http',
      LOG_SAMPLE: '-1',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector',
      ALLOW_KEYLESS: 'true',
      OPENAI_API_KEY: 'sk-secretpart',
    };
    const { status, lines } = check([], faulty);
    const said = lines.join('\n');
    expect(status).toBe(1);
    const { exit, output } = await runGatewayToExit({ TEAM: 'team-secret', BIG_MODEL: 'mine:big', ...faulty });
    expect(exit).toMatchObject({ code: 1 });
    expect(output).toContain(said.trim());
    for (const name of ['PORT', 'LOG_SAMPLE', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'ALLOW_KEYLESS', 'REDIS_URL']) {
      expect(said).toContain(`\n  ${name}`);
    }
    expect(said).not.toContain('secretpart');
  });

  test('says without a file what it has checked, with the tables that the environment gives', () => {
    const env = { KEY_PEPPER: 'p'.repeat(32), REDIS_URL: 'redis://127.0.0.1:1' };
    const ofFile = check([], { ...env, GATEWAY_CONFIG: file });
    expect([ofFile.status, ofFile.lines[0]]).toEqual([
      0,
      'Checked the variables of a gateway, and the file of GATEWAY_CONFIG. It would start with them. Nobody was called: neither Redis nor a provider.',
    ]);
    expect(ofFile.lines).toEqual([ofFile.lines[0], ...check([file]).lines]);
    const alone = check([], { ...env, OLLAMA_API_BASE: 'http://127.0.0.1:1', BIG_MODEL: 'big', SMALL_MODEL: 'small' });
    expect([alone.status, alone.lines[0]]).toEqual([0, expect.stringContaining('no file: GATEWAY_CONFIG is unset')]);
    expect(alone.lines.join('\n')).toMatch(/^ {2}ollama +ollama +http:\/\/127/mu);
  });
});
