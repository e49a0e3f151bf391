import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { runUntilSignal } from '@ccg/edge';
import { parseConfig, startGateway } from '@ccg/gateway';
import type { GatewayConfig, RunningGateway } from '@ccg/gateway';
import { Secret } from '@ccg/kernel';

import { createClosers } from './closers.ts';
import type { Closers } from './closers.ts';
import { openDataDir } from './data-dir.ts';
import { demoEnvironment, startDemoProvider } from './demo.ts';
import { readEnvironment } from './environment.ts';
import type { Environment } from './environment.ts';
import { readOrCreateSecret } from './secret-file.ts';
import { seedDefaultTenant } from './seed-default-tenant.ts';
import { readSettings } from './settings.ts';
import type { Settings } from './settings.ts';
import { StartError } from './start-error.ts';
import { chooseStore } from './store/choose-store.ts';
import type { LocalStore, StoreObserver } from './store/local-store.ts';
import { welcome } from './welcome.ts';

const repositoryRoot = fileURLToPath(new URL('../../../', import.meta.url));

type Mode = 'real' | 'demo';

/** Starts a store, the gateway on it and, in a demo, a provider behind it; all end together at a signal. */
export async function startLocal(env: Environment, mode: Mode): Promise<void> {
  const closers = createClosers();
  let endsEarly = false;
  const endEarly = (): void => {
    endsEarly = true;
    void closers.close().finally(() => process.exit(1));
  };
  process.once('SIGINT', endEarly).once('SIGTERM', endEarly);
  try {
    const gateway = await compose(readEnvironment(env, repositoryRoot), mode, closers);
    // In this order: a signal that arrives while nobody listens would be lost.
    runUntilSignal(gateway, () => closers.close());
    process.off('SIGINT', endEarly).off('SIGTERM', endEarly);
  } catch (thrown) {
    await closers.close();
    // What fails after a signal fails because everything is being closed.
    if (!endsEarly) throw thrown;
  }
}

async function compose(env: Environment, mode: Mode, closers: Closers): Promise<RunningGateway> {
  const settings = readSettings(env, repositoryRoot);
  const dataDir = await openDataDir(settings.dataDir);
  closers.add(() => dataDir.close());
  const firstKeyFile = join(dataDir.path, 'first-key');
  const observer: StoreObserver = {
    say: (line) => process.stderr.write(`${line}\n`),
    restarted: () => seedDefaultTenant(config, firstKeyFile),
  };
  const store = await selectStore({ env, mode, settings, observer });
  const config = readConfig({
    ...(mode === 'demo' ? await withDemoProvider(env, closers) : env),
    REDIS_URL: store.url,
    KEY_PEPPER: await readPepper(env, dataDir.path),
  });
  closers.add(() => store.close());
  await store.start();
  await seedDefaultTenant(config, firstKeyFile);
  const gateway = await startGateway(config).catch(explainListenError);
  process.stdout.write(welcome({ isDemo: mode === 'demo', url: gateway.url, store, firstKeyFile }));
  return gateway;
}

interface StoreSelection {
  readonly env: Environment;
  readonly mode: Mode;
  readonly settings: Settings;
  readonly observer: StoreObserver;
}

function selectStore({ env, mode, settings, observer }: StoreSelection): Promise<LocalStore> {
  // A demo has no business in somebody's Redis unless it is told so.
  const ignoresRedisUrl = mode === 'demo' && settings.forcedStore !== 'redis-url';
  return chooseStore(
    {
      forced: settings.forcedStore,
      redisUrl: ignoresRedisUrl || env['REDIS_URL'] === '' ? undefined : env['REDIS_URL'],
      searchPath: env['PATH'] ?? '',
      dataDir: settings.dataDir,
      temporaryDir: tmpdir(),
    },
    observer,
  );
}

async function withDemoProvider(env: Environment, closers: Closers): Promise<Environment> {
  const provider = await startDemoProvider();
  closers.add(() => provider.close());
  return demoEnvironment(env, provider);
}

/** The environment's pepper, else one that is generated once: every API key in the store depends on it. */
async function readPepper(env: Environment, dataDir: string): Promise<string> {
  const given = env['KEY_PEPPER'];
  if (given !== undefined && given !== '') return given;
  const generate = () => new Secret(randomBytes(32).toString('hex'));
  return (await readOrCreateSecret(join(dataDir, 'key-pepper'), generate)).reveal();
}

function readConfig(env: Environment): GatewayConfig {
  const parsed = parseConfig(env);
  if (parsed.kind === 'faulty') throw new StartError(parsed.message);
  return parsed.config;
}

function explainListenError(thrown: unknown): never {
  if (thrown instanceof Error && 'code' in thrown) {
    const { code } = thrown;
    if (code === 'EADDRINUSE' || code === 'EADDRNOTAVAIL' || code === 'EACCES') {
      throw new StartError(
        `The gateway cannot listen (${thrown.message}). Set HOST, PORT and OPS_PORT to free addresses.`,
      );
    }
  }
  throw thrown;
}
