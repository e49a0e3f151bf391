import { createHash, randomBytes } from 'node:crypto';
import { createBatch, createRedisFiles, createTransitions, readResults, sweepBatches } from '@ccg/batches';
import type { Batch, BatchFiles, CreateDependencies, NewBatch, Transitions } from '@ccg/batches';
import { connectStore } from '@ccg/store';
import type { Script, Store } from '@ccg/store';
import type { TenantPrincipal } from '@ccg/tenancy';
import { createManualClock, redisForSuite } from '@ccg/testkit';
import type { ManualClock } from '@ccg/testkit';

export const claimMs = 60_000;
export const retentionMs = 29 * 24 * 60 * 60 * 1000;

/** Batches on the suite's Redis, with time in the test's hands. */
export interface BatchRig {
  readonly store: Store;
  readonly files: BatchFiles;
  readonly clock: ManualClock;
  readonly transitions: Transitions;
  readonly deps: CreateDependencies;
  create(request: Partial<Omit<NewBatch, 'body'>> & { readonly body: string | object }): Promise<Batch>;
  /** All of the results, a parsed line each. */
  results(batch: Batch): Promise<readonly unknown[]>;
  sweep(): Promise<void>;
  close(): Promise<void>;
}

interface RigOptions {
  readonly files?: (store: Store) => BatchFiles;
  readonly settle?: Script;
}

export async function openBatchRig({
  files: openFiles = createRedisFiles,
  settle,
}: RigOptions = {}): Promise<BatchRig> {
  const { target, keyPrefix } = redisForSuite('batches');
  const store = connectStore({ ...target, keyPrefix, commandTimeoutMs: 5000 });
  await store.whenReady(10_000);
  const clock = createManualClock();
  const files = openFiles(store);
  const transitions = createTransitions({ store, clock, claimMs, ...(settle === undefined ? {} : { settle }) });
  const deps: CreateDependencies = { store, files, clock, randomBytes, createHash: createSha256, retentionMs };
  return {
    store,
    files,
    clock,
    transitions,
    deps,
    create: ({ body, ...request }) =>
      createBatch(deps, {
        principal: principalOf('acme'),
        prefix: undefined,
        idempotencyKey: undefined,
        ...request,
        body: piecesOf(typeof body === 'string' ? body : JSON.stringify(body)),
      }),
    async results(batch) {
      const pieces: Uint8Array[] = [];
      for await (const piece of readResults({ store, files, transitions }, batch)) pieces.push(piece);
      const text = Buffer.concat(pieces).toString();
      return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown]));
    },
    async sweep() {
      const onFault = (error: unknown) => {
        throw error;
      };
      await sweepBatches({ store, files, transitions, randomBytes, clock, retentionMs, onFault });
    },
    close: () => store.close(),
  };
}

export function createSha256(): ReturnType<CreateDependencies['createHash']> {
  const hash = createHash('sha256');
  return {
    update(bytes) {
      hash.update(bytes);
    },
    hex: () => hash.digest('hex'),
  };
}

const authorization = {
  scopes: ['batches'],
  policy: { kind: 'allow-all' },
  limits: [],
  timeZone: 'UTC',
  contact: 'the operators',
} as const;

/** A user of a tenant with an API key. */
export function principalOf(tenant: string, user: string | undefined = 'usr_ada'): TenantPrincipal {
  return {
    kind: 'api-key',
    tenant,
    apiKeyId: `key_${user}`,
    apiKeyName: 'test',
    user,
    userName: user,
    group: undefined,
    waitingWeight: 1,
    expiresAtMs: undefined,
    authorization,
  };
}

/** A body as it arrives, in pieces of a few hundred bytes that end with whole characters. */
async function* piecesOf(text: string): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += 333) yield Buffer.from(text.slice(at, at + 333));
}

/** So many requests, with ids from `item-0` on. */
export function requestsOf(count: number, changes: object = {}): { readonly requests: readonly object[] } {
  const params = { model: 'claude-opus-4', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }], ...changes };
  return { requests: Array.from({ length: count }, (_, index) => ({ custom_id: `item-${index}`, params })) };
}
