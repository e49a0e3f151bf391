import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readCatalog } from './read-catalog.ts';

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

const env = { OPENAI_API_KEY: 'sk-1' };

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
  expect(readCatalog({ ...env, ...vertex, GOOGLE_APPLICATION_CREDENTIALS: file })).toMatchObject({
    kind: 'faulty',
    problems: [expect.stringMatching(new RegExp(`^GOOGLE_APPLICATION_CREDENTIALS: .*${message.source}`, 'u'))],
  });
  expect(readCatalog({ ...env, GOOGLE_APPLICATION_CREDENTIALS: file }).kind).toBe('valid');
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
    expect(readCatalog({ ...env, ...vertex, GOOGLE_APPLICATION_CREDENTIALS: write(file) }).kind).toBe('valid');
  }
});
