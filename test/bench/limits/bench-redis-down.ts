import { setTimeout as sleep } from 'node:timers/promises';
import { createApiKey, createTenant, systemActor } from '@ccg/tenancy';
import { doneValue, requireRedisBinary, runCli, startGateway, startRedisProcess } from '@ccg/testkit';
import { Agent, request } from 'undici';
import { startSuite } from '../../acceptance/support/start-suite.ts';
import { judged, percentile } from '../credentials/percentiles.ts';
import { startCountingProvider } from './counting-provider.ts';

/*
 * Redis, which writes an append-only file, is stopped for a minute under load. Two gateways go on with the API keys that they
 * know: one tenant has no limit, another asks for four times what its rate limit allows.
 * Prints JSON, and exits with 1 where a bound is missed. Use: bench-redis-down.ts [SECONDS that Redis is away]
 */

const [downSeconds = 60] = process.argv.slice(2).map(Number);
/** A process is slow at first. */
const warmSeconds = 10;
const calmSeconds = 15;
const bounds = { servedShare: 0.999, addedP99Ms: 50, backMs: 2000, admittedShare: 1.2 };
/** Requests per second. */
const offered = { unlimited: 60, limited: 40 };
const limitPerMinute = 600;
const body = JSON.stringify({ model: 'm', max_tokens: 50, messages: [{ role: 'user', content: 'hi' }] });
const root = systemActor('bench');

type Phase = 'warming' | 'before' | 'down' | 'after';

interface Answer {
  readonly phase: Phase;
  /** 0 for none. */
  readonly status: number;
  readonly ms: number;
}

const provider = await startCountingProvider({ input: 10, output: 10 });
const redis = await startRedisProcess({ binary: requireRedisBinary(), extraArgs: ['--appendonly', 'yes'] });
process.env['TEST_REDIS_URL'] = redis.url;
const suite = await startSuite('bench-redis-down', {
  OPENAI_BASE_URL: `${provider.url}/v1`,
  API_KEY_STALE_SECONDS: '120',
});
const gateways = [suite.gateway, await startGateway(suite.env)];
const agent = new Agent({ connections: 100 });
let phase: Phase = 'warming';
let isOver = false;

const startedAtMs = performance.now();
const unlimited = load(await createKey('unlimited', undefined), offered.unlimited);
const limited = load(await createKey('limited', limitPerMinute), offered.limited);
await sleep(warmSeconds * 1000);
phase = 'before';
await sleep(calmSeconds * 1000);
runCli('-p', String(redis.port), 'SHUTDOWN');
await redis.kill();
phase = 'down';
await sleep(downSeconds * 1000);
await redis.start();
const backMs = await timeUntilShared();
phase = 'after';
await sleep(calmSeconds * 1000);
isOver = true;
const [free, capped] = await Promise.all([unlimited, limited]);
const seconds = (performance.now() - startedAtMs) / 1000;

const timesOf = (of: Phase) => free.filter(({ phase: at }) => at === of).map(({ ms }) => ms);
const p99Ms = { before: percentile(timesOf('before'), 0.99), down: percentile(timesOf('down'), 0.99) };
const servedShare = free.filter(({ status }) => status === 200).length / free.length;
const admitted = capped.filter(({ status }) => status === 200).length;
const allowed = limitPerMinute + (limitPerMinute * seconds) / 60;
const figures = {
  servedShare,
  addedP99Ms: Math.max(0, p99Ms.down - p99Ms.before),
  backMs,
  admittedShare: admitted / allowed,
};
const isKept =
  servedShare >= bounds.servedShare &&
  figures.addedP99Ms <= bounds.addedP99Ms &&
  backMs <= bounds.backMs &&
  figures.admittedShare <= bounds.admittedShare;
const counts = { unlimited: countsOf(free), limited: countsOf(capped) };
process.stdout.write(
  `${JSON.stringify({ downSeconds, seconds, figures, p99Ms, admitted, allowed, counts }, null, 2)}\n`,
);
process.stderr.write(judged('not served, share', 1 - servedShare, 1 - bounds.servedShare));
process.stderr.write(judged('added p99', figures.addedP99Ms, bounds.addedP99Ms, ' ms'));
process.stderr.write(judged('back after', backMs, bounds.backMs, ' ms'));
process.stderr.write(judged('let in of what the limit allows', figures.admittedShare, bounds.admittedShare));
process.exitCode = isKept ? 0 : 1;

await agent.close();
await gateways[1]?.stop();
await suite.close();
await redis.stop();
provider.close();

async function createKey(name: string, amount: number | undefined): Promise<string> {
  const id = `bench-${process.pid}-${name}`;
  const limits = amount === undefined ? [] : [{ level: 'tenant', kind: 'requests', amount, per: 'minute' } as const];
  doneValue(await createTenant(suite.tenancy, root, { id, name: id, allowlist: { models: ['*'] }, limits }));
  return doneValue(await createApiKey(suite.tenancy, root, { tenant: id, name: 'bench' })).apiKey.reveal();
}

/** Asks at a steady pace, whether answers come or not, until the bench is over. */
async function load(apiKey: string, perSecond: number): Promise<readonly Answer[]> {
  const answers: Promise<Answer>[] = [];
  const beganAtMs = performance.now();
  while (!isOver) {
    answers.push(ask(`${gateways[answers.length % gateways.length]?.url ?? ''}/v1/messages`, apiKey));
    await sleep(Math.max(0, beganAtMs + (answers.length * 1000) / perSecond - performance.now()));
  }
  return await Promise.all(answers);
}

async function ask(url: string, apiKey: string): Promise<Answer> {
  const [at, beganAtMs] = [phase, performance.now()];
  const headers = { 'x-api-key': apiKey, 'content-type': 'application/json' };
  let status = 0;
  try {
    const answer = await request(url, { method: 'POST', headers, body, dispatcher: agent });
    await answer.body.dump();
    status = answer.statusCode;
  } catch {
    // No answer: it stays 0.
  }
  return { phase: at, status, ms: performance.now() - beganAtMs };
}

/** Milliseconds until every gateway counts limits in Redis again. */
async function timeUntilShared(): Promise<number> {
  const beganAtMs = performance.now();
  for (const { opsUrl } of gateways) {
    while (!/^ccg_store_mode\{mode="shared"\} 1$/mu.test(await (await fetch(`${opsUrl}/metrics`)).text()))
      await sleep(20);
  }
  return Math.round(performance.now() - beganAtMs);
}

function countsOf(answers: readonly Answer[]): Readonly<Record<string, number>> {
  const counted: Record<string, number> = {};
  for (const { phase: at, status } of answers) {
    const name = `${at} ${status === 0 ? 'none' : status}`;
    counted[name] = (counted[name] ?? 0) + 1;
  }
  return counted;
}
