import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectStore } from '@ccg/store';
import {
  jsonAt,
  jsonTextAt,
  listenOnFreePort,
  requireRedisBinary,
  startGateway,
  startRedisProcess,
  startWorker,
} from '@ccg/testkit';
import type { AppProcess, GatewayProcess } from '@ccg/testkit';
import { Agent, request } from 'undici';
import { issueApiKey } from '../../faults/batches/issue-api-key.ts';

/** Two gateways and any number of workers on a Redis that writes an append-only file, and a folder for batches. */
export interface BatchRig {
  /** Where batches are created. */
  readonly gateway: GatewayProcess;
  /** Another one, which learns of everything from Redis. */
  readonly other: GatewayProcess;
  readonly upstream: TimedUpstream;
  /** Makes a tenant, and gives its API key. */
  addTenant(tenant: string): Promise<string>;
  /** Starts so many workers; ends them with what it gives. */
  startWorkers(count: number): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** A provider whose answers take as long as it is told. */
interface TimedUpstream {
  setAnswerMs(ms: number): void;
  /** When each answer was sent since the last call of this. */
  takeAnswers(): readonly number[];
}

/** Each worker runs so many items at the same time. */
export const slots = 16;

export async function startBatchRig(): Promise<BatchRig> {
  await using opening = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'ccg-bench-batches-'));
  opening.defer(() => rm(folder, { recursive: true, force: true }));
  const redis = await startRedisProcess({ binary: requireRedisBinary(), extraArgs: ['--appendonly', 'yes'] });
  opening.defer(() => redis.stop());
  const pepper = randomBytes(32).toString('hex');
  const store = connectStore({ url: redis.url, keyPrefix: 'bench:', commandTimeoutMs: 5000 });
  opening.defer(() => store.close());
  await store.whenReady(10_000);
  const upstream = await startTimedUpstream();
  opening.defer(upstream.close);
  const env = {
    REDIS_URL: redis.url,
    REDIS_KEY_PREFIX: 'bench:',
    KEY_PEPPER: pepper,
    OPENAI_API_KEY: 'sk-none',
    OPENAI_BASE_URL: `${upstream.url}/v1`,
    PREFERRED_PROVIDER: 'openai',
    BIG_MODEL: 'gpt-4.1',
    SMALL_MODEL: 'gpt-4.1',
    // Nobody in here follows a link.
    PUBLIC_BASE_URL: 'http://127.0.0.1',
    BATCH_STORE: 'directory',
    BATCH_DIR: join(folder, 'batches'),
    WORKER_SLOTS: String(slots),
  };
  const gateway = await startGateway(env);
  opening.defer(() => gateway.stop());
  const other = await startGateway(env);
  opening.defer(() => other.stop());
  const opened = opening.move();
  return {
    gateway,
    other,
    upstream,
    addTenant: (tenant) => issueApiKey(store, pepper, { tenant, limits: [] }),
    async startWorkers(count) {
      const workers: AppProcess[] = [];
      for (let at = 0; at < count; at += 1) workers.push(await startWorker(env));
      return async () => {
        for (const worker of workers) worker.signal('SIGTERM');
        await Promise.all(workers.map(({ exited }) => exited));
        await Promise.all(workers.map((worker) => worker.stop()));
      };
    },
    close: () => opened.disposeAsync(),
  };
}

async function startTimedUpstream() {
  let answerMs = 0;
  let answers: number[] = [];
  const answer = JSON.stringify({
    choices: [{ index: 0, message: { role: 'assistant', content: 'fine' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  });
  const server = createServer((incoming, response) => {
    incoming.resume();
    incoming.once('end', () => {
      setTimeout(() => {
        answers.push(performance.now());
        response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
      }, answerMs);
    });
  });
  const url = await listenOnFreePort(server);
  return {
    url,
    setAnswerMs(ms: number) {
      answerMs = ms;
    },
    takeAnswers() {
      const taken = answers;
      answers = [];
      return taken;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const path = '/v1/messages/batches';
const dispatcher = new Agent({ connections: 64, headersTimeout: 120_000 });

/** Asks for JSON. Throws with the answer where it is not a 200. */
export async function ask(
  url: string,
  apiKey: string,
  method: 'GET' | 'POST' | 'DELETE',
  body?: string,
): Promise<unknown> {
  const headers = { 'x-api-key': apiKey, 'content-type': 'application/json' };
  const answer = await request(url, { method, headers, dispatcher, ...(body === undefined ? {} : { body }) });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}: ${text}`);
  return JSON.parse(text);
}

/** Creates a batch of so many small items; gives its URL. */
export async function createBatch({ url }: GatewayProcess, apiKey: string, items: number): Promise<string> {
  const messages = [{ role: 'user', content: 'hi' }];
  const params = { model: 'gpt-4.1', max_tokens: 8, messages };
  const requests = Array.from({ length: items }, (_, at) => ({ custom_id: `item-${at}`, params }));
  const batch = await ask(url + path, apiKey, 'POST', JSON.stringify({ requests }));
  return `${url}${path}/${jsonTextAt(batch, 'id')}`;
}

export async function statusOf(batchUrl: string, apiKey: string): Promise<unknown> {
  return jsonAt(await ask(batchUrl, apiKey, 'GET'), 'processing_status');
}

export async function waitUntilEnded(batchUrl: string, apiKey: string): Promise<void> {
  while ((await statusOf(batchUrl, apiKey)) !== 'ended') await delay(20);
}
