import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig, startGateway } from '@ccg/gateway';
import type { RunningGateway } from '@ccg/gateway';
import { Secret, systemClock } from '@ccg/kernel';
import { connectStore } from '@ccg/store';
import { createApiKey, ensureTenant, systemActor } from '@ccg/tenancy';
import type { TenancyDependencies } from '@ccg/tenancy';
import { doneValue, redisForSuite } from '@ccg/testkit';
import { Agent, fetch } from 'undici';
import type { TokenServer } from './token-issuer.ts';

export interface Replica {
  readonly gateway: RunningGateway;
  readonly log: readonly string[];
}

interface Changes {
  /** In the place of the key set of the issuer. */
  readonly jwks?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Answer {
  readonly status: number;
  readonly error: unknown;
  readonly headers: { get(name: string): string | null };
}

/** Gateways in this process, on one Redis, that trust an issuer for the tenants acme and umbrella. */
export interface TokenGateways {
  /** Where `gateway.yaml` is. */
  readonly folder: string;
  start(issuer: TokenServer, changes?: Changes): Promise<Replica>;
  /** Moves the clock of all gateways. */
  setAheadMs(ms: number): void;
  withStore<Value>(use: (deps: TenancyDependencies) => Promise<Value>): Promise<Value>;
  /** Of the tenant acme. */
  newApiKey(): Promise<string>;
  close(): Promise<void>;
}

const pepper = 'a pepper of this suite, which is long enough';

export async function openTokenGateways(suite: string): Promise<TokenGateways> {
  const opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), `${suite}-`));
  opened.defer(() => rm(folder, { recursive: true }));
  const redis = redisForSuite(suite);
  let aheadMs = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };

  const withStore: TokenGateways['withStore'] = async (use) => {
    const store = connectStore({ ...redis, commandTimeoutMs: 10_000 });
    await store.whenReady(10_000);
    try {
      const peppers = { current: new Secret(pepper), previous: [] };
      return await use({ store, clock: systemClock, peppers, randomBytes });
    } finally {
      await store.close();
    }
  };

  return {
    folder,
    withStore,
    setAheadMs(ms) {
      aheadMs = ms;
    },
    async start(issuer, { jwks = `{ url: ${issuer.jwksUrl} }`, env = {} } = {}) {
      const file = join(folder, 'gateway.yaml');
      await writeFile(file, yamlOf(issuer.issuer, jwks));
      await withStore(async (deps) => {
        for (const id of ['acme', 'umbrella']) await ensureTenant(deps, { id, name: id, allowlist: { models: ['*'] } });
      });
      const parsed = parseConfig({ ...environment(redis), GATEWAY_CONFIG: file, ...env });
      if (parsed.kind === 'faulty') throw new Error(parsed.message);
      const log: string[] = [];
      const gateway = await startGateway(parsed.config, { clock, log: { write: (line) => log.push(line) } });
      opened.defer(() => gateway.drain());
      return { gateway, log };
    },
    newApiKey: () =>
      withStore(async (deps) =>
        doneValue(await createApiKey(deps, systemActor('suite'), { tenant: 'acme', name: 'one' })).apiKey.reveal(),
      ),
    close: () => opened.disposeAsync(),
  };
}

function yamlOf(issuer: string, jwks: string): string {
  return `version: 1
issuers:
  corporate:
    issuer: ${issuer}
    jwks: ${jwks}
    audience: urn:gateway
    algorithms: [ES256]
    tenants: [acme, umbrella]
`;
}

function environment({ url, keyPrefix }: { readonly url: string; readonly keyPrefix: string }) {
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

/** A connection that is kept is one that the end of a gateway waits for. */
const closing = new Agent({ pipelining: 0 });

/** Shows a credential as bearer. */
export async function ask(
  { gateway }: Replica,
  credential: string,
  headers: Readonly<Record<string, string>> = {},
  path = '/v1/models',
): Promise<Answer> {
  const answer = await fetch(gateway.url + path, {
    dispatcher: closing,
    ...(path.includes('messages') ? { method: 'POST', body: '{}' } : {}),
    headers: { authorization: `Bearer ${credential}`, ...headers },
  });
  const body: unknown = await answer.json();
  const error: unknown = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
  return { status: answer.status, error, headers: answer.headers };
}

export async function metricsOf({ gateway }: Replica): Promise<string> {
  return await (await fetch(`${gateway.opsUrl}/metrics`, { dispatcher: closing })).text();
}
