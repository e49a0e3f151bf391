import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { createApiKey, createTenant, createUser, systemActor } from '@ccg/tenancy';
import { createScript } from '@ccg/store';
import { createGate, doneValue, listenOnFreePort, startGateway, startTestRedis } from '@ccg/testkit';
import type { Gate } from '@ccg/testkit';
import { startSuite } from '../../acceptance/support/start-suite.ts';

/*
 * What somebody who sends 100 requests at once notices of somebody else of whom 5,000 wait: of another tenant, and of another
 * user of the same one. Prints JSON, and exits with 1 where they take more than twice as long as alone.
 * Each answer takes half a second to one and a half.
 * Use: bench-fairness.ts [GATEWAYS] [WAITING] [REQUESTS]
 */

const [gatewayCount = 2, waitingCount = 5000, requestCount = 100] = process.argv.slice(2).map(Number);
/** So many run at a time: of those who wait every second one is the other user's, so 100 take no more than two thirds of an answer longer. */
const maxRunning = 300;
const rampPerTick = 50;
const tickMs = 50;
const ratioMax = 2;
const root = systemActor('bench');
const body = JSON.stringify({ model: 'm', max_tokens: 8, messages: [{ role: 'user', content: 'hi' }] });

const provider = await startSlowProvider();
const redis = await startTestRedis(process.env);
process.env['TEST_REDIS_URL'] = redis.url;
const suite = await startSuite('bench-fairness', { OPENAI_BASE_URL: `${provider.url}/v1` });
const { store } = suite.tenancy;
const gateways = await Promise.all(Array.from({ length: gatewayCount }, () => startGateway(suite.env)));

const results = {
  tenants: await measure(await openTenant('many'), await openTenant('few')),
  users: await measure(...(await openUsers())),
};
process.stdout.write(
  `${JSON.stringify({ gateways: gatewayCount, waiting: waitingCount, maxRunning, results }, null, 2)}\n`,
);
process.exitCode = Object.values(results).every(({ kept }) => kept) ? 0 : 1;

await Promise.all(gateways.map((gateway) => gateway.stop()));
await suite.close();
await redis.stop();
provider.close();

interface Caller {
  readonly tenant: string;
  readonly apiKey: string;
}

async function measure(many: Caller, few: Caller) {
  await askAll(few, gateways.length);
  const aloneMs = await timed(() => askAll(few, requestCount));
  const held = provider.hold();
  const leaving = new AbortController();
  const crowd = askAll(many, waitingCount + maxRunning, leaving.signal).catch(() => {});
  while ((await waitingOf(many.tenant)) < waitingCount) await delay(tickMs);
  held.open();
  const besideMs = await timed(() => askAll(few, requestCount));
  const stillWaiting = await waitingOf(many.tenant);
  leaving.abort();
  await crowd;
  while ((await waitingOf(many.tenant)) > 0) await delay(tickMs);
  const ratio = besideMs / aloneMs;
  process.stderr.write(`alone ${Math.round(aloneMs)} ms, beside ${Math.round(besideMs)} ms\n`);
  return { aloneMs, besideMs, ratio, stillWaiting, kept: ratio <= ratioMax && stillWaiting > 0 };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

/** As many as come at once from many machines: not all in the same millisecond. */
async function askAll({ apiKey }: Caller, count: number, signal: AbortSignal | null = null): Promise<void> {
  const answers: Promise<void>[] = [];
  for (let at = 0; at < count; at += 1) {
    answers.push(ask(gateways[at % gateways.length]?.url ?? '', apiKey, signal));
    if (at % rampPerTick === rampPerTick - 1 && at + 1 < count) await delay(tickMs);
  }
  await Promise.all(answers);
}

async function ask(url: string, apiKey: string, signal: AbortSignal | null): Promise<void> {
  const headers = { 'x-api-key': apiKey, 'content-type': 'application/json' };
  const answer = await fetch(`${url}/v1/messages`, { method: 'POST', headers, body, signal });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${answer.status}: ${text}`);
}

async function waitingOf(tenant: string): Promise<number> {
  const count = createScript("return redis.call('ZCARD', KEYS[1])");
  return Number(await store.run(count, [store.redisKeys.waiting(tenant, 'tickets')], []));
}

async function openTenant(name: string): Promise<Caller> {
  const tenant = `bench-${process.pid}-${name}`;
  const limit = {
    level: 'tenant',
    kind: 'concurrency',
    amount: maxRunning,
    maxWaitSeconds: 600,
    maxWaiting: 10_000,
  } as const;
  doneValue(
    await createTenant(suite.tenancy, root, {
      id: tenant,
      name: tenant,
      allowlist: { models: ['*'] },
      limits: [limit],
    }),
  );
  const { apiKey } = doneValue(await createApiKey(suite.tenancy, root, { tenant, name: 'bench' }));
  return { tenant, apiKey: apiKey.reveal() };
}

async function openUsers(): Promise<[Caller, Caller]> {
  const { tenant } = await openTenant('shared');
  const callers: Caller[] = [];
  for (const name of ['many', 'few']) {
    const { id } = doneValue(await createUser(suite.tenancy, root, { tenant, name }));
    const { apiKey } = doneValue(
      await createApiKey(suite.tenancy, root, { tenant, name, owner: { kind: 'user', id } }),
    );
    callers.push({ tenant, apiKey: apiKey.reveal() });
  }
  const [many, few] = callers;
  if (many === undefined || few === undefined) throw new Error('Two users were made.');
  return [many, few];
}

async function startSlowProvider() {
  let gate: Gate = createGate();
  gate.open();
  let answers = 0;
  const answer = JSON.stringify({
    choices: [{ index: 0, message: { role: 'assistant', content: 'fine' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  });
  const server = createServer((request, response) => {
    request.resume();
    if (request.method !== 'POST') {
      response.writeHead(404).end();
      return;
    }
    answers += 1;
    const takesMs = 500 + ((answers * 373) % 1000);
    void gate.opened
      .then(() => delay(takesMs))
      .then(() => response.writeHead(200, { 'content-type': 'application/json' }).end(answer));
  });
  const url = await listenOnFreePort(server);
  return {
    url,
    /** Nobody is answered until the gate opens. */
    hold(): Gate {
      gate = createGate();
      return gate;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
