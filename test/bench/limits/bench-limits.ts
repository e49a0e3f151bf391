import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LimitRule } from '@ccg/kernel';
import { createApiKey, createTenant, systemActor } from '@ccg/tenancy';
import { doneValue, startGateway, startTestRedis } from '@ccg/testkit';
import type { GatewayProcess } from '@ccg/testkit';
import { startSuite } from '../../acceptance/support/start-suite.ts';

/*
 * Several gateways on one Redis let in no more than a limit allows, for each kind of limit; one of them is killed half-way.
 * Prints JSON, and exits with 1 where more was let in than the limit, what flowed in meanwhile and one request.
 * Use: bench-limits.ts [GATEWAYS] [REQUESTS]
 */

const [gatewayCount = 4, requestCount = 2000] = process.argv.slice(2).map(Number);
const parallel = 32;
const answerMs = 20;
const maxTokens = 50;
const body = JSON.stringify({
  model: 'm',
  max_tokens: maxTokens,
  messages: [{ role: 'user', content: 'a'.repeat(400) }],
});
/** What a request reserves of input, and what the provider reports: so each counts for the same before and after. */
const inputTokens = Math.ceil(body.length / 4);
const root = systemActor('bench');

interface Case {
  readonly rule: LimitRule;
  /** What a request counts for. */
  readonly cost: number;
}

const cases: readonly Case[] = [
  { rule: { level: 'tenant', kind: 'requests', amount: 600, per: 'minute' }, cost: 1 },
  { rule: { level: 'user', kind: 'input_tokens', amount: 30_000, per: 'minute' }, cost: inputTokens },
  { rule: { level: 'model', kind: 'output_tokens', amount: 20_000, per: 'minute' }, cost: maxTokens },
  { rule: { level: 'api-key', kind: 'concurrency', amount: 5 }, cost: 1 },
];

const provider = await startProvider();
const redis = await startTestRedis(process.env);
process.env['TEST_REDIS_URL'] = redis.url;
const suite = await startSuite('bench-limits', { OPENAI_BASE_URL: `${provider.url}/v1` });

const results = [];
for (const [at, one] of cases.entries()) results.push(await measure(one, `bench-${process.pid}-${at}`));
process.stdout.write(`${JSON.stringify({ gateways: gatewayCount, requests: requestCount, results }, null, 2)}\n`);
process.exitCode = results.every(({ kept }) => kept) ? 0 : 1;

await suite.close();
await redis.stop();
provider.close();

async function measure({ rule, cost }: Case, tenant: string) {
  const { tenancy } = suite;
  doneValue(
    await createTenant(tenancy, root, { id: tenant, name: tenant, allowlist: { models: ['*'] }, limits: [rule] }),
  );
  const { apiKey } = doneValue(await createApiKey(tenancy, root, { tenant, name: 'bench' }));
  const gateways = await Promise.all(Array.from({ length: gatewayCount }, () => startGateway(suite.env)));
  provider.reset();
  const startedAt = performance.now();
  const statuses = await askAll(gateways, apiKey.reveal());
  const seconds = (performance.now() - startedAt) / 1000;
  const withoutRedis = gateways.filter((gateway) => gateway.output().includes('counts limits by itself')).length;
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  const isRate = rule.kind !== 'concurrency';
  const admitted = isRate ? provider.received() * cost : provider.peak();
  const refill = isRate ? (rule.amount * seconds) / 60 : 0;
  const bound = isRate ? rule.amount + refill + cost : rule.amount;
  return { ...rule, admitted, allowed: rule.amount, refill, kept: admitted <= bound, withoutRedis, seconds, statuses };
}

/** How many requests got which status; those of a gateway that was killed get none. */
async function askAll(gateways: readonly GatewayProcess[], apiKey: string): Promise<Readonly<Record<string, number>>> {
  const statuses: Record<string, number> = {};
  let sent = 0;
  async function askOn(): Promise<void> {
    while (sent < requestCount) {
      sent += 1;
      if (sent === Math.floor(requestCount / 2)) gateways[0]?.signal('SIGKILL');
      const status = await ask(gateways[sent % gateways.length]?.url ?? '', apiKey);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  }
  await Promise.all(Array.from({ length: parallel }, askOn));
  return statuses;
}

async function ask(url: string, apiKey: string): Promise<string> {
  const headers = { 'x-api-key': apiKey, 'content-type': 'application/json' };
  try {
    const answer = await fetch(`${url}/v1/messages`, { method: 'POST', headers, body });
    await answer.arrayBuffer();
    return String(answer.status);
  } catch {
    return 'none';
  }
}

/** Counts what it is asked, and how much of that at the same time. */
async function startProvider() {
  let [received, running, peak] = [0, 0, 0];
  const answer = JSON.stringify({
    choices: [{ index: 0, message: { role: 'assistant', content: 'fine' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: inputTokens, completion_tokens: maxTokens, total_tokens: inputTokens + maxTokens },
  });
  const server = createServer((request, response) => {
    request.resume();
    if (request.method !== 'POST') {
      response.writeHead(404).end();
      return;
    }
    received += 1;
    running += 1;
    peak = Math.max(peak, running);
    response.once('close', () => {
      running -= 1;
    });
    setTimeout(() => response.writeHead(200, { 'content-type': 'application/json' }).end(answer), answerMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received: () => received,
    peak: () => peak,
    reset() {
      [received, peak] = [0, running];
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
