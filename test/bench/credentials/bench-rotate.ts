import { setTimeout as sleep } from 'node:timers/promises';
import { jsonTextAt, playModel, say, startGateway, startTestRedis } from '@ccg/testkit';
import { runCcg } from '../../acceptance/support/run-ccg.ts';
import { startAdminProcess } from '../../acceptance/support/start-admin.ts';
import { startSuite } from '../../acceptance/support/start-suite.ts';
import { judged, percentile, refuseArguments } from './percentiles.ts';

/* Prints what clients notice while `ccg` rotates their API key: nothing, if they take the new one within the overlap. */

const requestsPerSecond = 60;
const requestsPerSecondMin = 50;
const rotateAtMs = 5000;
const overlapMs = 8000;
/** Clients learn of the new API key one after the other. */
const moveMs = 6000;
const totalMs = 20_000;

refuseArguments();
const redis = await startTestRedis(process.env);
process.env['TEST_REDIS_URL'] = redis.url;
const suite = await startSuite('bench-rotate', {});
suite.upstream.play(playModel([{ content: [say('Hello.')] }]));
const replica = await startGateway(suite.env);
const admin = await startAdminProcess(suite.env);
const urls = [suite.gateway.url, replica.url];

const first = await issue(['keys', 'create', 'rotated', '--tenant', suite.tenant]);
let next: Awaited<ReturnType<typeof issue>> | undefined;
let movedAtMs = Infinity;

const statuses = new Map<number, number>();
const timesMs: number[] = [];
const startedAt = performance.now();
const elapsedMs = () => performance.now() - startedAt;
const rotation = sleep(rotateAtMs).then(async () => {
  next = await issue(['keys', 'rotate', first.id, '--tenant', suite.tenant, '--overlap', `${overlapMs / 1000}s`]);
  movedAtMs = elapsedMs();
});

const running: Promise<void>[] = [];
for (let sent = 0; elapsedMs() < totalMs; sent += 1) {
  running.push(request(urls[sent % urls.length] ?? '', apiKeyAt(sent)));
  await sleep(Math.max(0, ((sent + 1) * 1000) / requestsPerSecond - elapsedMs()));
}
await rotation;
await Promise.all(running);

const total = timesMs.length;
const failed = total - (statuses.get(200) ?? 0);
process.stdout.write(`requests: ${total}; by status: ${JSON.stringify(Object.fromEntries(statuses))}\n`);
process.stdout.write(
  `requests per second: ${(total / (totalMs / 1000)).toFixed(1)} (at least ${requestsPerSecondMin})\n`,
);
process.stdout.write(`p50 ${percentile(timesMs, 0.5).toFixed(1)} ms, p99 ${percentile(timesMs, 0.99).toFixed(1)} ms\n`);
process.stdout.write(judged('answers that are no 200', failed, 0));
process.stdout.write(`the old API key after its overlap: ${await statusOf(first.apiKey)}\n`);
await ccg(['keys', 'revoke', next?.id ?? '', '--tenant', suite.tenant]);
process.stdout.write(`the new one after its revocation: ${await statusOf(next?.apiKey ?? '')}\n`);
if (failed > 0 || total / (totalMs / 1000) < requestsPerSecondMin) process.exitCode = 1;

await admin.stop();
await replica.stop();
await suite.close();
await redis.stop();

/** Clients move one after the other: a growing part of the requests has the new API key. */
function apiKeyAt(sent: number): string {
  const share = (elapsedMs() - movedAtMs) / moveMs;
  const isMoved = next !== undefined && (sent % 10) / 10 < share;
  return isMoved ? (next?.apiKey ?? '') : first.apiKey;
}

async function request(url: string, apiKey: string): Promise<void> {
  const sentAt = performance.now();
  const body = {
    model: 'claude-sonnet-5-5',
    max_tokens: 16,
    stream: true,
    messages: [{ role: 'user', content: 'hi' }],
  };
  const status = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': apiKey, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify(body),
  }).then(
    async (answer) => {
      const text = await answer.text();
      return answer.status === 200 && !text.includes('message_stop') ? 0 : answer.status;
    },
    () => 0,
  );
  timesMs.push(performance.now() - sentAt);
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
}

/** What each replica answers. */
async function statusOf(apiKey: string): Promise<string> {
  const answers = await Promise.all(
    urls.map(async (url) => {
      const answer = await fetch(`${url}/v1/models`, { headers: { 'x-api-key': apiKey } });
      await answer.arrayBuffer();
      return answer.status;
    }),
  );
  return answers.join(' and ');
}

async function issue(args: readonly string[]): Promise<{ readonly id: string; readonly apiKey: string }> {
  const issued: unknown = JSON.parse(await ccg([...args, '--json']));
  return { id: jsonTextAt(issued, 'record', 'id'), apiKey: jsonTextAt(issued, 'apiKey') };
}

async function ccg(args: readonly string[]): Promise<string> {
  const env = { CCG_ADMIN_URL: admin.url, CCG_TOKEN_FILE: admin.tokenFile };
  const { exitCode, stdout, stderr } = await runCcg(args, env);
  if (exitCode !== 0) throw new Error(`ccg ${args.join(' ')} ended with ${exitCode}: ${stderr}`);
  return stdout;
}
