import { randomUUID } from 'node:crypto';
import { createAdmission, joinLiveReplicas } from '@ccg/admission';
import type { LiveReplicas, StoreMode } from '@ccg/admission';
import { configuredModels } from '@ccg/catalog';
import type { Catalog, Targets } from '@ccg/catalog';
import type { Clock } from '@ccg/kernel';
import { createServing } from '@ccg/serving';
import type { Recorder, Serving } from '@ccg/serving';
import type { Store } from '@ccg/store';
import type { Logger, Metrics } from '@ccg/telemetry';
import { readAnnouncement } from '@ccg/tenancy';
import { createFileFetcher, createUpstream } from '@ccg/upstream';
import type { Upstream, UpstreamOptions } from '@ccg/upstream';
import { createRefusalLog } from '@ccg/usage';
import { randomIds } from './random-ids.ts';
import type { ServingSettings } from './serving-variables.ts';
import { sha256 } from './sha256.ts';
import type { LimitSettings, OutboundSettings } from './shared-variables.ts';
import { startTokenCounting } from './token-counting.ts';

type Settings = ServingSettings & OutboundSettings & LimitSettings & { readonly catalog: Catalog };

interface Parts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

interface ServingParts extends Parts {
  readonly replicas: LiveReplicas;
  readonly targets: Targets;
  readonly upstream: Upstream;
  readonly recorder?: Recorder;
}

/**
 * Builds what answers Messages requests, as every process does that asks providers. Closing it flushes what it counted. Open it
 * after the authentication, which must have forgotten what has changed before those who wait ask it.
 */
export async function openServing(
  config: Settings,
  { store, replicas, logger, ...parts }: ServingParts,
): Promise<Serving> {
  const admission = createAdmission({
    store,
    replica: randomUUID(),
    clock: parts.clock,
    liveReplicas: replicas.count,
    usageRecordsMax: config.usageRecordsMax,
    budgetGraceMs: config.budgetGraceMs,
    maxWaitingBytes: config.maxWaitingBytes,
    onStoreMode: tellStoreMode(logger, parts.metrics),
    onSettlement: parts.metrics.settlement,
    onWaited: (end, waitedMs) => {
      parts.metrics.waited(end, waitedMs / 1000);
    },
    onFault: (error) => {
      logger.error({ err: error }, 'an admission script failed');
    },
  });
  parts.metrics.watchWaiting(admission.waiting);
  const changes = store.subscribe(store.redisKeys.authorizationChanges(), (message) => {
    const changed = readAnnouncement(message);
    if (changed !== undefined) admission.recheck(changed.tenant);
  });
  const refusals = createRefusalLog({
    store,
    clock: parts.clock,
    writer: randomUUID(),
    onDropped: () => {
      parts.metrics.refusalDropped();
    },
    onFault: (error) => {
      logger.error({ err: error }, 'refusals of limits could not be written');
    },
  });
  const tokens = await startTokenCounting(sha256);
  const { catalog, sealingKeys } = config;
  expectConfigured(catalog, parts.metrics);
  const fileFetcher = config.fetchImageUrls ? createFileFetcher({ extraRoots: config.upstreamExtraRoots }) : undefined;
  const made = {
    catalog,
    sealingKeys,
    admission,
    refusals,
    tokens,
    fileFetcher,
    digest: sha256,
    ids: randomIds,
  };
  const serving = createServing({ ...parts, ...made });
  return {
    ...serving,
    async close() {
      changes.cancel();
      await serving.close();
      await Promise.all([admission.flush(), refusals.flush()]);
    },
  };
}

/** What is configured is counted under its own name from the start. */
function expectConfigured(catalog: Catalog, { expectProvider, expectModel }: Metrics): void {
  for (const { dialect, name } of catalog.providers.values()) expectProvider(dialect, name);
  for (const model of configuredModels(catalog)) expectModel(model);
}

/** Makes the process one of those that share the limits while Redis is away. */
export async function joinReplicas({ store, clock, logger, metrics }: Parts): Promise<LiveReplicas> {
  return await joinLiveReplicas({
    store,
    clock,
    id: randomUUID(),
    onCount: (count) => {
      metrics.liveReplicas(count);
    },
    onFault: (error) => {
      logger.error({ err: error }, 'a heartbeat was rejected');
    },
  });
}

/** Opens the way to the providers. */
export function openUpstream(config: Settings, metrics: Metrics): Upstream {
  return createUpstream({ ...upstreamOptions(config), onCertificate: countCertificates(config.catalog, metrics) });
}

/** Tells when the certificates of providers expire, by the hosts at which they are. */
function countCertificates({ providers }: Catalog, metrics: Metrics): UpstreamOptions['onCertificate'] {
  return (host, notAfterMs) => {
    for (const { name, endpoint } of providers.values()) {
      if (new URL(endpoint.baseUrl).hostname === host) metrics.certificate(name, notAfterMs / 1000);
    }
  };
}

/** Tells log and metrics how limits are decided. */
function tellStoreMode(logger: Logger, metrics: Metrics): (mode: StoreMode) => void {
  metrics.storeMode('shared');
  return (mode) => {
    metrics.storeMode(mode);
    if (mode === 'shared') logger.info('limits are shared through Redis again');
    else logger.warn(mode === 'local' ? localLimits : closedBudgets);
  };
}

const localLimits = 'Redis is down: until it is back, this replica counts limits by itself';
const closedBudgets =
  'Redis is down for longer than BUDGET_GRACE_SECONDS: until it is back, requests that have a budget are refused';

function upstreamOptions(config: Settings): UpstreamOptions {
  return {
    connectTimeoutMs: config.upstreamConnectTimeoutMs,
    firstByteTimeoutMs: config.upstreamFirstByteTimeoutMs,
    idleTimeoutMs: config.upstreamIdleTimeoutMs,
    proxy: config.upstreamProxy,
    extraRoots: config.upstreamExtraRoots,
  };
}
