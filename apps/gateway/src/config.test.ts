import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseConfig } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'ccg-config-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
let files = 0;

function write(content: object): string {
  const file = join(folder, `${(files += 1)}.json`);
  writeFileSync(file, JSON.stringify(content));
  return file;
}

const env = { REDIS_URL: 'redis://localhost', KEY_PEPPER: 'p'.repeat(32), OPENAI_API_KEY: 'sk-1' };

function warningsOf(hosts: Readonly<Record<string, string>>): readonly string[] {
  const parsed = parseConfig({ ...env, ...hosts });
  if (parsed.kind === 'faulty') throw new Error(parsed.message);
  return parsed.listenWarnings;
}

test.each([
  { HOST: '0.0.0.0' },
  { HOST: '::' },
  { HOST: '10.0.0.5' },
  { HOST: 'gateway.internal' },
  { HOST: '127.example.com' },
])('metrics that are open to a network because OPS_HOST follows HOST are warned of: %o', (hosts) => {
  expect(warningsOf(hosts)).toEqual([expect.stringMatching(/metrics.*Set OPS_HOST/u)]);
});

test.each([
  {},
  { HOST: 'localhost' },
  { HOST: '127.0.0.2' },
  { HOST: '::1' },
  { HOST: '0.0.0.0', OPS_HOST: '0.0.0.0' },
])('metrics that stay on the machine, or are open on purpose, are not: %o', (hosts) => {
  expect(warningsOf(hosts)).toEqual([]);
});

test.each([{ PORT: '4002' }, { OPS_PORT: '4000' }, { HOST: '::1', OPS_HOST: '::1', PORT: '80', OPS_PORT: '80' }])(
  'one port for clients and for probes is refused: %o',
  (ports) => {
    const parsed = parseConfig({ ...env, ...ports });
    expect(parsed).toMatchObject({
      kind: 'faulty',
      message: expect.stringMatching(/^  PORT and OPS_PORT must differ/mu),
    });
  },
);

test.each([
  { PORT: '0', OPS_PORT: '0' },
  { PORT: '80', OPS_PORT: '80', HOST: '10.0.0.1', OPS_HOST: '127.0.0.1' },
])('two ports that the system chooses, and one port on two hosts, are not: %o', (ports) => {
  expect(parseConfig({ ...env, ...ports }).kind).toBe('valid');
});

test.each([
  ['/nonexistent/key.json', /does not exist\. Name the key file of a service account, or remove/u],
  ['.oxfmtrc.json', /is no file of Google credentials: it has no "type"/u],
  ['README.md', /is no file of Google credentials: it is not JSON/u],
  [write({ type: 'nope' }), /its "type" is unknown, or what belongs to that type is missing/u],
  [write({ type: 'service_account', client_email: 'a@b' }), /what belongs to that type is missing/u],
  [
    write({ type: 'service_account', client_email: 'a@b', private_key: '-----BEGIN PRIVATE KEY-----\nsecretpart\n' }),
    /its "private_key" is not a private key in PEM form/u,
  ],
  ['.', /cannot be read \(EISDIR/u],
])('a file of Google credentials that is none is told at start, if Vertex AI is used: %s', (file, message) => {
  const models = { BIG_MODEL: 'gemini-3-pro', SMALL_MODEL: 'gemini-3-flash' };
  const vertex = { USE_VERTEX_AUTH: 'true', VERTEX_PROJECT: 'my-project', PREFERRED_PROVIDER: 'gemini', ...models };
  const parsed = parseConfig({ ...env, ...vertex, GOOGLE_APPLICATION_CREDENTIALS: file });
  if (parsed.kind === 'valid') throw new Error('it is taken');
  expect(parsed.message).toMatch(new RegExp(`^  GOOGLE_APPLICATION_CREDENTIALS: .*${message.source}`, 'mu'));
  expect(parseConfig({ ...env, GOOGLE_APPLICATION_CREDENTIALS: file }).kind).toBe('valid');
});

test('a key file of a service account, a login of gcloud and a federation are taken', () => {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const models = { BIG_MODEL: 'gemini-3-pro', SMALL_MODEL: 'gemini-3-flash' };
  const vertex = { USE_VERTEX_AUTH: 'true', VERTEX_PROJECT: 'my-project', PREFERRED_PROVIDER: 'gemini', ...models };
  for (const file of [
    { type: 'service_account', client_email: 'a@b', private_key: privateKey },
    { type: 'authorized_user', client_id: 'a', client_secret: 'b', refresh_token: 'c' },
    { type: 'external_account' },
  ]) {
    expect(parseConfig({ ...env, ...vertex, GOOGLE_APPLICATION_CREDENTIALS: write(file) }).kind).toBe('valid');
  }
});

test('what is wrong with variables together is told beside what is wrong with others', () => {
  const together = { PORT: '4002', FETCH_IMAGE_URLS: 'true', HTTPS_PROXY: 'proxy:3128' };
  const parsed = parseConfig({ ...together, KEY_PEPPER: 'short', LOG_LEVEL: 'loud', OPENAI_DIALECT: 'x' });
  if (parsed.kind === 'valid') throw new Error('it is taken');
  const names = ['REDIS_URL', 'KEY_PEPPER', 'LOG_LEVEL', 'PORT and OPS_PORT', 'FETCH_IMAGE_URLS', 'OPENAI_DIALECT'];
  for (const name of names) expect(parsed.message).toContain(`\n  ${name}`);
  const oneFaulty = parseConfig({ ...env, PORT: 'x', OPS_PORT: '4000' });
  expect(oneFaulty).toMatchObject({ problems: [expect.stringMatching(/^PORT: must be/u)] });
});

test('files are not fetched from where a proxy chooses', () => {
  const faulty = parseConfig({ ...env, FETCH_IMAGE_URLS: 'true', HTTPS_PROXY: 'proxy:3128' });
  expect(faulty).toMatchObject({
    kind: 'faulty',
    message: expect.stringMatching(/^  FETCH_IMAGE_URLS: cannot be true while HTTPS_PROXY is set/mu),
  });
  expect(parseConfig({ ...env, FETCH_IMAGE_URLS: 'true' })).toMatchObject({ config: { fetchImageUrls: true } });
  expect(parseConfig({ ...env, HTTPS_PROXY: 'proxy:3128' })).toMatchObject({ config: { fetchImageUrls: false } });
});
