import type { LimitRule } from '@ccg/kernel';
import { createApiKey, createTenant, systemActor } from '@ccg/tenancy';
import { doneValue, requireRedisBinary, runCli, startGateway, startRedisProcess } from '@ccg/testkit';
import type { GatewayProcess } from '@ccg/testkit';
import { decodeUsageRecord } from '@ccg/usage';
import { startSuite } from '../../acceptance/support/start-suite.ts';
import { judged } from '../credentials/percentiles.ts';
import { startCountingProvider } from './counting-provider.ts';
import { measureReleases } from './disconnects.ts';
import { measureCase } from './measure-case.ts';
import type { CaseResult, LimitCase } from './measure-case.ts';

/*
 * Several gateways on one Redis let in no more than a limit allows, for each kind of limit. Half-way one of them is killed,
 * and Redis, which writes an append-only file, is shut down and started again. Then clients of many streams leave.
 * Prints JSON, and exits with 1 where more was let in than the limit, what flowed in meanwhile and one unit, where a limit was never
 * reached, or where a lease is left.
 * Use: bench-limits.ts [GATEWAYS] [REQUESTS of each kind, per gateway]
 */

const [gatewayCount = 4, requestsPerGateway = 10_000] = process.argv.slice(2).map(Number);
const clients = 300;
const releaseBoundMs = 250;
const maxTokens = 50;
const messages = [{ role: 'user', content: 'a'.repeat(400) }];
const body = JSON.stringify({ model: 'm', max_tokens: maxTokens, messages });
/** What a request reserves of input, and what the provider reports: so each counts for the same before and after. */
const inputTokens = Math.ceil(body.length / 4);
const root = systemActor('bench');
const messagesPath = '/v1/messages';

const provider = await startCountingProvider({ input: inputTokens, output: maxTokens });
const redis = await startRedisProcess({ binary: requireRedisBinary(), extraArgs: ['--appendonly', 'yes'] });
process.env['TEST_REDIS_URL'] = redis.url;
// No limit lets anybody in while Redis is away, so that what is counted is what it let in.
const closed = { BUDGET_GRACE_SECONDS: '0' };
const suite = await startSuite('bench-limits', { OPENAI_BASE_URL: `${provider.url}/v1`, ...closed });
const { store } = suite.tenancy;
const gateways: GatewayProcess[] = await Promise.all(
  Array.from({ length: gatewayCount }, () => startGateway(suite.env)),
);

const results: CaseResult[] = [];
for (const [at, one] of (await limitCases()).entries()) {
  const { apiKey } = await createLimited(`case-${at}`, [{ ...one.rule, onStoreError: 'closed' }]);
  const requests = gatewayCount * requestsPerGateway;
  const result = await measureCase(one, { gateways, provider, apiKey, body, requests, halfWay });
  results.push(result);
  process.stderr.write(`${one.rule.kind}: ${inWords(result)}\n`);
  await gateways[0]?.stop();
  gateways[0] = await startGateway(suite.env);
}
const { tenant, apiKey } = await createLimited('leaving', [concurrency(clients)]);
const released = await measureReleases({ gateways, apiKey, store, tenant, clients });

const settings = { gateways: gatewayCount, requestsPerGateway };
process.stdout.write(`${JSON.stringify({ ...settings, results, released }, null, 2)}\n`);
process.stderr.write(judged('release of a lease, p99', released.releaseMs.p99, releaseBoundMs, ' ms'));
process.exitCode = results.every(({ kept, reached }) => kept && reached) && released.leasesLeft === 0 ? 0 : 1;

await Promise.all(gateways.map((gateway) => gateway.stop()));
await suite.close();
await redis.stop();
provider.close();

function inWords({ kept, reached, admitted, allowed }: CaseResult): string {
  if (!kept) return 'EXCEEDED';
  if (reached) return 'kept';
  return `NEVER REACHED: ${admitted} of ${allowed} were used. Ask for more requests of each kind.`;
}

function concurrency(amount: number): LimitRule {
  return { level: 'tenant', kind: 'concurrency', amount, maxWaitSeconds: 0 };
}

async function limitCases(): Promise<readonly LimitCase[]> {
  const perMinute = { per: 'minute' } as const;
  const costMicroDollars = await costOfRequest();
  const budget = {
    level: 'tenant',
    kind: 'budget',
    amount: (costMicroDollars * 1000) / 1_000_000,
    per: 'month',
  } as const;
  const path = messagesPath;
  return [
    { rule: { level: 'tenant', kind: 'requests', amount: 600, ...perMinute }, cost: 1, path },
    { rule: { level: 'user', kind: 'input_tokens', amount: 30_000, ...perMinute }, cost: inputTokens, path },
    { rule: { level: 'model', kind: 'output_tokens', amount: 20_000, ...perMinute }, cost: maxTokens, path },
    {
      rule: { level: 'api-key', kind: 'count_requests', amount: 600, ...perMinute },
      cost: 1,
      path: `${path}/count_tokens`,
    },
    { rule: budget, cost: costMicroDollars, path },
    { rule: { ...concurrency(5), level: 'api-key' }, cost: 1, path },
  ];
}

/** In micro-dollars, as the record of one says. */
async function costOfRequest(): Promise<number> {
  const { tenant: probe, apiKey: key } = await createLimited('probe', []);
  const headers = { 'x-api-key': key, 'content-type': 'application/json' };
  await fetch(`${suite.gateway.url}${messagesPath}`, { method: 'POST', headers, body });
  for (;;) {
    const entries = await store.command('xrange', [store.redisKeys.usageRecords(probe), '-', '+']);
    const [entry] = entries as [string, string[]][];
    const record = entry === undefined ? undefined : decodeUsageRecord(entry[1][3] ?? '');
    if (record !== undefined) return record.costMicroDollars;
  }
}

async function createLimited(name: string, limits: readonly LimitRule[]) {
  const id = `bench-${process.pid}-${name}`;
  doneValue(await createTenant(suite.tenancy, root, { id, name: id, allowlist: { models: ['*'] }, limits }));
  const made = doneValue(await createApiKey(suite.tenancy, root, { tenant: id, name: 'bench' }));
  return { tenant: id, apiKey: made.apiKey.reveal() };
}

/** Kills a gateway, and has Redis write what it knows, end, and come back with it. */
async function halfWay(): Promise<void> {
  gateways[0]?.signal('SIGKILL');
  runCli('-p', String(redis.port), 'SHUTDOWN');
  await redis.kill();
  await redis.start();
}
