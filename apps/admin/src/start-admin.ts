import { randomBytes } from 'node:crypto';
import { startSweeper } from '@ccg/admission';
import { createTransitions } from '@ccg/batches';
import {
  createBasicAuthenticator,
  createOpenSinks,
  createOperatorAuthenticator,
  listenForOps,
  drain,
  listen,
} from '@ccg/edge';
import type { Authenticator, CredentialAdvice, EndpointFacts, Readiness } from '@ccg/edge';
import { systemClock } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import { tenantIds } from '@ccg/tenancy';
import type { Principal } from '@ccg/tenancy';
import { followLogLevel, openAuthentication, openStore, prepareStore } from '@ccg/startup';
import { createLogger, createMetrics, openLogOutput } from '@ccg/telemetry';
import type { Logger, Metrics } from '@ccg/telemetry';
import { adminEndpoints, createAdminApp } from './admin-app.ts';
import { applyFileAtStart } from './apply-file.ts';
import type { AdminConfig } from './config.ts';
import { createQueueBoard } from './queue-board/board-endpoints.ts';
import type { QueueBoard } from './queue-board/board-endpoints.ts';
import { limitRequests } from './limit-requests.ts';
import { createOperatorToken, operatorPrincipal } from './operator-token.ts';
import { createReporter } from './report.ts';
import { startTellingBacklog } from './tell-backlog.ts';
import { createUsageViews } from './usage-views.ts';
import { startRollUp, usageRowsMax } from './roll-up-usage.ts';

export interface AdminStartDependencies {
  readonly clock?: Clock;
  /** Where log lines go; standard output unless given. */
  readonly log?: { write(line: string): void };
  /** Of a process that serves its own probes and metrics; without it, the admin API opens a listener for them. */
  readonly sharedMetrics?: Metrics;
}

export interface RunningAdmin {
  readonly url: string;
  /** Undefined where the process serves its own probes and metrics. */
  readonly opsUrl: string | undefined;
  /** Everything that is served. */
  readonly endpoints: readonly EndpointFacts[];
  /** Withdraws readiness, lets running answers finish, and resolves when everything is closed. */
  drain(): Promise<void>;
}

const advice: CredentialAdvice = {
  howToSend:
    'Send "Authorization: Bearer" with the token of the operators, an API key of this gateway or a token (JWT) of its issuers.',
  howToSendOne: 'Send only one of them.',
};

/** The admin API's composition root: builds everything from a configuration and listens. Rejects with nothing left open. */
export async function startAdmin(
  config: AdminConfig,
  { clock = systemClock, log, sharedMetrics }: AdminStartDependencies = {},
): Promise<RunningAdmin> {
  await using opened = new AsyncDisposableStack();
  const metrics = sharedMetrics ?? createMetrics({ process: 'admin' });
  const logger = createLogger(config.logLevel, log ?? openLogOutput(metrics.logLinesDropped));
  let readiness = (): Readiness => 'starting';
  let opsUrl: string | undefined;
  if (sharedMetrics === undefined) {
    const ops = await listenForOps(config, () => readiness(), metrics);
    opsUrl = ops.url;
    opened.defer(ops.close);
  }
  const store = openStore(config, logger, metrics);
  opened.defer(() => store.close());
  await prepareStore(store, config, logger, clock);
  opened.defer(followLogLevel({ store, clock, logger, logLevel: config.logLevel }));
  const parts = { store, clock, logger, metrics };
  const { authenticate, authenticateBasic, canVerify, close } = await openAuthenticator(config, parts);
  opened.defer(close);
  const openSinks = createOpenSinks();
  const tenancy = { store, clock, peppers: config.keyPeppers, randomBytes };
  const { loadDirectory, issuers, limits: defaultLimits, supportContact } = config;
  const usage = createUsageViews(store, clock);
  await applyFileAtStart(tenancy, loadDirectory, logger);
  const operations = adminEndpoints({
    tenancy,
    loadDirectory,
    issuers,
    defaultLimits,
    clock,
    openSinks,
    supportContact,
    usage,
    batches: createTransitions({ store, clock }),
  });
  const board = openQueueBoard(config, parts, authenticateBasic);
  opened.defer(board.close);
  const endpoints = [...operations, ...board.endpoints];
  const app = createAdminApp({ endpoints, authenticate, reporter: createReporter(logger, metrics), clock });
  const { server, url } = await listen(app, config.host, config.port);
  const options = { ...config.usage, rowsMax: usageRowsMax };
  opened.defer(startRollUp({ ...parts, options }));
  // A worker in this process tells it in any case.
  if (sharedMetrics === undefined) opened.defer(startTellingBacklog(parts));
  const { usageRecordsMax } = config;
  opened.defer(startSweep(parts, usageRecordsMax));
  readiness = () => (canVerify() ? 'ready' : 'store-down');
  logger.info({ url, opsUrl }, 'the admin API listens');
  const resources = opened.move();
  return {
    url,
    opsUrl,
    endpoints,
    async drain() {
      readiness = () => 'draining';
      logger.info('the admin API drains');
      await drain(server, openSinks, config, clock);
      await resources.disposeAsync();
      logger.info('the admin API is closed');
    },
  };
}

interface Parts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Bull Board, for the operators. Its connection fails with that of the store, which is told there. */
function openQueueBoard(
  { redis }: AdminConfig,
  { store, clock, logger }: Parts,
  authenticate: Authenticator<Principal>,
): QueueBoard {
  const onFault = (error: unknown) => {
    logger.debug({ err: error }, 'the connection of the queues failed');
  };
  return createQueueBoard({ redis, store, clock, authenticate, onFault });
}

const sweepIntervalMs = 15_000;

/** Settles what processes that died have reserved, for all tenants: no gateway may be left that serves them. */
function startSweep({ store, clock, logger, metrics }: Parts, usageRecordsMax: number): () => Promise<void> {
  return startSweeper({
    store,
    clock,
    usageRecordsMax,
    intervalMs: sweepIntervalMs,
    tenants: () => tenantIds(store),
    onSettlement: metrics.settlement,
    onFault: (error) => {
      logger.error({ err: error }, 'the reservations of a tenant cannot be swept');
    },
  });
}

/** Who is let in: operators by their token, and everybody whom the gateway lets in. */
async function openAuthenticator(config: AdminConfig, parts: Parts) {
  const { clock, logger } = parts;
  const { authenticate: others, ...opened } = await openAuthentication(config, { ...parts, advice });
  const { badCredentials, addressOf } = opened;
  const isOperatorToken = createOperatorToken(config.operatorTokenFile, clock, (problem) => {
    if (problem === undefined) logger.info('the token of the operators was changed');
    else logger.error({ problem }, 'the token of the operators cannot be used');
  });
  const operators = { operator: operatorPrincipal, isOperatorToken };
  const shared = { ...operators, badCredentials, addressOf };
  const authenticate = createOperatorAuthenticator({ ...shared, others, advice });
  const authenticateBasic = createBasicAuthenticator({ ...shared, realm: 'Claude Code Gateway: operators' });
  return {
    ...opened,
    authenticate: limitRequests(authenticate, addressOf),
    authenticateBasic: limitRequests(authenticateBasic, addressOf),
  };
}
