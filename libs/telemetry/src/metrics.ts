import { collectDefaultMetrics, Registry } from 'prom-client';
import { createBatchMetrics } from './batch-metrics.ts';
import type { BatchMeters } from './batch-metrics.ts';
import { createLabelValues } from './label-values.ts';
import { createLimitMetrics } from './limit-metrics.ts';
import type { LimitLabels, LimitMeters } from './limit-metrics.ts';
import { metricList } from './metric-list.ts';
import type { Process } from './metric-list.ts';
import { createRequestMetrics } from './request-metrics.ts';
import type { LabelBounds, RequestFrame, RequestMeters } from './request-metrics.ts';
import { createCells, createDistributions } from './series.ts';
import type { Cell, Family } from './series.ts';
import { createStreamMetrics } from './stream-metrics.ts';
import type { StreamMeters } from './stream-metrics.ts';

interface LearnedCount {
  readonly provider: string;
  readonly kind: string;
  readonly count: number;
}

interface IssuerKeysAge {
  readonly issuer: string;
  /** Infinity where they were never loaded. */
  readonly seconds: number;
}

const storeModes = ['shared', 'local', 'closed'] as const;
type StoreMode = (typeof storeModes)[number];
type StoreState = 'ready' | 'partial' | 'down';

export interface Metrics extends BatchMeters {
  /** What counts the requests of a frame. */
  requestsOf(frame: RequestFrame): RequestMeters;
  /** Has the series of a configured provider begin at 0 that alerts are made of: its first failures are then seen to grow. */
  expectProvider(this: void, dialect: string, provider: string): void;
  /** Gives a configured model a name of its own in the metrics, also before it has answered, and whatever clients ask for. */
  expectModel(this: void, model: string): void;
  /** What counts the streams of a provider. */
  streamsOf(dialect: string, provider: string): StreamMeters;
  /** What counts the decisions of limits of a level and kind. */
  limitsOf(limit: LimitLabels): LimitMeters;
  /** A client got a ping, since its provider is silent. */
  pinged(this: void): void;
  /** What a provider showed when a connection to it was opened. */
  certificate(provider: string, notAfterSeconds: number): void;
  logLinesDropped(this: void, lines: number): void;
  spansDropped(this: void, spans: number): void;
  /** Whether Redis answers now; counts what is not as it was. */
  storeState(state: StoreState): void;
  /** How limits are decided now. */
  storeMode(mode: StoreMode): void;
  /** How many replicas share the limits, as last known. */
  liveReplicas(count: number): void;
  /** A request was admitted, or is settled: so many more hold something of a limit. */
  reserved(this: void, more: 1 | -1): void;
  /** A settlement that Redis did not take at once: it took it `late`, or it is `lost`. Or one for a process that had died, which is `swept`. */
  settlement(this: void, outcome: 'late' | 'lost' | 'swept'): void;
  /** A request has waited for another one to end, or found too many waiting. */
  waited(this: void, end: 'admitted' | 'over' | 'left' | 'full', seconds: number): void;
  /** What became of usage records since the last call. */
  usageRolledUp(since: { readonly applied: number; readonly unreadable: number; readonly gaps: number }): void;
  /** How old the oldest usage record is that is still to be rolled up. */
  usageLag(seconds: number): void;
  /** A refusal of a limit that nobody will find. */
  refusalDropped(): void;
  /** What providers were found to reject, and so is not sent to them, is read whenever the metrics are. */
  watchLearnedRejections(read: () => Iterable<LearnedCount>): void;
  /** How many requests wait for others to end, read whenever the metrics are. */
  watchWaiting(read: () => number): void;
  /** How many bytes of request bodies are held, read whenever the metrics are. */
  watchBodyBytes(read: () => number): void;
  /** How old the keys of each issuer of tokens are, read whenever the metrics are. */
  watchIssuerKeys(read: () => Iterable<IssuerKeysAge>): void;
  /** The Prometheus exposition, and its content type. */
  expose(): Promise<{ readonly contentType: string; readonly text: string }>;
}

const usualBounds: LabelBounds = { maxTenants: 200, maxModels: 200 };

/** Gauges with the ending of counters, which Prometheus's own check refuses. Their parts, by type, are exposed without it. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

export interface MetricsOptions {
  /** Which process exposes them; unset, one that is all of them. */
  readonly process?: Process;
  readonly bounds?: LabelBounds;
  readonly nowMs?: () => number;
}

