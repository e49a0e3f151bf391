import { describe, expect, test } from 'vitest';
import type { Cli, Environment } from './cli.ts';
import { recordCli } from '../test/record-cli.ts';
import { runCli } from './run-cli.ts';

const apiKey = `ccg_live_${'a'.repeat(38)}`;

const noNetwork: Cli['fetch'] = () => Promise.reject(new Error('a request was sent'));

/** Runs a command line that must not get as far as the network, unless `fetch` stands for it. */
async function run(args: readonly string[], env: Environment = {}, fetch = noNetwork) {
  const { cli, written } = recordCli({ env, fetch });
  const exitCode = await runCli(cli, args);
  return { exitCode, ...written() };
}

describe('a command line', () => {
  test.each([
    ['an unknown command', ['tenant'], 'Did you mean tenants?'],
    ['an unknown option', ['tenants', 'list', '--jsn'], 'Did you mean --json?'],
    ['a missing argument', ['keys', 'create'], "missing required argument 'name'"],
    ['a duration without a unit', ['keys', 'rotate', 'key_1', '--overlap', '24'], 'such as 24h or 30d'],
    ['a day that there is not', ['keys', 'create', 'a', '--expires', '2027-02-31'], 'or a date such as'],
    ['a shell that there is not', ['completion', 'tcsh'], 'Allowed choices are bash, zsh, fish'],
    ['a token to revoke by nothing', ['tokens', 'revoke', '--issuer', 'https://idp'], 'either --id'],
    ['a tenant without an allowlist', ['tenants', 'create', 'acme'], '--models "*" allows all'],
    ['a policy without an allowlist', ['policies', 'put', 'small', '--tenant', 'acme'], '--models or --targets'],
    ['a group alone', ['users'], 'Usage: ccg users'],
  ])('with %s exits with 2 and says what is wrong', async (_what, args, message) => {
    const { exitCode, stdout, stderr } = await run(args, { CCG_TOKEN: 'x'.repeat(40) });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  test.each([
    ['an API key', ['keys', 'revoke', apiKey], {}],
    ['an API key within an option', ['models', `--token=${apiKey}`], {}],
    ['a token', ['self', 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln'], {}],
    ['a key of Anthropic', ['setup', '--api-key-helper', 'echo sk-ant-api03-abcdefgh'], {}],
    [
      'the operator token',
      ['tenants', 'show', 'operator-token-of-this-test'],
      { CCG_TOKEN: 'operator-token-of-this-test' },
    ],
  ])('with %s in it is refused, and the credential is not repeated', async (_what, args, env) => {
    const { exitCode, stdout, stderr } = await run(args, env);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^Argument \d contains a credential\..+\n {2}Put it into CCG_TOKEN.+\n$/u);
    for (const secret of [apiKey, 'eyJ', 'sk-ant', 'operator-token']) expect(stderr).not.toContain(secret);
  });

  test.each(['--help', '--version', 'keys --help'])('%s exits with 0', async (line) => {
    const { exitCode, stdout, stderr } = await run(line.split(' '));
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).not.toBe('');
  });
});

test.each([
  ['create', 'ci'],
  ['rotate', 'key_1'],
])('ccg keys %s says with a token that an expiry must be added', async (verb, name) => {
  const message = 'What you make with a token ends with it at the latest, at 2027-01-31T12:00:00.000Z.';
  const errors = [{ path: 'expiresAt', message }];
  const refuse: Cli['fetch'] = () =>
    Promise.resolve(
      new Response(JSON.stringify({ detail: 'You may not give that.', errors }), {
        status: 403,
        headers: { 'content-type': 'application/problem+json' },
      }),
    );
  const bare = await run(['keys', verb, name, '--own'], { CCG_TOKEN: 'eyJ.eyJ.x' }, refuse);
  expect(bare).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/2027-01-31T12:00.*\n.*Add --expires/u) });
  const late = await run(['keys', verb, name, '--own', '--expires', '90d'], { CCG_TOKEN: 'eyJ.eyJ.x' }, refuse);
  expect(late).toMatchObject({ exitCode: 1, stderr: expect.not.stringContaining('Add --expires') });
});

describe('the environment', () => {
  test.each([
    ['no credential', {}, 'There is no credential. Set CCG_TOKEN'],
    ['two credentials', { CCG_TOKEN: 'x', CCG_TOKEN_FILE: '/dev/null' }, 'Unset one of them'],
    ['a credential of two lines', { CCG_TOKEN: 'secret-one\nsecret-two' }, 'CCG_TOKEN holds more than one word'],
    ['a file that is not there', { CCG_TOKEN_FILE: 'gone' }, '/nowhere/gone does not exist'],
    ['an empty file', { CCG_TOKEN_FILE: '/dev/null' }, 'the file is empty'],
    ['no URL', { CCG_TOKEN: 'x', CCG_ADMIN_URL: 'localhost:4001' }, 'CCG_ADMIN_URL must be a URL'],
    ['a password in the URL', { CCG_TOKEN: 'x', CCG_ADMIN_URL: 'http://me:secret@host' }, 'no user and no password'],
    ['a query in the URL', { CCG_TOKEN: 'x', CCG_ADMIN_URL: 'http://host?x=secret' }, 'nothing behind "?"'],
  ])('with %s ends a command with 2, says what to do and shows no value', async (_what, env, message) => {
    const { exitCode, stdout, stderr } = await run(['self'], env);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('secret');
  });
});
