import { randomBytes, randomUUID } from 'node:crypto';
import { createBatch, createRedisFiles, createTransitions, readBatch, readResults } from '@ccg/batches';
import type { Batch, BatchPlace, NewBatch } from '@ccg/batches';
import { Secret, systemClock } from '@ccg/kernel';
import type { LimitRule } from '@ccg/kernel';
import { connectStore } from '@ccg/store';
import type { ConnectionTarget, Store } from '@ccg/store';
import { createApiKey, createTenant, createUser, systemActor, updateTenant } from '@ccg/tenancy';
import type { TenancyDependencies, TenantPrincipal } from '@ccg/tenancy';
import { doneValue, jsonAt, jsonScript, jsonTextAt, startScriptedUpstream } from '@ccg/testkit';
import type { RecordedRequest, Script, ScriptedUpstream } from '@ccg/testkit';
import { parseWorkerConfig, startWorker } from '@ccg/worker';
import type { RunningWorker } from '@ccg/worker';
import { expect } from 'vitest';
import { createSha256, principalOf, retentionMs } from './batch-rig.ts';

export const rootActor = systemActor('suite');

/** Who creates batches, with an API key that may do so. */
export interface BatchOwner {
  readonly tenant: string;
  readonly user: string;
  readonly apiKeyId: string;
  readonly principal: TenantPrincipal;
}

/** Everything that runs batches except the workers: a store, tenants, and a provider. Batches come into it without a gateway. */
export interface RunBatchesRig {
  readonly store: Store;
  readonly upstream: ScriptedUpstream;
  readonly tenancy: TenancyDependencies;
  /** The environment of a worker. */
  readonly env: Readonly<Record<string, string>>;
  /** A user of a tenant of its own. */
  owner(limits?: readonly LimitRule[]): Promise<BatchOwner>;
  limit(tenant: string, limits: readonly LimitRule[]): Promise<void>;
  /** Starts a worker in this process. It is stopped with the rig. */
  startWorker(env?: Readonly<Record<string, string>>): Promise<RunningWorker>;
  /** An item for each text that it asks the model. */
  create(owner: BatchOwner, prompts: readonly (string | object)[], headers?: NewBatch['headers']): Promise<BatchPlace>;
  read(place: BatchPlace): Promise<Batch>;
  /** The lines that its workers wrote of the items of a batch, as they came. */
  linesOf(place: BatchPlace): readonly Readonly<Record<string, unknown>>[];
  /** Waits for the end of a batch, and gives the result of each of its items in their order. */
  results(place: BatchPlace): Promise<readonly unknown[]>;
  close(): Promise<void>;
}

export const patienceMs = 60_000;

interface RigOptions {
  readonly target: ConnectionTarget;
  readonly keyPrefix: string;
  /** How a worker reaches the same store. */
  readonly env: Readonly<Record<string, string>>;
}

