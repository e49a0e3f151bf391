import { createBoundedMap, outcomes } from '@ccg/kernel';
import type { Outcome } from '@ccg/kernel';
import { createLabelValues, otherValue } from './label-values.ts';
import type { LabelValues } from './label-values.ts';
import { metricList } from './metric-list.ts';
import type { Process } from './metric-list.ts';
import { createOutcomeCounts, itemEndpoint } from './outcome-counts.ts';
import { createCells, createDistributions } from './series.ts';
import type { Distribution } from './series.ts';

/** What a request was, as far as its series are told apart by it. */
export interface RequestFrame {
  readonly endpoint: string;
  /** `none` where no provider was chosen, as the two below. */
  readonly dialect: string;
  readonly provider: string;
  readonly model: string;
  readonly stream: boolean;
  /** Undefined where nobody was let in. */
  readonly tenant: string | undefined;
  /** Whether a provider has answered as this model: clients can write any name. */
  readonly isModelKnown: boolean;
}

/** The parts of a request in which the gateway itself works, or waits for its store. */
type Stage = 'authenticate' | 'body' | 'admit' | 'translate' | 'first_event' | 'relay' | 'settle';

type TokenSource = 'reported' | 'estimated';
type PriceBasis = 'operator' | 'list' | 'highest';
const tokenKinds = ['input', 'output', 'cache_read', 'cache_write', 'reasoning'] as const;
type TokenKind = (typeof tokenKinds)[number];

/** Counts the requests of one frame. Its series are looked up when they are needed first, and kept. */
export interface RequestMeters {
  finished(status: string, outcome: Outcome, seconds: number): void;
  stage(stage: Stage, seconds: number): void;
  /** `isLast` says whether no other call followed for the same request. */
  attempt(outcome: Outcome, seconds: number, isLast: boolean): void;
  firstEvent(seconds: number): void;
  /** `source` says whether the provider counted the tokens, or the gateway estimated them because it did not. */
  tokens(source: TokenSource, counts: Readonly<Record<TokenKind, number>>): void;
  /** `basis` says whose price it is. Nobody stated one for a model that costs the highest of all. */
  cost(basis: PriceBasis, microDollars: number): void;
}

export interface LabelBounds {
  /** How many tenants have series of their own. */
  readonly maxTenants: number;
  /** How many models have. */
  readonly maxModels: number;
}

/** A tenant that uses more models than others leaves room for them: so many pairs have series of their own. */
const tenantModelsMax = 10_000;
const metersMax = 10_000;

/** What a call of a provider can end with that rules ask for. */
const attemptOutcomes = outcomes.filter(
  (outcome) => outcome === 'ok' || outcome === 'client_aborted' || outcome.startsWith('upstream_'),
);

/** Every metric that is told of a request when it has ended. */
export function createRequestMetrics(tenants: LabelValues, maxModels: number, process: Process | undefined) {
  const outcomeCounts = createOutcomeCounts(process);
  const families = createFamilies();
  const models = createLabelValues(maxModels);
  const pairs = createLabelValues(tenantModelsMax);
  const known = createBoundedMap<RequestMeters>(metersMax);
  const told = {
    expectProvider(dialect: string, provider: string): void {
      const endpoint = process === 'worker' ? itemEndpoint : 'messages';
      for (const outcome of attemptOutcomes) families.attempts.of({ endpoint, dialect, provider, outcome });
      families.firstEvents.of({ dialect, provider });
    },
    expectModel: models.expect,
    requestsOf(frame: RequestFrame): RequestMeters {
      const { endpoint, provider, dialect, stream } = frame;
      const model = frame.model === 'none' ? 'none' : models.of(frame.model, frame.isModelKnown);
      const tenant = frame.tenant === undefined ? undefined : tenants.of(frame.tenant, true);
      const key = `${endpoint} ${dialect} ${stream} ${tenant} ${provider} ${model}`;
      const made = known.get(key);
      if (made !== undefined) return made;
      const pair = pairs.of(`${tenant} ${model}`, true) === otherValue ? otherValue : model;
      const meters = createMeters({ ...frame, model, tenant }, pair, { ...families, outcomes: outcomeCounts });
      known.set(key, meters);
      return meters;
    },
  };
  return { families: [outcomeCounts.family, ...Object.values(families)], told };
}

