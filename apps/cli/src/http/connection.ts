import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Secret } from '@ccg/kernel';
import { CliError, reasonOf, systemCodeOf } from '../cli-error.ts';
import type { Cli, Environment } from '../cli.ts';

/** A server, and which variable leads to it. */
export interface Place {
  /** Without a slash at its end. */
  readonly url: string;
  /** For people: "the admin API". */
  readonly what: string;
  /** What to change where the address is wrong. */
  readonly variable: string;
}

/** A credential, and where it was found. */
export interface Credential {
  readonly secret: Secret;
  readonly from: string;
  /** The file that it was read from, as an absolute path. */
  readonly file?: string | undefined;
}

const adminPath = '/admin/v1';

/** The admin API: `CCG_ADMIN_URL`, else this machine's, on the port that an admin container has in its environment. */
export function adminPlace(env: Environment): Place {
  const port = /^\d{1,5}$/u.exec(env['ADMIN_PORT'] ?? '')?.[0] ?? '4001';
  const text = given(env, 'CCG_ADMIN_URL') ?? `http://127.0.0.1:${port}`;
  const url = readUrl('CCG_ADMIN_URL', text);
  return {
    url: url.endsWith(adminPath) ? url : url + adminPath,
    what: 'the admin API',
    variable: 'CCG_ADMIN_URL',
  };
}

/** The gateway: `CCG_URL`, else where Claude Code would go, else this machine's. */
export function gatewayPlace(env: Environment): Place {
  const variable = gatewayVariable(env);
  const url = readUrl(variable, given(env, variable) ?? 'http://127.0.0.1:4000');
  if (url.endsWith('/v1')) {
    throw new CliError('usage', `${variable} must not end with /v1: Claude Code adds it. Remove it.`);
  }
  return { url, what: 'the gateway', variable };
}

/** The `{provider}:{model}` behind the base URL, which counts more than the model that a request names. */
export function modelInUrl({ url }: Place): string | undefined {
  const path = decodeURI(new URL(url).pathname).slice(1);
  return /^[^/:]+:./u.test(path) ? path : undefined;
}

function gatewayVariable(env: Environment): 'CCG_URL' | 'ANTHROPIC_BASE_URL' {
  const isClaudeCodes = given(env, 'CCG_URL') === undefined && given(env, 'ANTHROPIC_BASE_URL') !== undefined;
  return isClaudeCodes ? 'ANTHROPIC_BASE_URL' : 'CCG_URL';
}

/** The credential for the admin API. In an admin container the operator's token is at hand. */
export function adminCredential(cli: Cli): Credential {
  const found = ownCredential(cli) ?? fromFile(cli, 'ADMIN_TOKEN_FILE');
  return found ?? missing('With `npm start`, the operator token is in DATA_DIR: CCG_TOKEN_FILE=.data/admin-token');
}

/** The credential for the gateway. That of Claude Code counts where its base URL does: it belongs to no other place. */
export function gatewayCredential(cli: Cli): Credential | undefined {
  const own = ownCredential(cli);
  if (own !== undefined || gatewayVariable(cli.env) === 'CCG_URL') return own;
  return fromVariable(cli.env, 'ANTHROPIC_AUTH_TOKEN') ?? fromVariable(cli.env, 'ANTHROPIC_API_KEY');
}

export function needCredential(credential: Credential | undefined): Credential {
  return credential ?? missing('With `npm start`, the first API key is in DATA_DIR: CCG_TOKEN_FILE=.data/first-key');
}

function missing(example: string): never {
  throw new CliError('usage', 'There is no credential. Set CCG_TOKEN, or CCG_TOKEN_FILE to a file that holds it.', [
    example,
  ]);
}

function ownCredential(cli: Cli): Credential | undefined {
  if (given(cli.env, 'CCG_TOKEN') !== undefined && given(cli.env, 'CCG_TOKEN_FILE') !== undefined) {
    throw new CliError('usage', 'CCG_TOKEN and CCG_TOKEN_FILE are both set. Unset one of them.');
  }
  return fromVariable(cli.env, 'CCG_TOKEN') ?? fromFile(cli, 'CCG_TOKEN_FILE');
}

function fromVariable(env: Environment, name: string): Credential | undefined {
  const text = given(env, name);
  return text === undefined ? undefined : { secret: judged(text, name), from: name };
}

function fromFile(cli: Cli, name: string): Credential | undefined {
  const path = given(cli.env, name);
  if (path === undefined) return undefined;
  const file = resolve(cli.workingDirectory, path);
  return { secret: judged(readSecretFile(file, name).trim(), name), from: `${name} (${file})`, file };
}

/** Reads a small file that holds a secret. */
export function readSecretFile(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    const why = systemCodeOf(thrown) === 'ENOENT' ? 'does not exist' : `cannot be read (${reasonOf(thrown)})`;
    throw new CliError('usage', `${name}: ${file} ${why}.`);
  }
}

function judged(text: string, name: string): Secret {
  if (text === '') throw new CliError('usage', `${name}: the file is empty. It must hold a credential.`);
  // A header takes nothing else, and the error of fetch would show it.
  if (!/^[\u0021-\u007e]+$/u.test(text)) {
    throw new CliError('usage', `${name} holds more than one word, or characters that no credential has.`);
  }
  return new Secret(text);
}

function given(env: Environment, name: string): string | undefined {
  const text = env[name]?.trim() ?? '';
  return text === '' ? undefined : text;
}

function readUrl(name: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/u.test(url.protocol)) {
    throw new CliError('usage', `${name} must be a URL with http:// or https://, such as http://127.0.0.1:4000.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new CliError('usage', `${name} must have no user and no password in it. The credential goes into CCG_TOKEN.`);
  }
  if (url.search !== '' || url.hash !== '') {
    throw new CliError(
      'usage',
      `${name} must have nothing behind "?" or "#": Claude Code would append its paths to it.`,
    );
  }
  return text.replace(/\/+$/u, '');
}
