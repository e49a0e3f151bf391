import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** The bounded labels of a finished request. Tenants and models stay out: they are in the log. */
export interface RequestLabels {
  readonly endpoint: string;
  /** `none` where no upstream was chosen. */
  readonly dialect: string;
  readonly status: string;
  readonly outcome: string;
}

type TokenSource = 'reported' | 'estimated';
type PriceBasis = 'operator' | 'list' | 'highest';
type TokenKind = 'input' | 'output' | 'cache_read' | 'cache_write';

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

export interface Metrics {
  requestFinished(labels: RequestLabels, durationSeconds: number): void;
  firstEvent(dialect: string, seconds: number): void;
  /** `source` says whether the provider counted the tokens, or the gateway estimated them because it did not. */
  tokens(dialect: string, source: TokenSource, counts: Readonly<Record<TokenKind, number>>): void;
  /** `basis` says whose price it is. Nobody stated one for a model that costs the highest of all. */
  cost(provider: string, basis: PriceBasis, microDollars: number): void;
  /** Counts a stream as open until the returned function is called. */
  streamOpened(dialect: string): () => void;
  storeState(up: boolean): void;
  /** How many replicas share the limits, as last known. */
  liveReplicas(count: number): void;
  /** A settlement that Redis did not take at once: it took it `late`, or it is `lost`. */
  settlement(outcome: 'late' | 'lost'): void;
  /** What providers were found to reject, and so is not sent to them, is read whenever the metrics are. */
  watchLearnedRejections(read: () => Iterable<LearnedCount>): void;
  /** How many bytes of request bodies are held, read whenever the metrics are. */
  watchBodyBytes(read: () => number): void;
  /** How old the keys of each issuer of tokens are, read whenever the metrics are. */
  watchIssuerKeys(read: () => Iterable<IssuerKeysAge>): void;
  /** The Prometheus exposition, and its content type. */
  expose(): Promise<{ readonly contentType: string; readonly text: string }>;
}

const latencyBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** Every metric of the product, in a registry of its own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'ccg_' });
  const { requests, durations, firstEvents, tokens, costs } = requestMetrics(registers);
  const openStreams = new Gauge({
    name: 'ccg_open_streams',
    help: 'Streams being relayed now.',
    labelNames: ['dialect'],
    registers,
  });
  const storeUp = new Gauge({ name: 'ccg_store_up', help: 'Whether Redis answers: 1 or 0.', registers });
  const liveReplicas = new Gauge({
    name: 'ccg_live_replicas',
    help: 'Replicas that share the limits, as this one last knew.',
    registers,
  });
  const settlements = new Counter({
    name: 'ccg_settlements_total',
    help: 'Settlements of limits that Redis did not take at once: taken late, or lost.',
    labelNames: ['outcome'],
    registers,
  });
  return {
    requestFinished(labels, durationSeconds) {
      requests.inc({ ...labels });
      durations.observe({ endpoint: labels.endpoint, dialect: labels.dialect }, durationSeconds);
    },
    firstEvent(dialect, seconds) {
      firstEvents.observe({ dialect }, seconds);
    },
    tokens(dialect, source, counts) {
      for (const [kind, count] of Object.entries(counts)) if (count > 0) tokens.inc({ dialect, kind, source }, count);
    },
    cost(provider, basis, microDollars) {
      if (microDollars > 0) costs.inc({ provider, basis }, microDollars);
    },
    streamOpened(dialect) {
      openStreams.inc({ dialect });
      return () => {
        openStreams.dec({ dialect });
      };
    },
    storeState(up) {
      storeUp.set(up ? 1 : 0);
    },
    liveReplicas(count) {
      liveReplicas.set(count);
    },
    settlement(outcome) {
      settlements.inc({ outcome });
    },
    watchLearnedRejections: learnedRejections(registers),
    watchBodyBytes: bodyBytes(registers),
    watchIssuerKeys: issuerKeys(registers),
    expose: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

/** What is told of every request that has ended. */
function requestMetrics(registers: Registry[]) {
  const requests = new Counter({
    name: 'ccg_requests_total',
    help: 'Finished requests.',
    labelNames: ['endpoint', 'dialect', 'status', 'outcome'],
    registers,
  });
  const durations = new Histogram({
    name: 'ccg_request_duration_seconds',
    help: 'From the arrival of a request to the end of its answer.',
    labelNames: ['endpoint', 'dialect'],
    buckets: latencyBuckets,
    registers,
  });
  const firstEvents = new Histogram({
    name: 'ccg_first_event_seconds',
    help: 'From the arrival of a request to the first event of its stream.',
    labelNames: ['dialect'],
    buckets: latencyBuckets,
    registers,
  });
  const tokens = new Counter({
    name: 'ccg_tokens_total',
    help: 'Tokens of answered requests, as providers reported them or, where they did not, as estimated.',
    labelNames: ['dialect', 'kind', 'source'],
    registers,
  });
  const costs = new Counter({
    name: 'ccg_cost_micro_dollars_total',
    help: 'What answered requests cost. The basis is whose price it is; at "highest" nobody stated one.',
    labelNames: ['provider', 'basis'],
    registers,
  });
  return { requests, durations, firstEvents, tokens, costs };
}

/** Expired rejections leave nothing behind that could be counted down, so they are counted when they are asked for. */
function learnedRejections(registers: Registry[]): Metrics['watchLearnedRejections'] {
  const watched: (() => Iterable<LearnedCount>)[] = [];
  const gauge = new Gauge({
    name: 'ccg_learned_rejections',
    help: 'What providers were found to reject, and so is not sent to them for an hour.',
    labelNames: ['provider', 'kind'],
    registers,
    collect() {
      gauge.reset();
      for (const { provider, kind, count } of watched.flatMap((read) => [...read()])) {
        gauge.inc({ provider, kind }, count);
      }
    },
  });
  return (read) => {
    watched.push(read);
  };
}

function bodyBytes(registers: Registry[]): Metrics['watchBodyBytes'] {
  const watched: (() => number)[] = [];
  const gauge = new Gauge({
    name: 'ccg_body_bytes_in_flight',
    help: 'Bytes of request bodies that are held now. New bodies are refused at MAX_BODY_BYTES_IN_FLIGHT.',
    registers,
    collect() {
      gauge.set(watched.reduce((sum, read) => sum + read(), 0));
    },
  });
  return (read) => {
    watched.push(read);
  };
}

/** An age grows by itself, so it is worked out when it is asked for. */
function issuerKeys(registers: Registry[]): Metrics['watchIssuerKeys'] {
  const watched: (() => Iterable<IssuerKeysAge>)[] = [];
  const gauge = new Gauge({
    name: 'ccg_issuer_keys_age_seconds',
    help: 'How long ago the keys of an issuer of tokens were loaded; +Inf: never. After a day its tokens are refused.',
    labelNames: ['issuer'],
    registers,
    collect() {
      for (const { issuer, seconds } of watched.flatMap((read) => [...read()])) gauge.set({ issuer }, seconds);
    },
  });
  return (read) => {
    watched.push(read);
  };
}
