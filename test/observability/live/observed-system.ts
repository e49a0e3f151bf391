import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectStore, createScript } from '@ccg/store';
import { jsonTextAt, redisForSuite, startFaultProxy, startGateway, startOtlpReceiver, startWorker } from '@ccg/testkit';
import type { AppProcess, FaultProxy, GatewayProcess } from '@ccg/testkit';

import { startAdminProcess } from '../../acceptance/support/start-admin.ts';
import type { AdminProcess } from '../../acceptance/support/start-admin.ts';
import { startFaultyProviders } from './faulty-providers.ts';

/** Everything that Prometheus watches: a gateway, an admin API and a worker as processes, with all of their faults at hand. */
export interface ObservedSystem {
  readonly gateway: GatewayProcess;
  readonly admin: AdminProcess;
  readonly worker: AppProcess;
  /** Between all of them and Redis. */
  readonly redis: FaultProxy;
  /** The issuer of tokens whose keys were never loaded. */
  readonly issuer: string;
  /** Calls the admin API as an operator. */
  operate(method: string, path: string, body?: object): Promise<unknown>;
  /** Issues an API key to a tenant. */
  issueApiKey(tenant: string, more?: object): Promise<string>;
  /** Removes a tenant's usage records, as the cap of their number does when nobody has counted them in time. */
  loseUsageRecords(tenant: string): Promise<void>;
  /** Makes a batch as old as one that nobody has run for hours. */
  ageBatch(tenant: string, id: string, hours: number): Promise<void>;
  close(): Promise<void>;
}

const removeScript = createScript(`return redis.call('DEL', KEYS[1])`);
const ageScript = createScript(`
  local record = redis.call('HGET', KEYS[1], 'record')
  local aged = string.gsub(record, '"createdAtMs":%d+', '"createdAtMs":' .. ARGV[1])
  return redis.call('HSET', KEYS[1], 'record', aged)
`);
const issuer = 'https://issuer.example/';

export async function startObservedSystem(): Promise<ObservedSystem> {
  const folder = await mkdtemp(join(tmpdir(), 'ccg-observed-'));
  const server = redisForSuite('observability');
  const [providers, redis, collector] = await Promise.all([
    startFaultyProviders(),
    startFaultProxy(server.url),
    startOtlpReceiver(),
  ]);
  collector.behave(500);
  const store = connectStore({ ...server.target, keyPrefix: server.keyPrefix, commandTimeoutMs: 5000 });
  await store.whenReady(10_000);
  const configFile = join(folder, 'gateway.yaml');
  const jwks = { url: `${providers.unreachable.replace('http:', 'https:')}/jwks.json` };
  const trusted = {
    issuer,
    jwks,
    audience: 'observed',
    algorithms: ['RS256'],
    claims: { tenant: 'team', user: 'sub' },
  };
  const issuers = { lost: { ...trusted, tenants: ['acme'], scopes: ['messages'] } };
  // JSON is YAML.
  await writeFile(
    configFile,
    JSON.stringify({ version: 1, providers: providers.catalog, preferred: 'anthropic', issuers }),
  );
  const env = {
    REDIS_URL: redis.url,
    REDIS_KEY_PREFIX: server.keyPrefix,
    KEY_PEPPER: randomBytes(32).toString('hex'),
    GATEWAY_CONFIG: configFile,
    SCRIPTED_KEY: 'sk-ant-scripted',
    NODE_EXTRA_CA_CERTS: providers.authorityFile,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    STREAM_HOLD_MS: '500',
    PING_INTERVAL_MS: '1000',
    STALL_TIMEOUT_MS: '2000',
    PUBLIC_BASE_URL: 'https://gateway.example',
  };
  const [gateway, admin, worker] = await Promise.all([startGateway(env), startAdminProcess(env), startWorker(env)]);
  const token = (await readFile(admin.tokenFile, 'utf8')).trim();

  async function operate(method: string, path: string, body?: object): Promise<unknown> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const request = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    // On a busy machine Redis may answer too late.
    for (let tries = 1; ; tries += 1) {
      const answer = await fetch(`${admin.url}/admin/v1${path}`, request);
      if (answer.status !== 503 || tries === 5) return await answer.json();
      await answer.body?.cancel();
      await sleep(500);
    }
  }

  return {
    gateway,
    admin,
    worker,
    redis,
    issuer,
    operate,
    async issueApiKey(tenant, more = {}) {
      const answer = await operate('POST', `/tenants/${tenant}/api-keys`, { name: 'a key', ...more });
      return jsonTextAt(answer, 'apiKey');
    },
    async loseUsageRecords(tenant) {
      await store.run(removeScript, [store.redisKeys.usageRecords(tenant)], []);
    },
    async ageBatch(tenant, id, hours) {
      const createdAtMs = Date.now() - hours * 3_600_000;
      await store.run(ageScript, [store.redisKeys.batches.record(tenant, id)], [createdAtMs]);
    },
    async close() {
      await store.close();
      await Promise.all([gateway.stop(), admin.stop(), worker.stop()]);
      await redis.close();
      await providers.close();
      collector.close();
      await rm(folder, { recursive: true });
    },
  };
}
