import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig, startGateway } from '@ccg/gateway';
import type { RunningGateway } from '@ccg/gateway';
import { describeStartFailure, waitForStore } from '@ccg/startup';
import { connectStore } from '@ccg/store';
import {
  makeCertificates,
  requireRedisBinary,
  runCli,
  startClusterNode,
  startRedisProcess,
  startRedisSentinels,
  startTlsRedis,
} from '@ccg/testkit';
import type { RedisProcess, RedisProcessOptions } from '@ccg/testkit';
import { afterAll, afterEach, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'ccg-start-'));
let opened = new AsyncDisposableStack();
const certificates = makeCertificates();
let log: string[] = [];

afterEach(async () => {
  log = [];
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
});
afterAll(() => {
  certificates.remove();
  rmSync(folder, { recursive: true });
});

async function startServer(options: Omit<RedisProcessOptions, 'binary'> = {}): Promise<RedisProcess> {
  const server = await startRedisProcess({ binary: requireRedisBinary(), ...options });
  opened.defer(() => server.stop());
  return server;
}

function start(env: Readonly<Record<string, string>>): Promise<RunningGateway> {
  const own = { KEY_PEPPER: 'p'.repeat(32), OPENAI_API_KEY: 'sk-none', PORT: '0', OPS_PORT: '0' };
  const parsed = parseConfig({ ...own, MODEL_LIST_INTERVAL_MS: '0', ...env });
  if (parsed.kind === 'faulty') throw new Error(parsed.message);
  return startGateway(parsed.config, { log: { write: (line) => void log.push(line) } });
}

/** What a start that cannot go on says. */
async function refusalOf(env: Readonly<Record<string, string>>): Promise<string> {
  const gateway = await start(env).catch((thrown: unknown) => describeStartFailure(thrown));
  if (typeof gateway === 'string') return gateway;
  await gateway.drain();
  throw new Error('It started.');
}

function passwordFile(password: string): string {
  const path = join(folder, 'password');
  writeFileSync(path, `${password}\n`);
  return path;
}

