import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchDialect } from '../payload/dialects.ts';
import { startServerProcess } from './server-process.ts';
import type { ServerProcess } from './server-process.ts';

/** What stands side by side: no server, the byte pipe, and the gateway before one dialect and before the other. */
export const gatewayNames = ['passthrough', 'translated'] as const;
/** The same gateway as another commit has it. */
export const gatewayNamesBefore = ['passthrough before', 'translated before'] as const;
/** The gateway with an admission that does nothing: what admission costs is what it saves. */
export const gatewayWithoutAdmission = 'translated without admission';
export type ServerName =
  | 'pipe'
  | (typeof gatewayNames)[number]
  | (typeof gatewayNamesBefore)[number]
  | typeof gatewayWithoutAdmission;
export type TargetName = 'direct' | ServerName;

/** A tree of the gateway's source with its dependencies, and a tenant's API key in the form that its code stores. */
export interface Build {
  readonly root: string;
  readonly keyPrefix: string;
  readonly apiKey: string;
}

/** What the servers under test are started with. */
export interface ServerSettings {
  readonly redisUrl: string;
  readonly upstreamPort: number;
  readonly pepper: string;
  readonly cores: string | undefined;
}

/**
 * Has a tree's own code make a tenant with an API key, since commits differ in how they store one: what `npm start`
 * does when it finds none.
 */
export async function prepareBuild(root: string, keyPrefix: string, settings: ServerSettings): Promise<Build> {
  const { upstreamPort, cores } = settings;
  const dataDir = mkdtempSync(join(tmpdir(), 'ccg-bench-data-'));
  try {
    const env = {
      ...commonEnv(keyPrefix, settings),
      ...providerEnv('openai-chat', `http://127.0.0.1:${upstreamPort}`),
      DATA_DIR: dataDir,
      LOCAL_STORE: 'redis-url',
    };
    const local = await startServerProcess([join(root, 'apps/local/start.js')], env, cores);
    await local.stop();
    return { root, keyPrefix, apiKey: readFileSync(join(dataDir, 'first-key'), 'utf8').trim() };
  } finally {
    rmSync(dataDir, { recursive: true });
  }
}

/** Starts the byte pipe; `nodeOptions` go before the file. */
export async function startPipe(settings: ServerSettings, nodeOptions: readonly string[] = []): Promise<ServerProcess> {
  const file = join(import.meta.dirname, 'byte-pipe.ts');
  const upstream = `http://127.0.0.1:${settings.upstreamPort}`;
  return startServerProcess([...nodeOptions, file, upstream], {}, settings.cores);
}

/** Starts the gateway of a tree, whatever its commit: node and one file. */
export async function startGatewayOf(
  build: Build,
  dialect: BenchDialect,
  settings: ServerSettings,
  nodeOptions: readonly string[] = [],
): Promise<ServerProcess> {
  const upstream = `http://127.0.0.1:${settings.upstreamPort}`;
  const env = { ...commonEnv(build.keyPrefix, settings), ...providerEnv(dialect, upstream) };
  return startServerProcess([...nodeOptions, join(build.root, 'apps/gateway/start.js')], env, settings.cores);
}

/** Everything on: a limit that is checked on every request and never reached, the log at its usual level. */
function commonEnv(keyPrefix: string, { redisUrl, pepper }: ServerSettings): Record<string, string> {
  return {
    ENV_FILE: '',
    PORT: '0',
    ADMIN_PORT: '0',
    OPS_PORT: '0',
    MODEL_LIST_INTERVAL_MS: '0',
    LOG_LEVEL: 'info',
    REDIS_URL: redisUrl,
    REDIS_KEY_PREFIX: keyPrefix,
    KEY_PEPPER: pepper,
    RATE_LIMIT_RPM: '6000000',
  };
}

function providerEnv(dialect: BenchDialect, upstream: string): Record<string, string> {
  switch (dialect) {
    case 'anthropic':
      return { ANTHROPIC_API_KEY: 'sk-bench', ANTHROPIC_API_BASE: upstream };
    case 'openai-chat':
      return { OPENAI_API_KEY: 'sk-bench', OPENAI_BASE_URL: `${upstream}/v1`, ...models('gpt-4.1') };
    case 'openai-responses':
      return { ...providerEnv('openai-chat', upstream), OPENAI_DIALECT: dialect };
    case 'ollama':
      return { OLLAMA_API_BASE: upstream, PREFERRED_PROVIDER: dialect, ...models('bench') };
    case 'gemini':
      return {
        GEMINI_API_KEY: 'sk-bench',
        GEMINI_API_BASE: `${upstream}/v1beta`,
        PREFERRED_PROVIDER: dialect,
        ...models('gemini-2.5-flash'),
      };
  }
}

function models(name: string): Record<string, string> {
  return { BIG_MODEL: name, SMALL_MODEL: name };
}
