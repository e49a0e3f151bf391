import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { onStopSignal, runUntilSignal } from '@ccg/edge';
import { adminProblems, adminVariables } from '@ccg/admin';
import { gatewayVariables, listenAddresses, parseConfig, startGateway } from '@ccg/gateway';
import type { GatewayConfig, GatewayDependencies } from '@ccg/gateway';
import { workerVariables } from '@ccg/worker';
import { describeRoutes, withoutCosts } from '@ccg/catalog';
import type { Audience, DirectorySettings } from '@ccg/catalog';
import { Secret } from '@ccg/kernel';
import { createMetrics, openLogOutput } from '@ccg/telemetry';
import {
  containerWarnings,
  describeProblems,
  explainListenError,
  findContainer,
  readDirectory,
  readEnvironment,
  redisVariables,
  StartError,
  storeVariables,
} from '@ccg/startup';
import type { Environment } from '@ccg/startup';

import { openDataDir, readOrCreateSecret } from './data-dir.ts';
import { demoEnvironment, startDemoProvider } from './demo.ts';
import { openAdmin } from './open-admin.ts';
import { openWorker } from './open-worker.ts';
import { openExchangeLog } from './exchange/exchange-log.ts';
import { seedDefaultTenant } from './seed-default-tenant.ts';
import { localVariables, readSettings } from './settings.ts';
import type { Settings } from './settings.ts';
import { chooseStore } from './store/choose-store.ts';
import type { LocalStore } from './store/choose-store.ts';
import type { StoreObserver } from './store/keep-running.ts';
import { welcome } from './welcome.ts';

const repositoryRoot = fileURLToPath(new URL('../../../', import.meta.url));

type Mode = 'real' | 'demo';

/** Starts a store, the gateway on it and, in a demo, a provider behind it; all end together at a signal. */
export async function startLocal(env: Environment, mode: Mode): Promise<void> {
  const opened = new AsyncDisposableStack();
  let endsEarly = false;
  const throughNpm = env['npm_lifecycle_event'] !== undefined;
  const stopListening = onStopSignal({ throughNpm }, (isRepeated) => {
    if (isRepeated) process.exit(1);
    endsEarly = true;
    void opened.disposeAsync().finally(() => process.exit(1));
  });
  try {
    const gateway = await compose(readVariables(env), mode, opened);
    // In this order: a signal that arrives while nobody listens would be lost.
    runUntilSignal(gateway, { throughNpm, onClosed: () => opened.disposeAsync() });
    stopListening();
  } catch (thrown) {
    await opened.disposeAsync();
    // What fails after a signal fails because everything is being closed.
    if (!endsEarly) throw thrown;
  }
}