function createFamilies() {
  return {
    requests: createCells(metricList.requests),
    requestDurations: createDistributions(metricList.requestDurations),
    stageDurations: createDistributions(metricList.stageDurations),
    upstreamDurations: createDistributions(metricList.upstreamDurations),
    attempts: createCells(metricList.attempts),
    retries: createCells(metricList.retries),
    firstEvents: createDistributions(metricList.firstEvents),
    tokens: createCells(metricList.tokens),
    costs: createCells(metricList.costs),
    tenantRequests: createCells(metricList.tenantRequests),
    tenantTokens: createCells(metricList.tenantTokens),
    tenantCosts: createCells(metricList.tenantCosts),
  };
}

type Families = ReturnType<typeof createFamilies> & { readonly outcomes: ReturnType<typeof createOutcomeCounts> };

function createMeters(
  { endpoint, dialect, provider, model, stream, tenant }: RequestFrame,
  tenantModel: string,
  families: Families,
): RequestMeters {
  const target = { dialect, provider };
  const form = { endpoint, ...target, stream: String(stream) };
  const finished = remembered((status, outcome) => ({
    requests: families.requests.of({ endpoint, ...target, model, status, outcome }),
    ofAll: families.outcomes.of(endpoint, outcome),
    ofTenant: tenant === undefined ? undefined : families.tenantRequests.of({ tenant, outcome }),
  }));
  const attempts = remembered((outcome) => families.attempts.of({ endpoint, ...target, outcome }));
  const retries = remembered((outcome) => families.retries.of({ ...target, outcome }));
  const tokens = remembered((kind, source) => ({
    all: families.tokens.of({ ...target, kind, source }),
    ofTenant: tenant === undefined ? undefined : families.tenantTokens.of({ tenant, model: tenantModel, kind }),
  }));
  const costs = remembered((basis) => ({
    all: families.costs.of({ provider, basis }),
    ofTenant: tenant === undefined ? undefined : families.tenantCosts.of({ tenant, model: tenantModel }),
  }));
  const durations = families.requestDurations.of(form);
  const stageDurations: Partial<Record<Stage, Distribution>> = {};
  const firstEvents = lazily(() => families.firstEvents.of(target));
  const upstreamDurations = lazily(() => families.upstreamDurations.of(form));
  return {
    finished(status, outcome, seconds) {
      const { requests, ofAll, ofTenant } = finished(status, outcome);
      requests.value += 1;
      ofAll.value += 1;
      if (ofTenant !== undefined) ofTenant.value += 1;
      durations.observe(seconds);
    },
    stage(stage, seconds) {
      stageDurations[stage] ??= families.stageDurations.of({ stage, ...form });
      stageDurations[stage].observe(seconds);
    },
    attempt(outcome, seconds, isLast) {
      attempts(outcome, '').value += 1;
      upstreamDurations().observe(seconds);
      if (!isLast) retries(outcome, '').value += 1;
    },
    firstEvent(seconds) {
      firstEvents().observe(seconds);
    },
    tokens(source, counts) {
      for (const kind of tokenKinds) {
        const count = counts[kind];
        if (count <= 0) continue;
        const { all, ofTenant } = tokens(kind, source);
        all.value += count;
        if (ofTenant !== undefined) ofTenant.value += count;
      }
    },
    cost(basis, microDollars) {
      if (microDollars <= 0) return;
      const { all, ofTenant } = costs(basis, '');
      all.value += microDollars;
      if (ofTenant !== undefined) ofTenant.value += microDollars;
    },
  };
}

/** Remembers what was made for two texts, of which there are few. */
function remembered<Made>(make: (first: string, second: string) => Made): (first: string, second: string) => Made {
  const known = new Map<string, Map<string, Made>>();
  return (first, second) => {
    const made = known.get(first)?.get(second);
    if (made !== undefined) return made;
    const fresh = make(first, second);
    const ofFirst = known.get(first) ?? new Map<string, Made>();
    ofFirst.set(second, fresh);
    known.set(first, ofFirst);
    return fresh;
  };
}

function lazily<Made>(make: () => Made): () => Made {
  let made: Made | undefined;
  return () => (made ??= make());
}