/** Every metric of a process, in a registry of its own: the product's, and Node's under the names that dashboards expect. */
export function createMetrics(options: MetricsOptions = {}): Metrics {
  const { process, bounds = usualBounds, nowMs = () => performance.now() } = options;
  const runtime = new Registry();
  collectDefaultMetrics({ register: runtime });
  for (const name of misnamed) runtime.removeSingleMetric(name);
  const tenants = createLabelValues(bounds.maxTenants);
  const requests = createRequestMetrics(tenants, bounds.maxModels, process);
  const limits = createLimitMetrics(tenants, nowMs);
  const streams = createStreamMetrics();
  const certificates = createCells(metricList.certificates);
  const dropped = createCells(metricList.logLinesDropped);
  const spansDropped = createCells(metricList.spansDropped);
  const store = createStoreMetrics();
  const usage = createUsageMetrics();
  const batches = createBatchMetrics(tenants);
  const learned = watchedGauge(createCells(metricList.learnedRejections));
  const bodyBytes = watchedGauge(createCells(metricList.bodyBytes));
  const waiting = watchedGauge(createCells(metricList.waiting));
  const issuerKeys = watchedGauge(createCells(metricList.issuerKeys), Math.max);
  const families = [
    ...requests.families,
    ...streams.families,
    ...limits.families,
    certificates,
    dropped,
    spansDropped,
    ...store.families,
    ...usage.families,
    ...batches.families,
    learned,
    bodyBytes,
    waiting,
    issuerKeys,
  ].filter(({ processes }) => process === undefined || processes.includes(process));
  return {
    ...requests.told,
    streamsOf: streams.of,
    limitsOf: limits.of,
    ...batches.told,
    pinged: streams.pinged,
    certificate(provider, notAfterSeconds) {
      certificates.of({ provider }).value = notAfterSeconds;
    },
    logLinesDropped(lines) {
      dropped.of({}).value += lines;
    },
    spansDropped(spans) {
      spansDropped.of({}).value += spans;
    },
    ...store.told,
    ...usage.told,
    watchLearnedRejections(read) {
      learned.watch(() => [...read()].map(({ count, ...labels }) => [labels, count]));
    },
    watchWaiting(read) {
      waiting.watch(() => [[{}, read()]]);
    },
    watchBodyBytes(read) {
      bodyBytes.watch(() => [[{}, read()]]);
    },
    watchIssuerKeys(read) {
      issuerKeys.watch(() => [...read()].map(({ issuer, seconds }) => [{ issuer }, seconds]));
    },
    async expose() {
      const lines: string[] = [];
      for (const family of families) family.expose(lines);
      return { contentType: runtime.contentType, text: `${lines.join('\n')}\n${await runtime.metrics()}` };
    },
  };
}

/** What is told of the store, and of what is kept in it. */
function createStoreMetrics() {
  const storeUp = createCells(metricList.storeUp);
  const transitions = createCells(metricList.storeTransitions);
  const storeMode = createCells(metricList.storeMode);
  const liveReplicas = createCells(metricList.liveReplicas);
  const reservations = createCells(metricList.reservations);
  const settlements = createCells(metricList.settlements);
  // A counter that appears with its first event was not seen to grow.
  for (const outcome of ['late', 'lost', 'swept']) settlements.of({ outcome });
  const waited = createDistributions(metricList.waited);
  let known: StoreState | undefined;
  const told: Pick<Metrics, 'storeState' | 'storeMode' | 'liveReplicas' | 'reserved' | 'settlement' | 'waited'> = {
    storeState(state) {
      storeUp.of({}).value = state === 'ready' ? 1 : 0;
      if (state === known) return;
      known = state;
      transitions.of({ to: state }).value += 1;
    },
    storeMode(mode) {
      for (const one of storeModes) storeMode.of({ mode: one }).value = one === mode ? 1 : 0;
    },
    liveReplicas(count) {
      liveReplicas.of({}).value = count;
    },
    reserved(more) {
      reservations.of({}).value += more;
    },
    settlement(outcome) {
      settlements.of({ outcome }).value += 1;
    },
    waited(end, seconds) {
      waited.of({ end }).observe(seconds);
    },
  };
  return { families: [storeUp, transitions, storeMode, liveReplicas, reservations, settlements, waited], told };
}

/** What is told of usage records, and of refusals that are remembered. */
function createUsageMetrics() {
  const records = createCells(metricList.usageRecords);
  const gaps = createCells(metricList.usageGaps);
  const lag = createCells(metricList.usageLag);
  const dropped = createCells(metricList.refusalsDropped);
  const told: Pick<Metrics, 'usageRolledUp' | 'usageLag' | 'refusalDropped'> = {
    usageRolledUp(since) {
      records.of({ outcome: 'applied' }).value += since.applied;
      records.of({ outcome: 'unreadable' }).value += since.unreadable;
      gaps.of({}).value += since.gaps;
    },
    usageLag(seconds) {
      lag.of({}).value = seconds;
    },
    refusalDropped() {
      dropped.of({}).value += 1;
    },
  };
  return { families: [records, gaps, lag, dropped], told };
}

type Reading<Labels extends readonly string[]> = readonly [Readonly<Record<Labels[number], string>>, number];

/** A gauge of what changes by itself, such as an age: it is worked out when it is asked for. */
function watchedGauge<const Labels extends readonly string[]>(
  family: Family<Labels, Cell>,
  combine: (one: number, other: number) => number = (one, other) => one + other,
) {
  const watched: (() => readonly Reading<Labels>[])[] = [];
  return {
    processes: family.processes,
    watch(read: () => readonly Reading<Labels>[]): void {
      watched.push(read);
    },
    expose(lines: string[]): void {
      family.clear();
      for (const [labels, value] of watched.flatMap((read) => read())) {
        const cell = family.of(labels);
        cell.value = combine(cell.value, value);
      }
      family.expose(lines);
    },
  };
}
