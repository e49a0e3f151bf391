import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseAdminConfig } from './config.ts';

const token = 'a-token-of-32-characters-or-more';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'admin-config-'));
  file = join(folder, 'token');
  await writeFile(file, `${token}\n`, { mode: 0o600 });
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function parse(changes: Readonly<Record<string, string | undefined>> = {}) {
  const required = { REDIS_URL: 'redis://127.0.0.1', KEY_PEPPER: 'p'.repeat(32), ADMIN_TOKEN_FILE: file };
  return parseAdminConfig({ ...required, ...changes });
}

test('the admin API is served on port 4001 of this machine alone unless told otherwise', () => {
  expect(parse()).toMatchObject({
    kind: 'valid',
    config: { host: '127.0.0.1', port: 4001, opsPort: 4002, operatorTokenFile: file },
    warnings: [],
  });
});

test('who is asked about limits is a text that people can be shown', () => {
  expect(parse({ SUPPORT_CONTACT: ' #claude-help ' })).toMatchObject({ config: { supportContact: '#claude-help' } });
  expect(parse({ SUPPORT_CONTACT: '' })).toMatchObject({ config: { supportContact: 'the operators of this gateway' } });
  expect(parse({ SUPPORT_CONTACT: 'a\nb' })).toMatchObject({
    problems: ['SUPPORT_CONTACT: must have 1 to 200 characters, none of them a control or an invisible character'],
  });
});

describe('the token of the operators', () => {
  test.each([undefined, '', ' '])('must be named (%o)', (value) => {
    expect(parse({ ADMIN_TOKEN_FILE: value })).toMatchObject({
      kind: 'faulty',
      problems: [expect.stringMatching(/^ADMIN_TOKEN_FILE: is required.*openssl rand -hex 32 > admin-token/u)],
    });
  });

  test.each([
    ['is not there', 'missing', /does not exist.*openssl rand/u],
    ['is a folder', '', /is a folder\. Name the file in it/u],
  ])('is refused where its file %s', (_what, name, says) => {
    const problems = [expect.stringMatching(says)];
    expect(parse({ ADMIN_TOKEN_FILE: join(folder, name) })).toMatchObject({ kind: 'faulty', problems });
  });

  test.each([
    ['is empty', '', /at least 32 characters/u],
    ['has 31 characters', 't'.repeat(31), /at least 32 characters/u],
    ['has a space', `${token} ${token}`, /without spaces/u],
    ['has two lines', `${token}\n${token}`, /one line/u],
  ])('is refused where it %s, and not shown', async (_what, text, says) => {
    await writeFile(file, text);
    const parsed = parse();
    expect(parsed).toMatchObject({ kind: 'faulty', problems: [expect.stringMatching(says)] });
    if (text !== '') expect(JSON.stringify(parsed)).not.toContain(text);
  });

  test('that every user of the machine can read is warned of', async () => {
    await chmod(file, 0o644);
    expect(parse()).toMatchObject({ kind: 'valid', warnings: [expect.stringContaining(`chmod 600 ${file}`)] });
    await chmod(file, 0o640);
    expect(parse()).toMatchObject({ kind: 'valid', warnings: [] });
  });
});

test('every fault is named at once', () => {
  const parsed = parse({ REDIS_URL: undefined, KEY_PEPPER: 'short', ADMIN_PORT: '70000', ADMIN_TOKEN_FILE: folder });
  const problems = parsed.kind === 'faulty' ? parsed.problems.join('\n') : '';
  for (const name of ['REDIS_URL', 'KEY_PEPPER', 'ADMIN_PORT', 'ADMIN_TOKEN_FILE']) expect(problems).toContain(name);
});

test('the port must not be that of probes and metrics', () => {
  expect(parse({ ADMIN_PORT: '4002' })).toMatchObject({
    kind: 'faulty',
    problems: [expect.stringContaining('ADMIN_PORT and OPS_PORT must differ')],
  });
});
