import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Secret, systemClock } from '@ccg/kernel';
import { connectStore } from '@ccg/store';
import { ensureTenant, issueApiKey } from '@ccg/tenancy';
import { repositoryRoot } from '../gates/repository-root.ts';
import { startServerProcess } from './server-process.ts';
import type { ServerProcess } from './server-process.ts';

/** What stands side by side. `passthrough` and `translated` are the gateway before one dialect and the other. */
export const targetNames = ['direct', 'pipe', 'passthrough', 'translated'] as const;
export type TargetName = (typeof targetNames)[number];
export type ServerName = Exclude<TargetName, 'direct'>;

/** What the servers under test are started with. */
export interface ServerSettings {
  readonly redisUrl: string;
  readonly upstreamPort: number;
  readonly pepper: string;
  readonly cores: string | undefined;
}

const keyPrefix = 'bench:';

/** Starts one server under test; `nodeOptions` go before the file. */
export async function startTarget(
  name: ServerName,
  settings: ServerSettings,
  nodeOptions: readonly string[] = [],
): Promise<ServerProcess> {
  const upstream = `http://127.0.0.1:${settings.upstreamPort}`;
  if (name === 'pipe') {
    return startServerProcess(
      [...nodeOptions, join(import.meta.dirname, 'byte-pipe.ts'), upstream],
      {},
      settings.cores,
    );
  }
  const start = join(repositoryRoot, 'apps/gateway/start.js');
  return startServerProcess([...nodeOptions, start], gatewayEnv(name, upstream, settings), settings.cores);
}

/** Everything on: a limit that is checked on every request and never reached, the log at its usual level. */
function gatewayEnv(
  name: 'passthrough' | 'translated',
  upstream: string,
  { redisUrl, pepper }: ServerSettings,
): Record<string, string> {
  const provider =
    name === 'passthrough'
      ? { ANTHROPIC_API_KEY: 'sk-bench', ANTHROPIC_API_BASE: upstream }
      : { OPENAI_API_KEY: 'sk-bench', OPENAI_BASE_URL: `${upstream}/v1`, BIG_MODEL: 'gpt-4.1', SMALL_MODEL: 'gpt-4.1' };
  return {
    ENV_FILE: '',
    PORT: '0',
    OPS_PORT: '0',
    MODEL_LIST_INTERVAL_MS: '0',
    REDIS_URL: redisUrl,
    REDIS_KEY_PREFIX: keyPrefix,
    KEY_PEPPER: pepper,
    RATE_LIMIT_RPM: '999999999',
    ...provider,
  };
}

/** A tenant with an API key, for all gateways of a run. */
export async function createApiKey(redisUrl: string, pepper: string): Promise<string> {
  const store = connectStore({ url: redisUrl, keyPrefix, commandTimeoutMs: 5000 });
  try {
    await store.whenReady(5000);
    const deps = { store, clock: systemClock, pepper: new Secret(pepper), randomBytes };
    await ensureTenant(deps, { tenant: 'bench', name: 'Bench' });
    const { apiKey } = await issueApiKey(deps, { tenant: 'bench', name: 'bench' });
    return apiKey.reveal();
  } finally {
    await store.close();
  }
}
