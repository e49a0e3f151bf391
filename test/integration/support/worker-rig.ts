import { randomBytes } from 'node:crypto';
import { createReadBudgets, wholeTenant } from '@ccg/admission';
import { createBatch, createRedisFiles, createTransitions, readBatch } from '@ccg/batches';
import type { Batch, Transitions } from '@ccg/batches';
import { Secret, systemClock } from '@ccg/kernel';
import type { LimitRule } from '@ccg/kernel';
import { connectStore, createScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { createMetrics } from '@ccg/telemetry';
import { createApiKey, createTenant, createUser, systemActor } from '@ccg/tenancy';
import { doneValue, redisForSuite } from '@ccg/testkit';
import { decodeUsageRecord } from '@ccg/usage';
import type { UsageRecord } from '@ccg/usage';
import { parseWorkerConfig, startWorker } from '@ccg/worker';
import type { RunningWorker } from '@ccg/worker';
import { budget } from './admission-rig.ts';
import { createSha256, principalOf, requestsOf, retentionMs } from './batch-rig.ts';

const tenant = 'acme';
const pepper = 'a pepper of this suite, which is long enough';
const root = systemActor('suite');

/** Workers on the suite's Redis that ask one provider, and a tenant with a budget and a cap. */
export interface WorkerRig {
  readonly store: Store;
  /** As of a process of its own. */
  readonly transitions: Transitions;
  readonly redisUrl: string;
  /** Creates a batch of so many requests. */
  create(items: number, params?: object): Promise<Batch>;
  startWorker(env?: Readonly<Record<string, string>>): Promise<StartedWorker>;
  /** The batch as it is, once it has ended. */
  ended(batch: Batch): Promise<Batch>;
  used(): Promise<TenantUse>;
  /** The tries that were not charged. */
  tries(): Promise<readonly { readonly fate: string | undefined; readonly record: UsageRecord | undefined }[]>;
  close(): Promise<void>;
}

interface StartedWorker extends Pick<RunningWorker, 'drain'> {
  /** The value of a counter of the worker, all its series together; 0 where there is none. */
  count(metric: string): Promise<number>;
}

interface TenantUse {
  /** What the budget has, reservations included. */
  readonly microDollars: number;
  readonly leases: unknown;
  /** Ids of the requests that Redis takes to be running. */
  readonly running: unknown;
  readonly records: readonly UsageRecord[];
}

const limits: readonly LimitRule[] = [
  { kind: 'budget', level: 'tenant', amount: 1000, per: 'month' },
  { kind: 'concurrency', level: 'tenant', amount: 50 },
];

export async function openWorkerRig(upstreamUrl: string): Promise<WorkerRig> {
  const opened = new AsyncDisposableStack();
  const { url, keyPrefix } = redisForSuite('workers');
  const store = connectStore({ url, keyPrefix, commandTimeoutMs: 5000 });
  opened.defer(() => store.close());
  await store.whenReady(10_000);
  const { user, apiKeyId } = await createCaller(store);
  const files = createRedisFiles(store);
  const readBudgets = createReadBudgets({ store, clock: systemClock });
  const read = (command: string, redisKey: string, ...args: readonly string[]) =>
    store.run(createScript(`return redis.call('${command}', KEYS[1], unpack(ARGV))`), [redisKey], args);

  async function records(): Promise<readonly UsageRecord[]> {
    const entries = await store.command('xrange', [store.redisKeys.usageRecords(tenant), '-', '+']);
    return (entries as [string, string[]][]).flatMap(([, fields]) => decodeUsageRecord(fields[3] ?? '') ?? []);
  }

  return {
    store,
    redisUrl: url,
    transitions: createTransitions({ store, clock: systemClock }),
    create: (items, params) => {
      async function* body() {
        yield Buffer.from(JSON.stringify(requestsOf(items, params)));
      }
      const deps = { store, files, clock: systemClock, randomBytes, createHash: createSha256, retentionMs };
      const principal = { ...principalOf(tenant, user), apiKeyId };
      return createBatch(deps, { principal, prefix: undefined, idempotencyKey: undefined, body: body() });
    },
    async startWorker(env = {}) {
      const parsed = parseWorkerConfig({ ...environment(url, keyPrefix, upstreamUrl), ...env });
      if (parsed.kind === 'faulty') throw new Error(parsed.message);
      const metrics = createMetrics();
      const worker = await startWorker(parsed.config, { log: { write() {} }, sharedMetrics: metrics });
      opened.defer(() => worker.drain());
      return {
        drain: worker.drain,
        async count(metric) {
          const { text } = await metrics.expose();
          const series = text
            .split('\n')
            .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
          return series.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
        },
      };
    },
    async ended({ record }) {
      for (;;) {
        const batch = await readBatch(store, record);
        if (batch?.status === 'ended') return batch;
        await new Promise((resolve) => {
          setTimeout(resolve, 50);
        });
      }
    },
    async tries() {
      const entries = await store.command('xrange', [store.redisKeys.itemTries(tenant), '-', '+']);
      return (entries as [string, string[]][]).map(([, fields]) => ({
        fate: fields[5],
        record: decodeUsageRecord(fields[3] ?? ''),
      }));
    },
    async used() {
      const { redisKeys } = store;
      const [state] = await readBudgets(tenant, [budget({ name: 'budget-month' })]);
      return {
        microDollars: state?.usedMicroDollars ?? 0,
        leases: await read('ZRANGE', redisKeys.leases(tenant, wholeTenant), '0', '-1'),
        running: await read('ZRANGE', redisKeys.reservations(tenant), '0', '-1'),
        records: await records(),
      };
    },
    close: () => opened.disposeAsync(),
  };
}

async function createCaller(store: Store) {
  const peppers = { current: new Secret(pepper), previous: [] };
  const deps = { store, clock: systemClock, peppers, randomBytes };
  doneValue(await createTenant(deps, root, { id: tenant, name: tenant, allowlist: { models: ['*'] }, limits }));
  const { id: user } = doneValue(await createUser(deps, root, { tenant, name: 'ada' }));
  const input = { tenant, name: 'ada', owner: { kind: 'user', id: user }, scopes: ['batches'] } as const;
  return { user, apiKeyId: doneValue(await createApiKey(deps, root, input)).record.id };
}

function environment(url: string, keyPrefix: string, upstreamUrl: string): Readonly<Record<string, string>> {
  return {
    REDIS_URL: url,
    REDIS_KEY_PREFIX: keyPrefix,
    KEY_PEPPER: pepper,
    BATCH_STORE: 'redis',
    WORKER_SLOTS: '4',
    OPENAI_API_KEY: 'sk-none',
    BIG_MODEL: 'big',
    SMALL_MODEL: 'small',
    OPENAI_BASE_URL: `${upstreamUrl}/v1`,
    MODEL_LIST_INTERVAL_MS: '0',
  };
}
