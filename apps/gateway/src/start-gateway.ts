import { createBodyMemory, createOpenSinks, listenForOps, drain, listen } from '@ccg/edge';
import type { BodyMemory, EndpointFacts, Readiness } from '@ccg/edge';
import { systemClock } from '@ccg/kernel';
import type { Clock, Secret } from '@ccg/kernel';
import { createTargets, describeRoutes, unpricedTargets } from '@ccg/catalog';
import type { Catalog } from '@ccg/catalog';
import { createReadBudgets } from '@ccg/admission';
import { createTellUsage } from '@ccg/serving';
import type { Recorder, TellUsage } from '@ccg/serving';
import {
  followLogLevel,
  joinReplicas,
  openAuthentication,
  openServing,
  openStore,
  openTraces,
  openUpstream,
  prepareStore,
  sha256,
} from '@ccg/startup';
import type { Store } from '@ccg/store';
import { createDeniedUses } from '@ccg/tenancy';
import { createLogger, createMetrics, openLogOutput } from '@ccg/telemetry';
import type { Logger, Metrics } from '@ccg/telemetry';
import { readUsage } from '@ccg/usage';
import type { GatewayConfig } from './config.ts';
import { askProviders } from './ask-providers.ts';
import { openBatching } from './batching.ts';
import { createDataApp } from './data-app.ts';
import { batchEndpoints } from './endpoints/batches.ts';
import { helloEndpoints } from './endpoints/hello.ts';
import { servingEndpoints } from './endpoints/messages.ts';
import { modelsEndpoints } from './endpoints/models.ts';
import { unsupportedEndpoints } from './endpoints/unsupported.ts';
import { usageEndpoints } from './endpoints/usage.ts';
import { createReporter } from './report.ts';
import { followSessionKills } from './session-kills.ts';

export interface GatewayDependencies {
  readonly clock?: Clock;
  /** Where log lines go; standard output unless given. */
  readonly log?: { write(line: string): void };
  /** Of a process that counts more than the gateway. */
  readonly metrics?: Metrics;
  /** Records exchanges with providers. For one person's machine: an organisation's prompts belong in no file. */
  readonly recorder?: (logger: Logger) => Recorder;
  /**
   * The API key whose owner a program on this machine acts for that shows none. For one person's machine, and a listener
   * on a loopback address.
   */
  readonly keylessAs?: Secret | undefined;
  /** All clients are on this machine: where the configuration does not say where they read results, it is at the own address. */
  readonly hasLocalClients?: boolean;
}

export interface RunningGateway {
  readonly url: string;
  readonly opsUrl: string;
  /** Everything that is served. */
  readonly endpoints: readonly EndpointFacts[];
  /** Withdraws readiness, lets running answers finish, and resolves when everything is closed. */
  drain(): Promise<void>;
}

