import { randomBytes, randomInt } from 'node:crypto';
import type { LimitRule } from '@ccg/kernel';
import { connectStore } from '@ccg/store';
import type { Store } from '@ccg/store';
import { requireRedisBinary, startGateway, startRedisProcess, startS3Server, startWorker } from '@ccg/testkit';
import type { AppProcess, S3Server } from '@ccg/testkit';
import { issueApiKey } from './issue-api-key.ts';
import type { ItemUpstream } from './item-upstream.ts';

/** A gateway, workers, Redis and an S3 store, each of which can be killed. What is killed is started again, as a supervisor does. */
export interface Fleet {
  readonly gatewayUrl: string;
  readonly tenant: string;
  readonly apiKey: string;
  /** Of the one who looks on: its commands fail while Redis is away. */
  readonly store: Store;
  readonly s3: S3Server;
  /** The workers that were killed. */
  readonly killedWorkers: ReadonlySet<string>;
  /** How often who was killed. */
  readonly kills: Readonly<Record<'worker' | 'redis' | 'gateway', number>>;
  killWorker(): Promise<void>;
  killRedis(): Promise<void>;
  /** Resolves when it is gone; `startGateway` starts it again. */
  killGateway(): Promise<void>;
  startGateway(): Promise<void>;
  close(): Promise<void>;
}

/** With these a process that was killed loses what it had not written to its kernel, which is nothing that it said to have done. */
export const redisSettings = { appendonly: 'yes', appendfsync: 'everysec', 'maxmemory-policy': 'noeviction' };
export const slots = 16;
const tenant = 'acme';
/** More than all items cost; so that what they cost is counted. */
const budget: LimitRule = { level: 'tenant', kind: 'budget', amount: 1000, per: 'month' };

export async function startFleet(upstream: ItemUpstream, workerCount: number): Promise<Fleet> {
  await using opening = new AsyncDisposableStack();
  const s3 = await startS3Server();
  opening.defer(() => s3.stop());
  const extraArgs = Object.entries(redisSettings).flatMap(([name, value]) => [`--${name}`, value]);
  const redis = await startRedisProcess({ binary: requireRedisBinary(), extraArgs });
  opening.defer(() => redis.stop());
  const pepper = randomBytes(32).toString('hex');
  const store = connectStore({ url: redis.url, keyPrefix: 'faults:', commandTimeoutMs: 5000 });
  opening.defer(() => store.close());
  await store.whenReady(10_000);
  const apiKey = await issueApiKey(store, pepper, { tenant, limits: [budget] });
  const port = String(randomInt(20_000, 32_000));
  const gatewayUrl = `http://127.0.0.1:${port}`;
  const env = {
    REDIS_URL: redis.url,
    REDIS_KEY_PREFIX: 'faults:',
    KEY_PEPPER: pepper,
    OPENAI_API_KEY: 'sk-none',
    PREFERRED_PROVIDER: 'openai',
    BIG_MODEL: 'gpt-4.1',
    SMALL_MODEL: 'gpt-4.1',
    PUBLIC_BASE_URL: gatewayUrl,
    BATCH_STORE: 's3',
    BATCH_S3_BUCKET: s3.bucket,
    BATCH_S3_ENDPOINT: s3.endpoint,
    WORKER_SLOTS: String(slots),
    ...s3.env,
  };

  const killedWorkers = new Set<string>();
  const kills = { worker: 0, redis: 0, gateway: 0 };
  const workers: { readonly name: string; readonly process: AppProcess }[] = [];
  let started = 0;
  async function addWorker(): Promise<void> {
    started += 1;
    const name = `worker-${started}`;
    workers.push({ name, process: await startWorker({ ...env, OPENAI_BASE_URL: upstream.urlFor(name) }) });
  }
  const openGateway = () => startGateway({ ...env, PORT: port, OPENAI_BASE_URL: upstream.urlFor('gateway') });
  let gateway = await openGateway();
  opening.defer(() => gateway.stop());
  opening.defer(async () => {
    await Promise.all(workers.map((worker) => worker.process.stop()));
  });
  for (let count = 0; count < workerCount; count += 1) await addWorker();
  const opened = opening.move();

  return {
    gatewayUrl,
    tenant,
    apiKey,
    store,
    s3,
    killedWorkers,
    kills,
    async killWorker() {
      const victim = workers.shift();
      if (victim === undefined) throw new Error('There is no worker to kill.');
      victim.process.signal('SIGKILL');
      killedWorkers.add(victim.name);
      kills.worker += 1;
      await victim.process.stop();
      await addWorker();
    },
    async killRedis() {
      kills.redis += 1;
      await redis.kill();
      await redis.start();
    },
    async killGateway() {
      kills.gateway += 1;
      gateway.signal('SIGKILL');
      await gateway.stop();
    },
    async startGateway() {
      gateway = await openGateway();
    },
    close: () => opened.disposeAsync(),
  };
}
