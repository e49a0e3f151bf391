import { systemClock } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import { createAdmission } from '@ccg/admission';
import { connectStore } from '@ccg/store';
import type { Store } from '@ccg/store';
import { createLogger, createMetrics } from '@ccg/telemetry';
import type { Logger, Metrics } from '@ccg/telemetry';
import { createApiKeyVerifier, ensurePepper } from '@ccg/tenancy';
import { createUpstream } from '@ccg/upstream';
import type { GatewayConfig } from './config.ts';
import { createDataApp } from './data-app.ts';
import { drain } from './drain.ts';
import { helloEndpoints } from './endpoints/hello.ts';
import { messagesEndpoint } from './endpoints/messages.ts';
import { modelsEndpoint } from './endpoints/models.ts';
import { answerClientErrors } from './http/answer-client-errors.ts';
import { randomIds } from './http/ids.ts';
import { listen } from './http/listen.ts';
import type { InterruptibleSink } from './http/response-sink.ts';
import { createOpsApp } from './ops-app.ts';
import type { Readiness } from './ops-app.ts';

export interface GatewayDependencies {
  readonly clock?: Clock;
  /** Where log lines go; standard output unless given. */
  readonly log?: { write(line: string): void };
}

export interface RunningGateway {
  readonly url: string;
  readonly opsUrl: string;
  /** Withdraws readiness, lets running answers finish, and resolves when everything is closed. */
  drain(): Promise<void>;
}

/** The pepper of this process is not the one that the API keys in Redis were stored under. */
export class PepperMismatchError extends Error {
  override readonly name = 'PepperMismatchError';
}

/** A revocation takes effect within the cache's time even if its message is lost; without Redis, keys work on for the stale time. */
const verifierBounds = { cacheMs: 5000, staleMs: 60_000, maxEntries: 10_000 };
const storeTimeoutMs = 500;
const storeWaitMs = 5000;
const storeRetryMs = 1000;

/** The data plane's composition root: builds everything from a configuration and listens. */
export async function startGateway(
  config: GatewayConfig,
  { clock = systemClock, log }: GatewayDependencies = {},
): Promise<RunningGateway> {
  const logger = createLogger(config.logLevel, log);
  const metrics = createMetrics();
  let readiness: Readiness = 'starting';
  const ops = await listen(
    createOpsApp(() => readiness, metrics),
    config.opsHost,
    config.opsPort,
  );
  const store = openStore(config, logger, metrics);
  await checkPepper(store, config, logger, clock);
  const verifier = createApiKeyVerifier({ store, pepper: config.keyPepper, clock, ...verifierBounds });
  const upstream = createUpstream({
    connectTimeoutMs: config.upstreamConnectTimeoutMs,
    firstByteTimeoutMs: config.upstreamFirstByteTimeoutMs,
    idleTimeoutMs: config.upstreamIdleTimeoutMs,
  });
  const openSinks = new Set<InterruptibleSink>();
  const { catalog, limits } = config;
  const admission = createAdmission({
    store,
    liveReplicas: () => 1,
    onInsured: (insured) => logger.warn({ insured }, 'limits are kept by this process alone while Redis is away'),
    onFault: (error) => logger.error({ err: error }, 'an admission script failed'),
  });
  const serving = { catalog, limits, admission, upstream, clock, ids: randomIds, metrics };
  const endpoints = [
    messagesEndpoint({ serving, sinkTimes: config, clock, openSinks }),
    modelsEndpoint(catalog, new Date(clock.now())),
    ...helloEndpoints(),
  ];
  const app = createDataApp({ endpoints, verifier, clock, logger, metrics });
  const data = await listen(app, config.host, config.port);
  answerClientErrors(data.server, clock, logger, metrics);
  readiness = 'ready';
  logger.info({ url: data.url, opsUrl: ops.url, providers: [...catalog.providers.keys()] }, 'listening');
  return {
    url: data.url,
    opsUrl: ops.url,
    async drain() {
      readiness = 'draining';
      logger.info({ openAnswers: openSinks.size }, 'draining');
      await drain(data.server, openSinks, config, clock);
      await upstream.close();
      verifier.close();
      await store.close();
      ops.server.closeAllConnections();
      ops.server.close();
      logger.info('closed');
    },
  };
}

function openStore(config: GatewayConfig, logger: Logger, metrics: Metrics): Store {
  const target = 'url' in config.redis ? { url: config.redis.url } : { path: config.redis.socketPath };
  return connectStore({
    ...target,
    keyPrefix: config.redisKeyPrefix,
    commandTimeoutMs: storeTimeoutMs,
    onState(state, detail) {
      metrics.storeState(state === 'ready');
      if (state === 'ready') logger.info({ detail }, 'store ready');
      else logger.warn({ detail }, 'store down');
    },
  });
}

/** Waits for Redis as long as it takes: without it nobody could be let in. */
async function checkPepper(store: Store, config: GatewayConfig, logger: Logger, clock: Clock): Promise<void> {
  for (;;) {
    try {
      await store.whenReady(storeWaitMs);
      const result = await ensurePepper({ store }, config.keyPepper);
      if (result === 'ok') return;
      throw new PepperMismatchError(
        'KEY_PEPPER is not the one that the API keys in this Redis were stored under, so none of them would work. ' +
          'Set the former KEY_PEPPER, or another REDIS_KEY_PREFIX to begin anew.',
      );
    } catch (thrown) {
      if (thrown instanceof PepperMismatchError) throw thrown;
      logger.warn({ err: thrown }, 'waiting for Redis: check REDIS_URL');
      await new Promise<void>((resolve) => {
        clock.schedule(storeRetryMs, resolve);
      });
    }
  }
}
