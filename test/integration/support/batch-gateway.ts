import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDirectoryFiles,
  createItemReader,
  createTransitions,
  erroredResult,
  fileResults,
  resultLine,
  succeededResult,
} from '@ccg/batches';
import type { Transitions } from '@ccg/batches';
import { parseConfig, startGateway } from '@ccg/gateway';
import type { RunningGateway } from '@ccg/gateway';
import { Secret, systemClock } from '@ccg/kernel';
import type { Clock, LimitRule, Scope } from '@ccg/kernel';
import { connectStore } from '@ccg/store';
import type { Store } from '@ccg/store';
import { createApiKey, createTenant, createUser, systemActor, updateTenant } from '@ccg/tenancy';
import { doneValue, listenOnFreePort, redisForSuite } from '@ccg/testkit';
import { Redis } from 'ioredis';
import { Agent, fetch } from 'undici';

const pepper = 'a pepper of this suite, which is long enough';
const root = systemActor('suite');

export interface BatchAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly text: string;
  readonly body: unknown;
}

/** A gateway with batches in a directory, on the suite's Redis, and who asks it. */
export interface BatchGateway {
  readonly gateway: RunningGateway;
  /** The folder of its files. */
  readonly batchDir: string;
  readonly store: Store;
  readonly transitions: Transitions;
  readonly keys: Readonly<Record<'ada' | 'bob' | 'reader' | 'admin' | 'service' | 'messages' | 'other', string>>;
  /** The time of everything that has to do with batches. */
  setAheadMs(ms: number): void;
  ask(key: string, method: string, path: string, body?: string | object, headers?: Headers): Promise<BatchAnswer>;
  /** Starts another one on the same Redis and with the same directory. */
  start(env: Readonly<Record<string, string>>, clock?: Clock): Promise<RunningGateway>;
  /** Does the work of a worker: ends an item, and moves all results into files. */
  finish(tenant: string, id: string, index: number, result: object, outcome?: 'succeeded' | 'errored'): Promise<void>;
  /** Sets the limits of a tenant. */
  limit(tenant: string, limits: readonly LimitRule[]): Promise<void>;
  /** Every redis key, and every file. */
  traces(): Promise<readonly string[]>;
  /** Milliseconds until a redis key among the traces expires. */
  leftMs(redisKey: string): Promise<number>;
  close(): Promise<void>;
}

type Headers = Readonly<Record<string, string>>;

/** On the suite's Redis, unless another one is given. */
export async function openBatchGateway(at?: {
  readonly url: string;
  readonly keyPrefix: string;
}): Promise<BatchGateway> {
  const opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'ccg-batch-gateway-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const { url, keyPrefix } = at ?? redisForSuite('message-batches');
  const redis = new Redis(url);
  opened.defer(() => {
    redis.disconnect();
  });
  const store = connectStore({ url, keyPrefix, commandTimeoutMs: 5000 });
  opened.defer(() => store.close());
  await store.whenReady(10_000);
  const tenancy = { store, clock: systemClock, peppers: peppers(), randomBytes };
  const keys = await createKeys(tenancy);

  const batchDir = join(folder, 'batches');
  const where = { BATCH_STORE: 'directory', BATCH_DIR: batchDir };
  let aheadMs = 0;
  const moved: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
  const start: BatchGateway['start'] = async (env, clock = moved) => {
    const parsed = parseConfig({ ...environment(url, keyPrefix), ...where, ...env });
    if (parsed.kind === 'faulty') throw new Error(parsed.message);
    const gateway = await startGateway(parsed.config, { clock, log: { write() {} } });
    opened.defer(() => gateway.drain());
    return gateway;
  };
  const port = await freePort();
  const gateway = await start({ PORT: port, PUBLIC_BASE_URL: `http://127.0.0.1:${port}/` });
  const files = createDirectoryFiles(batchDir);
  const items = createItemReader(files);
  const transitions = createTransitions({ store, clock: moved });
  return {
    gateway,
    batchDir,
    store,
    transitions,
    keys,
    setAheadMs(ms) {
      aheadMs = ms;
    },
    start,
    ask: (key, method, path, body, headers) => ask(gateway.url, key, { method, path, body, headers }),
    async finish(tenant, id, index, result, outcome = 'succeeded') {
      const { customId } = await items.read({ tenant, id }, index);
      const json = JSON.stringify(result);
      const line = resultLine(customId, outcome === 'succeeded' ? succeededResult(json) : erroredResult(json));
      await transitions.complete({ tenant, id, index, token: 'only' }, { outcome, line });
      await fileResults({ store, files, transitions, randomBytes }, { tenant, id }, false);
    },
    async limit(tenant, limits) {
      doneValue(await updateTenant(tenancy, root, { tenant, limits }));
    },
    async traces() {
      // What the passing of a request leaves anywhere is no trace of a batch.
      const names = (await redis.keys(`${keyPrefix}*batch*`)).map((name) => name.slice(keyPrefix.length));
      const written = await readdir(batchDir, { recursive: true, withFileTypes: true }).catch(() => []);
      return [...names, ...written.filter((entry) => entry.isFile()).map(({ name }) => name)].toSorted();
    },
    leftMs: (redisKey) => redis.pttl(keyPrefix + redisKey),
    close: () => opened.disposeAsync(),
  };
}

