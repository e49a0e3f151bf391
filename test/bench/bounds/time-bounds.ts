import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { hang, openAiChatFrames, openAiChatSseHead, say, startFaultProxy, startTestRedis, write } from '@ccg/testkit';
import { openStream } from '../../acceptance/support/open-stream.ts';
import { redisPid, startLocal } from '../../acceptance/support/start-local.ts';
import { startSuite } from '../../acceptance/support/start-suite.ts';
import { refuseArguments } from '../credentials/percentiles.ts';
import { requestBody } from '../payload/bodies.ts';
import { measureBound } from './bound-figure.ts';
import type { BoundFigure } from './bound-figure.ts';
import { historyFigures } from './history-bounds.ts';

/* Prints the figures behind the product's time bounds; the tests hold them at five times the bound. */

const request = {
  model: 'claude-opus-5-5',
  max_tokens: 64,
  stream: true,
  messages: [{ role: 'user', content: 'hi' }],
};
/** Of the local gateways that run. Their Redis outlives them; everything else dies with this process. */
const dataDirs = new Set<string>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void Promise.all([...dataDirs].map(removeLocal)).finally(() => process.exit(1)));
}

refuseArguments();
const redis = await startTestRedis(process.env);
process.env['TEST_REDIS_URL'] = redis.url;

const suite = await startSuite('bounds-of-histories', { PREFERRED_PROVIDER: 'openai', RATE_LIMIT_RPM: '100000' });

const figures: readonly BoundFigure[] = [
  { what: 'npm start to its first 200, embedded store', boundMs: 3000, measure: () => firstAnswer('embedded') },
  { what: 'npm start to its first 200, redis-server', boundMs: 3000, measure: () => firstAnswer('redis-server') },
  { what: 'client gone to call at the provider aborted', boundMs: 250, measure: clientGone },
  { what: '503 for an unknown API key, Redis hanging', boundMs: 1000, measure: storeDown },
  { what: '25 counts at once of 132 KB never seen before', boundMs: 1000, measure: countsAtOnce },
  ...historyFigures(suite),
];

for (const figure of figures) process.stdout.write(`${await measureBound(figure)}\n`);
await suite.close();
await redis.stop();

async function firstAnswer(store: 'embedded' | 'redis-server'): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), 'ccg-bounds-'));
  dataDirs.add(dataDir);
  const startedAt = performance.now();
  // Tests start from code that is compiled already; a first start is not.
  const env = { LOCAL_STORE: store, NODE_DISABLE_COMPILE_CACHE: '1' };
  const local = await startLocal({ dataDir, args: ['--demo'], env });
  const apiKey = (await readFile(join(dataDir, 'first-key'), 'utf8')).trim();
  const stream = await openStream(`${local.url}/v1/messages`, apiKey, { ...request, stream: false });
  const elapsedMs = performance.now() - startedAt;
  if (stream.status !== 200) throw new Error(`The first answer was ${stream.status}.`);
  local.process.signal('SIGTERM');
  await local.process.exited;
  await removeLocal(dataDir);
  return elapsedMs;
}

async function removeLocal(dataDir: string): Promise<void> {
  const pid = await redisPid(dataDir);
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
  dataDirs.delete(dataDir);
}

async function clientGone(): Promise<number> {
  const suite = await startSuite('bounds', { PREFERRED_PROVIDER: 'openai' });
  const frames = openAiChatFrames({ content: [say('Half a loaf')] }, { model: 'm', includeUsage: true });
  suite.upstream.answer([...openAiChatSseHead(), ...frames.slice(0, 3).map(write), hang]);
  const stream = await openStream(`${suite.gateway.url}/v1/messages`, suite.apiKey, request);
  await stream.readUntil((text) => text.includes('Half'));
  const { aborted } = await suite.upstream.request(0);
  const leftAt = performance.now();
  stream.leave();
  await aborted;
  const elapsedMs = performance.now() - leftAt;
  await suite.close();
  return elapsedMs;
}

async function storeDown(): Promise<number> {
  const proxy = await startFaultProxy(redis.url);
  const suite = await startSuite('bounds', { PREFERRED_PROVIDER: 'openai' }, () => Promise.resolve(proxy.url));
  const apiKey = await suite.issueApiKey('never seen');
  proxy.hang();
  const askedAt = performance.now();
  const stream = await openStream(`${suite.gateway.url}/v1/messages`, apiKey, request);
  const elapsedMs = performance.now() - askedAt;
  if (stream.status !== 503) throw new Error(`The answer was ${stream.status}.`);
  proxy.restore();
  await suite.close();
  await proxy.close();
  return elapsedMs;
}

async function countsAtOnce(): Promise<number> {
  const suite = await startSuite('bounds', { PREFERRED_PROVIDER: 'openai' });
  const count = async () => {
    const answer = await fetch(`${suite.gateway.url}/v1/messages/count_tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': suite.apiKey },
      body: requestBody('large', false),
    });
    if (answer.status !== 200) throw new Error(`The count was ${answer.status}.`);
    await answer.arrayBuffer();
  };
  const askedAt = performance.now();
  await Promise.all(Array.from({ length: 25 }, count));
  const elapsedMs = performance.now() - askedAt;
  await suite.close();
  return elapsedMs;
}