/** The environment and its `.env` file; what is odd about the file is said at once. */
function readVariables(env: Environment): Environment {
  const { variables, notices } = readEnvironment({
    env,
    workingDirectory: process.cwd(),
    repository: repositoryRoot,
    knownNames: [...gatewayVariables, ...adminVariables, ...workerVariables, ...localVariables],
  });
  for (const notice of notices) say(notice);
  return variables;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function compose(
  env: Environment,
  mode: Mode,
  opened: AsyncDisposableStack,
): Promise<{ drain(): Promise<void> }> {
  const settings = checkVariables(env, mode);
  const dataDir = await openDataDir(settings.dataDir);
  opened.defer(() => dataDir.close());
  const firstKeyFile = join(dataDir.path, 'first-key');
  const observer: StoreObserver = {
    say,
    async restarted() {
      await seedDefaultTenant(config, directory, firstKeyFile);
    },
  };
  const store = await selectStore({ env, mode, settings, observer });
  const variables = {
    ...(mode === 'demo' ? await withDemoProvider(env, opened) : env),
    ...(store.url === undefined ? {} : { ...noRedis, REDIS_URL: store.url }),
    KEY_PEPPER: await readPepper(env, dataDir.path),
    ...batchFolder(env, dataDir.path),
  };
  const { config, listenWarnings } = readConfig(variables, mode);
  const directory = readTenants(variables);
  opened.defer(() => store.close());
  await store.start();
  const firstKey = await seedDefaultTenant(config, directory, firstKeyFile, say);
  const keylessAs = settings.allowKeyless ? firstKey : undefined;
  const recording = await openRecording(settings, config, opened);
  const metrics = createMetrics({ bounds: config.labelBounds });
  const log = openLogOutput(metrics.logLinesDropped);
  const admin = await openAdmin(variables, dataDir.path, { metrics, log, say });
  // It goes on while the answers of the gateway end: an operator may want to see why that takes so long.
  opened.defer(() => admin.drain());
  const worker = await openWorker(variables, { catalog: config.catalog, metrics, log });
  opened.defer(() => worker.drain());
  const hasLocalClients = true;
  const gateway = await startGateway(config, { ...recording, keylessAs, metrics, log, hasLocalClients }).catch(
    (thrown: unknown) => explainListenError(thrown, listenAddresses(config)),
  );
  const container = findContainer();
  const inContainer = container === undefined ? [] : containerWarnings(config);
  for (const warning of [...listenWarnings, ...inContainer]) say(`Warning: ${warning}`);
  const { catalog } = config;
  const routes = describeRoutes(catalog);
  // Any model would do; the commands must show how one is named.
  const path = catalog.preferred === undefined ? `/${[...catalog.providers.keys()].join()}:gpt-oss:20b` : '';
  const { exchangeFolder, allowKeyless: isKeyless } = settings;
  const isDemo = mode === 'demo';
  process.stdout.write(
    welcome({
      isDemo,
      url: gateway.url,
      admin,
      store,
      firstKeyFile,
      routes,
      path,
      isKeyless,
      exchangeFolder,
      container,
    }),
  );
  // Each of them asks providers by itself.
  return {
    async drain() {
      await Promise.all([gateway.drain(), worker.drain()]);
    },
  };
}

/** Where inputs and results of batches are kept unless the environment says it. */
function batchFolder(env: Environment, dataDir: string): Environment {
  if ((env['BATCH_STORE'] ?? '') !== '' && env['BATCH_STORE'] !== 'directory') return {};
  const given = env['BATCH_DIR'] ?? '';
  return { BATCH_STORE: 'directory', BATCH_DIR: given === '' ? join(dataDir, 'batches') : given };
}

/** Opens the recording of exchanges, if it is asked for; it closes after the gateway. */
async function openRecording(
  { exchangeFolder }: Settings,
  config: GatewayConfig,
  opened: AsyncDisposableStack,
): Promise<GatewayDependencies> {
  if (exchangeFolder === undefined) return {};
  const exchangeLog = await openExchangeLog(exchangeFolder, config);
  opened.defer(() => exchangeLog.close());
  return { recorder: (logger) => exchangeLog.recorder(logger) };
}

interface StoreSelection {
  readonly env: Environment;
  readonly mode: Mode;
  readonly settings: Settings;
  readonly observer: StoreObserver;
}

/** All that names a Redis, left out. */
const noRedis = Object.fromEntries(
  Object.keys(storeVariables)
    .filter((name) => name !== 'REDIS_KEY_PREFIX')
    .map((name) => [name, undefined]),
);

function selectStore({ env, mode, settings, observer }: StoreSelection): Promise<LocalStore> {
  // A demo has no business in somebody's Redis unless it is told so.
  const ignoresRedisUrl = mode === 'demo' && settings.forcedStore !== 'redis-url';
  return chooseStore(
    {
      forced: settings.forcedStore,
      redisVariable: ignoresRedisUrl ? undefined : redisVariables.find((name) => (env[name] ?? '') !== ''),
      searchPath: env['PATH'] ?? '',
      dataDir: settings.dataDir,
      temporaryDir: tmpdir(),
    },
    observer,
  );
}

async function withDemoProvider(env: Environment, opened: AsyncDisposableStack): Promise<Environment> {
  const provider = await startDemoProvider();
  opened.defer(() => provider.close());
  return demoEnvironment(env, provider);
}

/** The environment's pepper, else one that is generated once: every API key in the store depends on it. */
async function readPepper(env: Environment, dataDir: string): Promise<string> {
  const given = env['KEY_PEPPER'];
  if (given !== undefined && given !== '') return given;
  const generate = () => new Secret(randomBytes(32).toString('hex'));
  return (await readOrCreateSecret(join(dataDir, 'key-pepper'), generate)).reveal();
}

/** Refuses all that is wrong with the variables in one message, before anything is opened. */
function checkVariables(env: Environment, mode: Mode): Settings {
  const read = readSettings(env, repositoryRoot);
  const own = read.kind === 'faulty' ? read.problems : [];
  // The store and the secrets that a start makes are not there yet. A demo brings its provider along.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const redis = redisVariables.some((name) => name in given) ? {} : { REDIS_URL: 'redis://127.0.0.1' };
  const made = { ...redis, KEY_PEPPER: 'x'.repeat(32) };
  const parsed = mode === 'demo' ? undefined : parseConfig({ ...made, ...given }, audienceOf(mode));
  const others = parsed?.kind === 'faulty' ? parsed.problems : [];
  const ofAdmin = mode === 'demo' ? [] : adminProblems({ ...made, ...given });
  const all = [...new Set([...others, ...ofAdmin])];
  if (all.length > 0) throw new StartError(describeProblems([...own, ...all]));
  if (read.kind === 'faulty') throw new StartError(own.join('\n'));
  return read.settings;
}

/**
 * One person's machine asks for less than a server: openai of several, as single-user proxies take it. A demo asks no
 * model at all, so not that of a local Ollama either.
 */
function audienceOf(mode: Mode): Audience {
  return mode === 'demo' ? 'organisation' : 'one-person';
}

function readTenants(env: Environment): DirectorySettings {
  const read = readDirectory(env);
  if (read.kind === 'faulty') throw new StartError(describeProblems(read.problems));
  return read.directory;
}

function readConfig(env: Environment, mode: Mode) {
  const parsed = parseConfig(env, audienceOf(mode));
  if (parsed.kind === 'faulty') throw new StartError(parsed.message);
  for (const notice of parsed.notices) say(notice);
  for (const warning of parsed.warnings) say(`Warning: ${warning}`);
  if (mode === 'real') return parsed;
  return { ...parsed, config: { ...parsed.config, catalog: withoutCosts(parsed.config.catalog) } };
}