/** A connection that is kept is one that the end of a gateway waits for. */
const closing = new Agent({ pipelining: 0 });

export async function ask(
  url: string,
  key: string,
  request: {
    readonly method: string;
    readonly path: string;
    body?: string | object | undefined;
    headers?: Headers | undefined;
  },
): Promise<BatchAnswer> {
  const { method, path, body, headers } = request;
  const answer = await fetch(url + path, {
    dispatcher: closing,
    method,
    headers: { 'x-api-key': key, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, body: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function createKeys(deps: Parameters<typeof createApiKey>[0]): Promise<BatchGateway['keys']> {
  const allowlist = { models: ['*'] };
  for (const id of ['acme', 'umbrella']) doneValue(await createTenant(deps, root, { id, name: id, allowlist }));
  const keyOf = async (name: string, scopes: readonly Scope[], tenant = 'acme') => {
    const isService = name === 'service';
    const owner = isService
      ? ({ kind: 'service' } as const)
      : ({ kind: 'user', id: doneValue(await createUser(deps, root, { tenant, name })).id } as const);
    return doneValue(await createApiKey(deps, root, { tenant, name, owner, scopes })).apiKey.reveal();
  };
  return {
    ada: await keyOf('ada', ['batches']),
    bob: await keyOf('bob', ['batches']),
    reader: await keyOf('reader', ['batches', 'tenant:read']),
    admin: await keyOf('admin', ['batches', 'tenant:read', 'tenant:write']),
    service: await keyOf('service', ['batches']),
    messages: await keyOf('messages', ['messages']),
    other: await keyOf('other', ['batches', 'tenant:read', 'tenant:write'], 'umbrella'),
  };
}

const peppers = () => ({ current: new Secret(pepper), previous: [] });

function environment(url: string, keyPrefix: string): Readonly<Record<string, string>> {
  return {
    REDIS_URL: url,
    REDIS_KEY_PREFIX: keyPrefix,
    KEY_PEPPER: pepper,
    PORT: '0',
    OPS_PORT: '0',
    OPENAI_API_KEY: 'sk-none',
    MODEL_LIST_INTERVAL_MS: '0',
  };
}

async function freePort(): Promise<string> {
  const server = createServer();
  const { port } = new URL(await listenOnFreePort(server));
  server.close();
  return port;
}

/** Sends the head of a request to create a batch and what `send` writes, and gives all that comes back. */
export async function exchange(
  url: string,
  key: string,
  length: number,
  send: (socket: ReturnType<typeof connect>) => void | Promise<void>,
  first = '',
): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (bytes: Buffer) => {
    answer += bytes.toString();
  });
  socket.on('error', () => {});
  const lines = [
    `POST /v1/messages/batches HTTP/1.1`,
    'host: x',
    `x-api-key: ${key}`,
    'content-type: application/json',
    `content-length: ${length}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${first}`);
  const closed = once(socket, 'close');
  await send(socket);
  await closed;
  return answer;
}