test('a server that may evict is refused, and taken once the command that was named has run', async () => {
  const server = await startServer({ extraArgs: ['--maxmemory-policy', 'allkeys-lru', '--appendonly', 'yes'] });
  const address = `127.0.0.1:${server.port}`;
  expect(await refusalOf({ REDIS_URL: server.url })).toBe(
    `Redis at ${address} deletes API keys and limits when its memory is full (maxmemory-policy is allkeys-lru). ` +
      'Change it there with: CONFIG SET maxmemory-policy noeviction (and write maxmemory-policy noeviction into its redis.conf, for its next start)',
  );
  runCli('-p', String(server.port), 'CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
  const gateway = await start({ REDIS_URL: server.url });
  expect((await fetch(`${gateway.opsUrl}/readyz`)).status).toBe(200);
  await gateway.drain();
  expect(log.join('')).not.toContain('append-only');
});

test('a server without an append-only file is used, with a warning', async () => {
  const server = await startServer({ password: 'right' });
  const { port } = server;
  const gateway = await start({ REDIS_URL: `redis://127.0.0.1:${port}`, REDIS_PASSWORD_FILE: passwordFile('right') });
  await gateway.drain();
  const warnings = log.filter((line) => line.includes('"warn"')).filter((line) => line.includes('append-only'));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain(`Redis at 127.0.0.1:${port} has no append-only file`);
});

test('a wrong password in a file is refused, and never repeated', async () => {
  const { port } = await startServer({ password: 'right' });
  const env = { REDIS_URL: `redis://127.0.0.1:${port}`, REDIS_PASSWORD_FILE: passwordFile('guessed-in-vain') };
  expect(await refusalOf(env)).toBe(
    `Redis at 127.0.0.1:${port} does not accept the password in REDIS_PASSWORD_FILE for the user "default".`,
  );
  expect(log.join('')).not.toContain('guessed-in-vain');
});

test('a cluster that is not whole is refused with the command that mends it, and a node of it in REDIS_URL too', async () => {
  const node = await startClusterNode();
  opened.defer(() => node.stop());
  const address = `127.0.0.1:${node.port}`;
  expect(await refusalOf({ REDIS_CLUSTER_NODES: address })).toBe(
    `The cluster at ${address} is not whole: 16384 of 16384 slots have no node. Mend it with: redis-cli --cluster fix ${address}`,
  );
  expect(await refusalOf({ REDIS_URL: node.url })).toBe(
    `Redis at ${address} is a node of a cluster. Name its nodes in REDIS_CLUSTER_NODES instead of REDIS_URL.`,
  );
});

test('a cluster that cannot be reached is waited for, and until it was there once the start is not ready', async () => {
  const node = await startClusterNode();
  opened.defer(() => node.stop());
  const address = `127.0.0.1:${node.port}`;
  runCli('-p', String(node.port), 'CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await node.kill();
  const opsPort = node.port - 1;
  const starting = start({ REDIS_CLUSTER_NODES: address, OPS_PORT: String(opsPort) });
  const readiness = () =>
    fetch(`http://127.0.0.1:${opsPort}/readyz`).then(
      ({ status }) => status,
      () => 'refused',
    );
  await expect
    .poll(() => log.join(''), { timeout: 10_000 })
    .toContain(`Waiting for Redis at ${address} (ECONNREFUSED). Start it, or set REDIS_CLUSTER_NODES to another.`);
  expect(await readiness()).toBe(503);
  await node.start();
  const gateway = await starting;
  expect(await readiness()).toBe(200);
  await node.kill();
  // It remembers no API key, so it is of no use without Redis.
  await expect.poll(readiness, { timeout: 10_000 }).toBe(503);
  await gateway.drain();
});

test('Sentinels that cannot be reached are waited for', async () => {
  const redis = { sentinels: { urls: ['redis://127.0.0.1:1'], name: 'mymaster' } };
  const store = connectStore({ ...redis, keyPrefix: 'ccg:', commandTimeoutMs: 500 });
  opened.defer(() => store.close());
  const stopAtFirst = (line: string): never => {
    throw new Error(line);
  };
  await expect(waitForStore(store, { redis }, stopAtFirst)).rejects.toThrow(
    'Waiting for Redis at mymaster of the Sentinels 127.0.0.1:1 (no Sentinel answers). Start it, or set REDIS_SENTINELS to another.',
  );
});

test('a server of its own among the nodes of a cluster is refused', async () => {
  const { port } = await startServer();
  expect(await refusalOf({ REDIS_CLUSTER_NODES: `127.0.0.1:${port}` })).toBe(
    `Redis at 127.0.0.1:${port} is not a node of a cluster. Name it in REDIS_URL instead of REDIS_CLUSTER_NODES.`,
  );
});

test('a name that the Sentinels do not know is refused with the command that lists those that they know', async () => {
  const redis = await startRedisSentinels();
  opened.defer(() => redis.stop());
  const REDIS_SENTINELS = redis.urls.map((url) => url.replace('redis://', '')).join(',');
  const { port } = new URL(redis.urls[0] ?? '');
  expect(await refusalOf({ REDIS_SENTINELS, REDIS_SENTINEL_NAME: 'unknown' })).toBe(
    'No Sentinel of REDIS_SENTINELS that answers knows a primary named unknown. ' +
      `Set REDIS_SENTINEL_NAME to a name that this lists: redis-cli -h 127.0.0.1 -p ${port} SENTINEL MASTERS`,
  );
  const gateway = await start({ REDIS_SENTINELS, REDIS_SENTINEL_NAME: redis.primaryName });
  await gateway.drain();
});

test('certificates that do not fit are refused, each with the variable to set', async () => {
  const strangers = makeCertificates();
  opened.defer(() => {
    strangers.remove();
  });
  const server = await startTlsRedis(certificates);
  opened.defer(() => server.stop());
  const address = `127.0.0.1:${server.port}`;
  const own = { REDIS_CERT_FILE: certificates.client.cert, REDIS_KEY_FILE: certificates.client.key };
  const env = { REDIS_URL: `rediss://${address}` };
  expect(await refusalOf({ ...env, ...own })).toMatch(
    /^The certificate of Redis at .* is not trusted \([A-Z_]+\)\. Name the file of its authority in REDIS_CA_FILE\.$/u,
  );
  expect(await refusalOf({ ...env, ...own, REDIS_CA_FILE: strangers.ca })).toMatch(
    /is not of an authority in REDIS_CA_FILE \([A-Z_]+\)\. Name the file of its authority there\.$/u,
  );
  expect(await refusalOf({ ...env, REDIS_CA_FILE: certificates.ca })).toMatch(
    /asks for a certificate of ours \(\w+\)\. Set REDIS_CERT_FILE and REDIS_KEY_FILE\.$/u,
  );
  const gateway = await start({ ...env, ...own, REDIS_CA_FILE: certificates.ca });
  await gateway.drain();
});