/** The data plane's composition root: builds everything from a configuration and listens. Rejects with nothing left open. */
export async function startGateway(
  config: GatewayConfig,
  dependencies: GatewayDependencies = {},
): Promise<RunningGateway> {
  await using opened = new AsyncDisposableStack();
  const ownMetrics = { process: 'gateway', bounds: config.labelBounds } as const;
  const { clock = systemClock, metrics = createMetrics(ownMetrics), recorder, keylessAs } = dependencies;
  const logger = createLogger(config.logLevel, dependencies.log ?? openLogOutput(metrics.logLinesDropped));
  let readiness = (): Readiness => 'starting';
  const ops = await listenForOps(config, () => readiness(), metrics);
  opened.defer(ops.close);
  const store = openStore(config, logger, metrics);
  opened.defer(() => store.close());
  await prepareStore(store, config, logger, clock);
  const parts = { store, clock, logger, metrics };
  opened.defer(followLogLevel({ ...parts, logLevel: config.logLevel }));
  const { authenticate, reauthenticate, addressOf, canVerify, close } = await openAuthentication(config, {
    ...parts,
    keylessAs,
  });
  opened.defer(close);
  const { catalog } = config;
  const targets = createTargets(catalog);
  const upstream = openUpstream(config, metrics);
  const recording = recorder === undefined ? {} : { recorder: recorder(logger) };
  const replicas = await joinReplicas(parts);
  opened.defer(() => replicas.leave());
  const serving = await openServing(config, { ...parts, replicas, targets, upstream, ...recording });
  opened.defer(serving.close);
  const tracing = await openTraces(config, parts);
  opened.defer(() => tracing?.close());
  const answering = { ...openAnswers(config, parts), catalog, targets, clock, metrics, tracing, reauthenticate };
  const { openSinks, sessionKills } = answering;
  opened.defer(sessionKills.close);
  let ownUrl = '';
  const atOwn = dependencies.hasLocalClients === true ? () => ownUrl : undefined;
  const batching = await openBatching(config, { ...parts, targets }, atOwn);
  const endpoints = [
    ...servingEndpoints(serving, answering),
    ...batchEndpoints(batching, answering),
    ...modelsEndpoints(catalog, targets),
    ...usageEndpoints(openUsage(store, clock)),
    ...helloEndpoints(),
    ...unsupportedEndpoints(),
  ];
  const reporting = { ...parts, addressOf, okSample: config.logSample, tracing };
  const reporter = createReporter({ ...reporting, noteDenied: noteDeniedUses(parts) });
  const data = await listen(createDataApp({ endpoints, authenticate, reporter, clock }), config.host, config.port);
  ownUrl = data.url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
  const { modelListIntervalMs: intervalMs } = config;
  opened.defer(askProviders({ catalog, targets, upstream, clock, logger, intervalMs }));
  readiness = () => (canVerify() ? 'ready' : 'store-down');
  logger.info({ url: data.url, opsUrl: ops.url, providers: namesOfProviders(catalog) }, 'listening');
  describeCatalog(catalog, logger);
  const resources = opened.move();
  return {
    url: data.url,
    opsUrl: ops.url,
    endpoints,
    async drain() {
      readiness = () => 'draining';
      logger.info({ openAnswers: openSinks.list().length }, 'draining');
      await Promise.all([replicas.leave(), drain(data.server, openSinks, config, clock)]);
      await resources.disposeAsync();
      logger.info('closed');
    },
  };
}

interface Parts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is shared by all answers that are open. */
function openAnswers(config: GatewayConfig, { store, clock, metrics }: Parts & { readonly metrics: Metrics }) {
  const openSinks = createOpenSinks();
  const sessionKills = followSessionKills({ store, clock, openSinks });
  return { openSinks, sessionKills, bodyMemory: openBodyMemory(config, metrics), sinkTimes: config };
}

/** So many credentials and reasons are remembered, so that each is noted once a minute. */
const deniedUsesMax = 10_000;

function noteDeniedUses({ store, clock, logger }: Parts) {
  const onFault = (error: unknown): void => {
    logger.error({ err: error }, 'a denial was not written into the audit log');
  };
  return createDeniedUses({ store, clock, maxEntries: deniedUsesMax, onFault });
}

function openBodyMemory({ maxBodyBytesInFlight }: GatewayConfig, metrics: Metrics): BodyMemory {
  const memory = createBodyMemory(maxBodyBytesInFlight);
  metrics.watchBodyBytes(memory.heldBytes);
  return memory;
}

/** Says where models go, and which of them have no price. */
function describeCatalog(catalog: Catalog, logger: Logger): void {
  logger.info({ routes: describeRoutes(catalog) }, 'where models go');
  const models = unpricedTargets(catalog);
  if (models.length > 0) logger.warn({ models }, unpriced);
}

const unpriced =
  'no price is known for these models, so they cost the highest of all prices: state theirs in the section prices of gateway.yaml';

/** Those that somebody configured. */
function namesOfProviders({ providers }: Catalog): readonly string[] {
  return [...providers.values()].filter(({ onlyByName }) => onlyByName !== true).map(({ name }) => name);
}

function openUsage(store: Store, clock: Clock): TellUsage {
  const readBudgets = createReadBudgets({ store, clock });
  return createTellUsage({ readBudgets, readUsage: (query) => readUsage(store, query), digest: sha256, clock });
}
