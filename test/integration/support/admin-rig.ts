import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminOperations, parseAdminConfig, problem, startAdmin } from '@ccg/admin';
import type { Operation, RunningAdmin } from '@ccg/admin';
import { Secret, systemClock } from '@ccg/kernel';
import { connectStore } from '@ccg/store';
import type { TenancyDependencies } from '@ccg/tenancy';
import { redisForSuite, startFaultProxy } from '@ccg/testkit';
import type { FaultProxy } from '@ccg/testkit';
import { Agent, fetch } from 'undici';

export const pepper = 'a pepper of this suite, which is long enough';

interface AdminAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly text: string;
  /** Undefined for an empty body, and for one that is not JSON. */
  readonly body: unknown;
}

interface AdminRequest {
  /** The token of the operators unless given; null: none. */
  readonly credential?: string | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The admin API in this process, on a Redis that can be cut off, and a clock that can be moved. */
export interface AdminRig {
  readonly admin: RunningAdmin;
  readonly token: string;
  readonly tokenFile: string;
  readonly folder: string;
  readonly proxy: FaultProxy;
  readonly redis: { readonly url: string; readonly keyPrefix: string };
  readonly log: readonly string[];
  setAheadMs(ms: number): void;
  /** Asks for a path below `/admin/v1`. What it answers is held to the schema of its operation. */
  call(method: string, path: string, request?: AdminRequest): Promise<AdminAnswer>;
  withStore<Value>(use: (deps: TenancyDependencies) => Promise<Value>): Promise<Value>;
  close(): Promise<void>;
}

interface RigOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Puts into store and folder what must be there before the start; gives variables more. */
  prepare?(deps: TenancyDependencies, folder: string): Promise<Readonly<Record<string, string>>>;
}

export async function openAdminRig(suite: string, { env = {}, prepare }: RigOptions = {}): Promise<AdminRig> {
  const opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), `${suite}-`));
  opened.defer(() => rm(folder, { recursive: true }));
  const redis = redisForSuite(suite);
  const proxy = await startFaultProxy(redis.url);
  opened.defer(() => proxy.close());
  const token = randomBytes(32).toString('hex');
  const tokenFile = join(folder, 'admin-token');
  await writeFile(tokenFile, `${token}\n`, { mode: 0o600 });
  let aheadMs = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
  const withStore: AdminRig['withStore'] = async (use) => {
    const store = connectStore({ ...redis, commandTimeoutMs: 10_000 });
    await store.whenReady(10_000);
    try {
      const peppers = { current: new Secret(pepper), previous: [] };
      return await use({ store, clock, peppers, randomBytes });
    } finally {
      await store.close();
    }
  };
  const prepared = prepare === undefined ? {} : await withStore((deps) => prepare(deps, folder));
  const parsed = parseAdminConfig({
    REDIS_URL: proxy.url,
    REDIS_KEY_PREFIX: redis.keyPrefix,
    KEY_PEPPER: pepper,
    ADMIN_TOKEN_FILE: tokenFile,
    ADMIN_PORT: '0',
    OPS_PORT: '0',
    ...env,
    ...prepared,
  });
  if (parsed.kind === 'faulty') throw new Error(parsed.message);
  const log: string[] = [];
  const admin = await startAdmin(parsed.config, { clock, log: { write: (line) => log.push(line) } });
  opened.defer(() => admin.drain());
  // A connection that is kept is one that the end waits for.
  const dispatcher = new Agent({ pipelining: 0 });

  return {
    admin,
    token,
    tokenFile,
    folder,
    proxy,
    redis,
    log,
    setAheadMs(ms) {
      aheadMs = ms;
    },
    async call(method, path, { credential = token, body, headers = {} } = {}) {
      const response = await fetch(`${admin.url}/admin/v1${path}`, {
        dispatcher,
        method,
        headers: {
          ...(credential === null ? {} : { authorization: `Bearer ${credential}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const answer = { status: response.status, headers: response.headers, text, body: parse(text) };
      holdToSchema(method, path, answer);
      return answer;
    },
    withStore,
    close: () => opened.disposeAsync(),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Every answer of every test: `no-store`, and what the OpenAPI document says of it. */
function holdToSchema(method: string, path: string, { status, headers, body, text }: AdminAnswer): void {
  if (headers.get('cache-control') !== 'no-store') throw new Error(`${method} ${path} may be stored by a cache.`);
  if (method === 'HEAD') return;
  const type = headers.get('content-type') ?? '';
  if (status >= 400) {
    if (type !== 'application/problem+json') throw new Error(`${method} ${path} answered ${status} with ${type}.`);
    const read = problem.parse(body);
    if (read.status !== status) throw new Error(`${method} ${path} answered ${status}, and said ${read.status}.`);
    return;
  }
  const operation = operationAt(method, path);
  if (operation === undefined) return;
  if (status !== operation.status) throw new Error(`${method} ${path} answered ${status}: ${text}`);
  if (type.startsWith('text/csv')) return;
  if (type !== 'application/jsonl') operation.answer.parse(body);
  else for (const line of text.trimEnd().split('\n')) operation.lines?.parse(JSON.parse(line));
}

function operationAt(method: string, path: string): Operation | undefined {
  const [plain = ''] = path.split('?');
  return adminOperations.find((operation) => {
    const pattern = new RegExp(`^${operation.path.replaceAll(/\{\w+\}/gu, '[^/]+')}$`, 'u');
    return operation.method === method && pattern.test(plain);
  });
}