export async function openRunBatchesRig({ target, keyPrefix, env: reach }: RigOptions): Promise<RunBatchesRig> {
  const opened = new AsyncDisposableStack();
  const upstream = await startScriptedUpstream((request) => answerWith(`re: ${promptOf(request)}`));
  opened.defer(() => upstream.close());
  const store = connectStore({ ...target, keyPrefix, commandTimeoutMs: 5000 });
  opened.defer(() => store.close());
  await store.whenReady(20_000);
  const pepper = 'a pepper of this suite, which is long enough';
  const peppers = { current: new Secret(pepper), previous: [] };
  const tenancy: TenancyDependencies = { store, clock: systemClock, peppers, randomBytes };
  const files = createRedisFiles(store);
  const transitions = createTransitions({ store, clock: systemClock });
  const env = {
    REDIS_KEY_PREFIX: keyPrefix,
    KEY_PEPPER: pepper,
    OPS_PORT: '0',
    ANTHROPIC_API_KEY: 'sk-ant-none',
    ANTHROPIC_API_BASE: upstream.url,
    PREFERRED_PROVIDER: 'anthropic',
    MODEL_LIST_INTERVAL_MS: '0',
    ...reach,
  };
  const log: string[] = [];
  const read: RunBatchesRig['read'] = async (place) => {
    const batch = await readBatch(store, place);
    if (batch === undefined) throw new Error('There is no such batch.');
    return batch;
  };
  return {
    store,
    upstream,
    tenancy,
    env,
    owner: (limits) => createOwner(tenancy, limits),
    async limit(tenant, limits) {
      doneValue(await updateTenant(tenancy, rootActor, { tenant, limits }));
    },
    async startWorker(more = {}) {
      const parsed = parseWorkerConfig({ ...env, ...more });
      if (parsed.kind === 'faulty') throw new Error(parsed.message);
      const worker = await startWorker(parsed.config, { log: { write: (line) => log.push(line) } });
      opened.defer(() => worker.drain());
      return worker;
    },
    async create({ principal }, prompts, headers) {
      const deps = { store, files, clock: systemClock, randomBytes, createHash: createSha256, retentionMs };
      const body = bodyOf(prompts.map((prompt, index) => ({ custom_id: `item-${index}`, params: paramsOf(prompt) })));
      const request: NewBatch = { principal, prefix: undefined, headers, idempotencyKey: undefined, body };
      return (await createBatch(deps, request)).record;
    },
    read,
    linesOf: ({ id }) =>
      log
        .flatMap((text) => text.trimEnd().split('\n'))
        .map((text) => JSON.parse(text) as Readonly<Record<string, unknown>>)
        .filter((line) => line['batch'] === id && line['msg'] === 'item'),
    async results(place) {
      await expect.poll(async () => (await read(place)).status, { timeout: patienceMs }).toBe('ended');
      const pieces: Uint8Array[] = [];
      for await (const piece of readResults({ store, files, transitions }, await read(place))) pieces.push(piece);
      const lines = Buffer.concat(pieces).toString().trim().split('\n');
      const results = lines.map((line) => JSON.parse(line) as unknown);
      const numberOf = (result: unknown) => Number(jsonTextAt(result, 'custom_id').replace('item-', ''));
      expect(new Set(results.map(numberOf)).size).toBe(results.length);
      return results.toSorted((one, other) => numberOf(one) - numberOf(other)).map((one) => jsonAt(one, 'result'));
    },
    close: () => opened.disposeAsync(),
  };
}

async function createOwner(deps: TenancyDependencies, limits?: readonly LimitRule[]): Promise<BatchOwner> {
  const tenant = `t-${randomUUID()}`;
  const allowlist = { models: ['*'] };
  doneValue(await createTenant(deps, rootActor, { id: tenant, name: tenant, allowlist, limits }));
  const user = doneValue(await createUser(deps, rootActor, { tenant, name: 'ada' })).id;
  const owner = { kind: 'user', id: user } as const;
  const scopes = ['batches'] as const;
  const { record } = doneValue(await createApiKey(deps, rootActor, { tenant, name: 'batches', owner, scopes }));
  const principal = { ...principalOf(tenant, user), apiKeyId: record.id } as TenantPrincipal;
  return { tenant, user, apiKeyId: record.id, principal };
}

const paramsOf = (prompt: string | object): object =>
  typeof prompt === 'string'
    ? { model: 'claude-opus-5-5', max_tokens: 50, messages: [{ role: 'user', content: prompt }] }
    : prompt;

async function* bodyOf(requests: readonly object[]): AsyncGenerator<Uint8Array> {
  yield Buffer.from(JSON.stringify({ requests }));
}

/** What an item asks the model. */
export function promptOf(request: RecordedRequest): string {
  return jsonTextAt(request.json(), 'messages', 0, 'content');
}

/** A message of Anthropic's API. */
export function answerWith(text: string): Script {
  return jsonScript(200, {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-opus-5-5',
    content: [{ type: 'text', text }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 5 },
  });
}

/** Its text, of an item that succeeded; of another the type of its error or of its result. */
export function outcomeOf(result: unknown): string {
  const type = jsonTextAt(result, 'type');
  if (type === 'succeeded') return jsonTextAt(result, 'message', 'content', 0, 'text');
  return type === 'errored' ? jsonTextAt(result, 'error', 'error', 'type') : type;
}
