import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig, startGateway } from '@ccg/gateway';
import { Secret, systemClock } from '@ccg/kernel';
import type { LimitRule, Outcome } from '@ccg/kernel';
import { connectStore } from '@ccg/store';
import type { Store } from '@ccg/store';
import { createMetrics } from '@ccg/telemetry';
import { createApiKey, createTenant, systemActor } from '@ccg/tenancy';
import type { NewApiKey, TenancyDependencies } from '@ccg/tenancy';
import {
  doneValue,
  playModel,
  redisForSuite,
  say,
  startFaultProxy,
  startScriptedUpstream,
  unreachableUrl,
} from '@ccg/testkit';
import type { FaultProxy, ScriptedUpstream } from '@ccg/testkit';
import { decodeUsageRecord } from '@ccg/usage';

/** What a test drives a gateway with, to end a request in every way that there is. */
export interface OutcomeRig {
  readonly upstream: ScriptedUpstream;
  readonly proxy: FaultProxy;
  readonly tenancy: TenancyDependencies;
  readonly gateway: { readonly url: string; drain(): Promise<void> };
  /** A tenant of its own, and an API key of it. */
  open(settings?: { readonly limits?: readonly LimitRule[]; readonly apiKey?: Partial<NewApiKey> }): Promise<Opened>;
  /** The lines of requests in the log. */
  lines(): readonly Line[];
  metrics(): Promise<string>;
  /** The outcomes in the usage records of all tenants. */
  usage(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface Opened {
  readonly tenant: string;
  readonly apiKey: string;
  readonly apiKeyId: string;
}

interface Line {
  readonly outcome: Outcome;
  readonly level: string;
  readonly requestId: string;
}

const pepper = 'a pepper of this suite, which is long enough';

/** A gateway in this process on sockets of its own, with a provider that can be reached and one that cannot. */
export async function openOutcomeRig(): Promise<OutcomeRig> {
  const opened = new AsyncDisposableStack();
  const redis = redisForSuite('outcomes');
  const proxy = await startFaultProxy(redis.url);
  opened.defer(() => proxy.close());
  const upstream = await startScriptedUpstream();
  opened.defer(() => upstream.close());
  upstream.play(playModel([{ content: [say('Done.')] }]));
  const folder = await mkdtemp(join(tmpdir(), 'outcomes-'));
  opened.defer(() => rm(folder, { recursive: true }));
  const store = connectStore({ url: redis.url, keyPrefix: redis.keyPrefix, commandTimeoutMs: 10_000 });
  opened.defer(() => store.close());
  await store.whenReady(10_000);
  const tenancy = { store, clock: systemClock, peppers: { current: new Secret(pepper), previous: [] }, randomBytes };
  const file = join(folder, 'gateway.yaml');
  const dead = await unreachableUrl();
  await writeFile(file, yamlFor(upstream.url, dead));
  const parsed = parseConfig({
    ...environment,
    REDIS_URL: proxy.url,
    REDIS_KEY_PREFIX: redis.keyPrefix,
    GATEWAY_CONFIG: file,
  });
  if (parsed.kind === 'faulty') throw new Error(parsed.message);
  const log: string[] = [];
  const metrics = createMetrics();
  const gateway = await startGateway(parsed.config, { metrics, log: { write: (line) => log.push(line) } });
  const tenants: string[] = [];
  return {
    upstream,
    proxy,
    tenancy,
    gateway,
    async open({ limits, apiKey = {} } = {}) {
      const tenant = `team-${randomUUID().slice(0, 8)}`;
      tenants.push(tenant);
      const allowlist = { models: ['*'] };
      doneValue(await createTenant(tenancy, systemActor('suite'), { id: tenant, name: tenant, allowlist, limits }));
      const issued = doneValue(await createApiKey(tenancy, systemActor('suite'), { tenant, name: 'one', ...apiKey }));
      return { tenant, apiKey: issued.apiKey.reveal(), apiKeyId: issued.record.id };
    },
    lines: () =>
      log.map((line) => JSON.parse(line) as Line & { readonly msg: string }).filter(({ msg }) => msg === 'request'),
    metrics: async () => (await metrics.expose()).text,
    usage: async () => (await Promise.all(tenants.map((tenant) => recordsOf(store, tenant)))).flat(),
    close: () => opened.disposeAsync(),
  };
}

async function recordsOf(store: Store, tenant: string): Promise<readonly string[]> {
  const reply = await store.command('xrange', [store.redisKeys.usageRecords(tenant), '-', '+', 'COUNT', 1000]);
  const entries = Array.isArray(reply) ? (reply as readonly (readonly [string, readonly string[]])[]) : [];
  return entries.flatMap(([, fields]) => {
    const text = fields[fields.indexOf('record') + 1];
    const record = text === undefined ? undefined : decodeUsageRecord(text);
    return record === undefined ? [] : [record.outcome];
  });
}

const environment = {
  KEY_PEPPER: pepper,
  PORT: '0',
  OPS_PORT: '0',
  MODEL_LIST_INTERVAL_MS: '0',
  STALL_TIMEOUT_MS: '500',
  UPSTREAM_FIRST_BYTE_TIMEOUT_MS: '1500',
  DRAIN_TIMEOUT_MS: '100',
  MAX_BODY_BYTES_IN_FLIGHT: String(32 * 1024 * 1024),
  ANTHROPIC_API_KEY: 'sk-ant-of-the-suite',
};

function yamlFor(upstream: string, dead: string): string {
  return `version: 1
providers:
  claude: { dialect: anthropic, baseUrl: '${upstream}', credential: { env: ANTHROPIC_API_KEY } }
  dead: { dialect: anthropic, baseUrl: '${dead}', credential: { env: ANTHROPIC_API_KEY } }
preferred: claude
prices:
  'claude:*': { input: 1, output: 1 }
issuers:
  corporate:
    issuer: https://id.example.com
    jwks: { url: '${dead.replace('http:', 'https:')}/jwks' }
    audience: urn:gateway
    algorithms: [ES256]
    tenants: [acme]
`;
}

/** Posts a Messages request and gives its response as it comes. */
export async function post(
  url: string,
  credential: string,
  body: object | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = httpRequest(
    `${url}/v1/messages`,
    {
      method: 'POST',
      agent: false,
      headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json', ...headers },
    },
    resolve,
  );
  sent.on('error', reject);
  if (typeof body === 'string') sent.flushHeaders();
  else sent.end(JSON.stringify(body));
  return promise;
}
