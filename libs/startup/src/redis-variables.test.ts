import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from '@ccg/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { storeProblems, storeSettings, storeVariables } from './redis-variables.ts';
import { problemsOf } from './start-error.ts';

const folder = mkdtempSync(join(tmpdir(), 'ccg-redis-variables-'));
const certificates = makeCertificates();
const strangers = makeCertificates();
afterAll(() => {
  certificates.remove();
  strangers.remove();
  rmSync(folder, { recursive: true });
});

function fileWith(text: string): string {
  const path = join(folder, String(text.length));
  writeFileSync(path, text);
  return path;
}

function read(env: Readonly<Record<string, string>>) {
  return storeSettings(z.object(storeVariables).parse(env));
}

/** What is wrong with each variable, and with them together. */
function problems(env: Readonly<Record<string, string>>): readonly string[] {
  return [...problemsOf(z.object(storeVariables).safeParse(env).error), ...storeProblems(env)];
}

describe('what is taken', () => {
  test.each([
    [{ REDIS_URL: 'redis://h' }, { url: 'redis://h' }],
    [{ REDIS_URL: 'unix:///run/redis.sock' }, { socketPath: '/run/redis.sock' }],
    [{ REDIS_CLUSTER_NODES: 'a:7000, b , ' }, { clusterNodes: ['redis://a:7000', 'redis://b'] }],
    [{ REDIS_CLUSTER_NODES: 'rediss://u@a:1,rediss://b:2' }, { clusterNodes: ['rediss://u@a:1', 'rediss://b:2'] }],
    [
      { REDIS_SENTINELS: 's1,s2:26380', REDIS_SENTINEL_NAME: 'mymaster' },
      { sentinels: { urls: ['redis://s1', 'redis://s2:26380'], name: 'mymaster' } },
    ],
  ])('%o', (env, redis) => {
    expect(problems(env)).toEqual([]);
    expect(read(env)).toMatchObject({ redis, redisKeyPrefix: 'ccg:' });
  });

  test('a password from a file, without the line break at its end, which is never printed', () => {
    const env = { REDIS_URL: 'redis://user@h', REDIS_PASSWORD_FILE: fileWith('p a\ns s\n') };
    expect(problems(env)).toEqual([]);
    const { redis } = read(env);
    expect(redis.password?.reveal()).toBe('p a\ns s');
    expect(JSON.stringify(redis)).not.toContain('p a');
  });

  test('an authority, and a certificate of ours with its key', () => {
    const { ca, client } = certificates;
    const env = {
      REDIS_URL: 'rediss://h',
      REDIS_CA_FILE: ca,
      REDIS_CERT_FILE: client.cert,
      REDIS_KEY_FILE: client.key,
    };
    expect(problems(env)).toEqual([]);
    const pem = expect.stringMatching(/^-----BEGIN /u);
    expect(read(env).redis.tls).toEqual({ ca: pem, cert: pem, key: pem });
  });
});

describe('what is refused', () => {
  const url = { REDIS_URL: 'rediss://h' };
  test.each([
    [
      {},
      'REDIS_URL: is required: redis://, rediss:// or unix:///path/of/a.sock. For a cluster set REDIS_CLUSTER_NODES instead, with Sentinels REDIS_SENTINELS and REDIS_SENTINEL_NAME.',
    ],
    [
      { ...url, REDIS_CLUSTER_NODES: 'a:1' },
      'REDIS_URL and REDIS_CLUSTER_NODES each name a Redis. Keep one of them and remove the others.',
    ],
    [
      { REDIS_SENTINELS: 's' },
      'REDIS_SENTINEL_NAME: is required with REDIS_SENTINELS: the name that the Sentinels have for the primary.',
    ],
    [
      { ...url, REDIS_SENTINEL_NAME: 'n' },
      'REDIS_SENTINEL_NAME: is used with REDIS_SENTINELS alone. Set that too, or remove REDIS_SENTINEL_NAME.',
    ],
    [{ REDIS_CLUSTER_NODES: ' , ' }, 'REDIS_CLUSTER_NODES: must be a comma list such as redis-1:6379,redis-2:6379.'],
    [
      { REDIS_CLUSTER_NODES: 'http://a' },
      'REDIS_CLUSTER_NODES: each server must be host:port, or begin with redis:// or rediss://.',
    ],
    [
      { REDIS_CLUSTER_NODES: 'a:99999' },
      'REDIS_CLUSTER_NODES: has a fault in one of its servers: its port must be a number from 1 to 65535.',
    ],
    [
      { REDIS_CLUSTER_NODES: 'a:1/2' },
      'REDIS_CLUSTER_NODES: one of its servers names a database. Remove what follows host:port.',
    ],
    [
      { REDIS_CLUSTER_NODES: 'rediss://a,redis://b' },
      'REDIS_CLUSTER_NODES: has servers with redis:// and with rediss://. Write one of them for all.',
    ],
    [
      { ...url, REDIS_PASSWORD_FILE: '/nowhere' },
      'REDIS_PASSWORD_FILE: must be the path of a readable file with the password',
    ],
    [
      { ...url, REDIS_PASSWORD_FILE: fileWith('\n') },
      'REDIS_PASSWORD_FILE: must be the path of a readable file with the password',
    ],
    [
      { REDIS_URL: 'redis://:secret@h', REDIS_PASSWORD_FILE: fileWith('secret') },
      'REDIS_PASSWORD_FILE: REDIS_URL has a password too. Remove one of them.',
    ],
    [
      { ...url, REDIS_CA_FILE: '/nowhere' },
      'REDIS_CA_FILE: must be the path of a readable file of certificates in PEM',
    ],
    [
      { ...url, REDIS_CA_FILE: fileWith('not a certificate') },
      'REDIS_CA_FILE: must be the path of a readable file of certificates in PEM',
    ],
    [
      { REDIS_URL: 'redis://h', REDIS_CA_FILE: certificates.ca },
      'REDIS_CA_FILE: for TLS alone. Write rediss:// in REDIS_URL, or remove REDIS_CA_FILE.',
    ],
    [{ ...url, REDIS_CERT_FILE: certificates.client.cert }, 'REDIS_KEY_FILE: is required with REDIS_CERT_FILE.'],
    [{ ...url, REDIS_KEY_FILE: certificates.client.key }, 'REDIS_CERT_FILE: is required with REDIS_KEY_FILE.'],
    [
      { ...url, REDIS_KEY_FILE: certificates.client.cert, REDIS_CERT_FILE: certificates.client.cert },
      'REDIS_KEY_FILE: must be the path of a readable file with a private key in PEM',
    ],
    [
      { ...url, REDIS_CERT_FILE: certificates.client.cert, REDIS_KEY_FILE: strangers.client.key },
      'REDIS_KEY_FILE: is not the private key of the certificate in REDIS_CERT_FILE.',
    ],
  ])('%o', (env, problem) => {
    expect(problems(env)).toEqual([problem]);
  });
});
