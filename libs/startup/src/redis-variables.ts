import { optionalText } from '@ccg/catalog';
import { Secret } from '@ccg/kernel';
import type { ConnectionTarget } from '@ccg/store';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { z } from 'zod';
import type { Environment } from './environment.ts';
import { readCertificates } from './read-certificates.ts';
import { judgeRedisUrl, judgeServerList, serverUrls, socketPathOf } from './redis-url.ts';

/** The rules of the variables that say which Redis is used. */
export const storeVariables = {
  REDIS_URL: optionalText().superRefine((url, context) => {
    if (url !== undefined) refuse(context, judgeRedisUrl(url));
  }),
  REDIS_CLUSTER_NODES: serverList(),
  REDIS_SENTINELS: serverList(),
  REDIS_SENTINEL_NAME: optionalText(),
  REDIS_PASSWORD_FILE: optionalText().transform(readPassword),
  REDIS_CA_FILE: optionalText().transform(readCertificates),
  REDIS_CERT_FILE: optionalText().transform(readCertificates),
  REDIS_KEY_FILE: optionalText().transform(readPrivateKey),
  REDIS_KEY_PREFIX: optionalText()
    .transform((prefix) => prefix ?? 'ccg:')
    .refine((prefix) => !/[{}]/u.test(prefix), { error: 'must not contain braces' }),
};

const storeSchema = z.object(storeVariables);
type StoreValues = z.output<typeof storeSchema>;

/** The variables of which one names the Redis. */
export const redisVariables = ['REDIS_URL', 'REDIS_CLUSTER_NODES', 'REDIS_SENTINELS'] as const;
type RedisVariable = (typeof redisVariables)[number];

/** Which Redis a process uses. */
export interface StoreSettings {
  readonly redis: ConnectionTarget;
  readonly redisKeyPrefix: string;
}

/** The settings of values that have no fault. */
export function storeSettings(values: StoreValues): StoreSettings {
  const { REDIS_PASSWORD_FILE: password, REDIS_CA_FILE: ca, REDIS_CERT_FILE: cert, REDIS_KEY_FILE: key } = values;
  const tls = ca === undefined && cert === undefined ? undefined : { ca, cert, key };
  return { redis: { ...placeOf(values), password, tls }, redisKeyPrefix: values.REDIS_KEY_PREFIX };
}

function placeOf(values: StoreValues): ConnectionTarget {
  const { REDIS_URL: url, REDIS_CLUSTER_NODES: nodes, REDIS_SENTINELS: sentinels } = values;
  if (nodes !== undefined) return { clusterNodes: serverUrls(nodes) };
  if (sentinels !== undefined) {
    return { sentinels: { urls: serverUrls(sentinels), name: values.REDIS_SENTINEL_NAME ?? '' } };
  }
  const socketPath = socketPathOf(url ?? '');
  return socketPath === undefined ? { url } : { socketPath };
}

/** What is wrong with the variables together, if each of them is right. */
export function storeProblems(env: Environment): readonly string[] {
  const { data } = storeSchema.safeParse(env);
  if (data === undefined) return [];
  const named = redisVariables.filter((variable) => data[variable] !== undefined);
  const [source, other] = named;
  if (source === undefined) return [redisIsMissing];
  if (other !== undefined) return [`${named.join(' and ')} each name a Redis. Keep one of them and remove the others.`];
  return [...sentinelProblems(data), ...passwordProblems(data, source), ...tlsProblems(data, source)];
}

const redisIsMissing =
  'REDIS_URL: is required: redis://, rediss:// or unix:///path/of/a.sock. ' +
  'For a cluster set REDIS_CLUSTER_NODES instead, with Sentinels REDIS_SENTINELS and REDIS_SENTINEL_NAME.';

function sentinelProblems({ REDIS_SENTINELS, REDIS_SENTINEL_NAME }: StoreValues): readonly string[] {
  if (REDIS_SENTINELS !== undefined && REDIS_SENTINEL_NAME === undefined) {
    return ['REDIS_SENTINEL_NAME: is required with REDIS_SENTINELS: the name that the Sentinels have for the primary.'];
  }
  if (REDIS_SENTINELS === undefined && REDIS_SENTINEL_NAME !== undefined) {
    return ['REDIS_SENTINEL_NAME: is used with REDIS_SENTINELS alone. Set that too, or remove REDIS_SENTINEL_NAME.'];
  }
  return [];
}

function passwordProblems(values: StoreValues, source: RedisVariable): readonly string[] {
  // A password in REDIS_SENTINELS is that of the Sentinels.
  if (values.REDIS_PASSWORD_FILE === undefined || source === 'REDIS_SENTINELS') return [];
  const isTwice = urlsOf(values, source).some((url) => (URL.parse(url)?.password ?? '') !== '');
  return isTwice ? [`REDIS_PASSWORD_FILE: ${source} has a password too. Remove one of them.`] : [];
}

function tlsProblems(values: StoreValues, source: RedisVariable): readonly string[] {
  const { REDIS_CERT_FILE: cert, REDIS_KEY_FILE: key } = values;
  const files = (['REDIS_CA_FILE', 'REDIS_CERT_FILE', 'REDIS_KEY_FILE'] as const).filter(
    (variable) => values[variable] !== undefined,
  );
  if (files.length > 0 && !urlsOf(values, source).every((url) => url.startsWith('rediss:'))) {
    return [`${files.join(', ')}: for TLS alone. Write rediss:// in ${source}, or remove ${files.join(', ')}.`];
  }
  if (cert !== undefined && key === undefined) return ['REDIS_KEY_FILE: is required with REDIS_CERT_FILE.'];
  if (cert === undefined && key !== undefined) return ['REDIS_CERT_FILE: is required with REDIS_KEY_FILE.'];
  if (cert === undefined || isPair(cert, key)) return [];
  return ['REDIS_KEY_FILE: is not the private key of the certificate in REDIS_CERT_FILE.'];
}

function urlsOf(values: StoreValues, source: RedisVariable): readonly string[] {
  const value = values[source] ?? '';
  return source === 'REDIS_URL' ? [value] : serverUrls(value);
}

function serverList() {
  return optionalText().superRefine((list, context) => {
    if (list !== undefined) refuse(context, judgeServerList(list));
  });
}

function refuse(context: z.RefinementCtx, message: string | undefined): void {
  if (message !== undefined) context.addIssue({ code: 'custom', message });
}

/** The last line break of a file is the editor's. */
function readPassword(path: string | undefined, context: z.RefinementCtx): Secret | undefined {
  if (path === undefined) return undefined;
  const password = readText(path)?.replace(/\r?\n$/u, '');
  if (password !== undefined && password !== '') return new Secret(password);
  context.addIssue({ code: 'custom', message: 'must be the path of a readable file with the password' });
  return undefined;
}

function readPrivateKey(path: string | undefined, context: z.RefinementCtx): string | undefined {
  if (path === undefined) return undefined;
  const key = readText(path);
  if (key !== undefined && isPair(undefined, key)) return key;
  context.addIssue({ code: 'custom', message: 'must be the path of a readable file with a private key in PEM' });
  return undefined;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function isPair(cert: string | undefined, key: string | undefined): boolean {
  try {
    createSecureContext({ ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) });
    return true;
  } catch {
    return false;
  }
}
