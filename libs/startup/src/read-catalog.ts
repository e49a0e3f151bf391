import { createPrivateKey } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { catalogFromEnv, directoryFromFile } from '@ccg/catalog';
import type { Audience, CatalogFileSource, CatalogFromEnv, DirectoryFromFile, IssuerSettings } from '@ccg/catalog';
import { z } from 'zod';
import type { Environment } from './environment.ts';
import { reasonOf } from './start-error.ts';

/** Names the file of providers and models. */
export const catalogFileVariable = 'GATEWAY_CONFIG';

/** A file of this size is not one of providers and models, and is not read to find that out. */
const maxBytes = 1024 * 1024;

/** Reads providers and models from the environment and the file that `GATEWAY_CONFIG` names, and looks at the files that these need. */
export function readCatalog(env: Environment, audience?: Audience): CatalogFromEnv {
  const read = readSettings(env, audience);
  const others = read.kind === 'faulty' ? read.problems : [];
  const problems = [...others, ...keyFileProblems(read.keyFiles)];
  return problems.length === 0 ? read : { kind: 'faulty', problems, keyFiles: read.keyFiles };
}

/** What is wrong with the file of Google credentials, where a provider needs it. It is read again for every token. */
function keyFileProblems(files: readonly string[]): readonly string[] {
  return files.flatMap((file) => {
    const path = resolve(file);
    const why = faultOfKeyFile(path);
    return why === undefined ? [] : [`GOOGLE_APPLICATION_CREDENTIALS: ${path} ${why}`];
  });
}

function faultOfKeyFile(path: string): string | undefined {
  const remedy =
    'Name the key file of a service account, or remove the variable and run "gcloud auth application-default login".';
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const fault = faultOfCredential(content);
    return fault === undefined ? undefined : `is no file of Google credentials: ${fault}. ${remedy}`;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return `is no file of Google credentials: it is not JSON. ${remedy}`;
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    return `${code === 'ENOENT' ? 'does not exist' : `cannot be read (${reasonOf(thrown)})`}. ${remedy}`;
  }
}

const credentialFile = z.union([
  z.object({ type: z.literal('service_account'), client_email: z.string(), private_key: z.string() }),
  z.object({
    type: z.literal('authorized_user'),
    client_id: z.string(),
    client_secret: z.string(),
    refresh_token: z.string(),
  }),
  z.object({
    type: z.enum([
      'external_account',
      'external_account_authorized_user',
      'impersonated_service_account',
      'gdch_service_account',
    ]),
  }),
]);

/** What would fail only at the first request otherwise. Nothing of the file is quoted: it is a secret. */
function faultOfCredential(content: unknown): string | undefined {
  if (typeof content !== 'object' || content === null || !('type' in content)) return 'it has no "type"';
  const { success, data } = credentialFile.safeParse(content);
  if (!success) return 'its "type" is unknown, or what belongs to that type is missing';
  if (data.type !== 'service_account') return undefined;
  try {
    createPrivateKey(data.private_key);
    return undefined;
  } catch {
    return 'its "private_key" is not a private key in PEM form';
  }
}

function readSettings(env: Environment, audience?: Audience): CatalogFromEnv {
  const named = env[catalogFileVariable]?.trim() ?? '';
  if (named === '') return catalogFromEnv(env, audience);
  const file = readSource(resolve(named), env);
  if (file.kind === 'unreadable') {
    const others = catalogFromEnv(env, audience, 'unreadable');
    const problems = others.kind === 'faulty' ? others.problems : [];
    const { keyFiles } = others;
    return { kind: 'faulty', problems: [`${catalogFileVariable}: ${file.reason}`, ...problems], keyFiles };
  }
  const read = catalogFromEnv(env, audience, file.source);
  if (read.kind === 'faulty') return read;
  const { path } = file.source;
  const issuers = read.issuers.map(withWholePath(path));
  return { ...read, issuers, notices: [`Providers and models: ${path}`, ...read.notices] };
}

const nobody: DirectoryFromFile = { kind: 'valid', directory: { policies: [], tenants: [] }, issuers: [] };

/**
 * Reads who may use the gateway from the file that `GATEWAY_CONFIG` names; without one, that is nobody. What is wrong with
 * providers and models is left to the gateway.
 */
export function readDirectory(env: Environment): DirectoryFromFile {
  const named = env[catalogFileVariable]?.trim() ?? '';
  if (named === '') return nobody;
  const file = readSource(resolve(named), env);
  if (file.kind === 'unreadable') return { kind: 'faulty', problems: [`${catalogFileVariable}: ${file.reason}`] };
  const read = directoryFromFile(file.source);
  return read.kind === 'faulty' ? read : { ...read, issuers: read.issuers.map(withWholePath(file.source.path)) };
}

/** A key set is found from the folder of the file that names it. */
function withWholePath(file: string): (issuer: IssuerSettings) => IssuerSettings {
  return ({ jwks, ...issuer }) => ({
    ...issuer,
    jwks: 'file' in jwks ? { file: resolve(dirname(file), jwks.file) } : jwks,
  });
}

type Source =
  | { readonly kind: 'read'; readonly source: CatalogFileSource }
  | { readonly kind: 'unreadable'; readonly reason: string };

function readSource(path: string, env: Environment): Source {
  try {
    const found = statSync(path);
    if (found.isDirectory()) return unreadable(`${path} is a folder. Name the file in it`);
    if (!found.isFile()) return unreadable(`${path} is not a file`);
    if (found.size > maxBytes) {
      return unreadable(`${path} has ${found.size} bytes, and ${maxBytes} are the most. Is it the right file?`);
    }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
    return { kind: 'read', source: { path, text, secrets: secretsFor(path, env) } };
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    if (code === 'ENOENT') return unreadable(`${path} does not exist`);
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return unreadable(`${path} is not UTF-8 text`);
    return unreadable(`${path} cannot be read (${reasonOf(thrown)})`);
  }
}

function unreadable(reason: string): Source {
  return { kind: 'unreadable', reason: `${reason}.` };
}

/** A secret's file is found from the folder of the file that names it. */
function secretsFor(path: string, env: Environment): CatalogFileSource['secrets'] {
  return {
    env: (name) => env[name],
    file(name) {
      const secret = resolve(dirname(path), name);
      try {
        const found = statSync(secret);
        return found.isFile() && found.size <= maxBytes ? readFileSync(secret, 'utf8') : undefined;
      } catch {
        return undefined;
      }
    },
  };
}
