import { RateLimiterMemory } from 'rate-limiter-flexible';
import { assertLimits, concurrencyRetryMs, estimatedOutput, reservedBy } from './limits.ts';
import type { AdmissionRequest, ConcurrencyLimit, Limit, LimitState, RateLimit, Refused } from './limits.ts';

interface Limited {
  readonly kind: 'limited';
  readonly refused: Refused;
}

type LocalDecision =
  | {
      readonly kind: 'admitted';
      readonly states: readonly LimitState[];
      /** Tokens. */
      readonly estimatedOutput: number;
      /** To be called once, when the request has ended. */
      release(this: void): void;
    }
  | (Limited & { readonly states: readonly LimitState[]; readonly shadowed: readonly Refused[] })
  | { readonly kind: 'unreadable'; readonly limit: Limit };

/** Decides while Redis is away. Rejects with RangeError for an impossible limit. */
export interface LocalFallback {
  /** `budgetsOpen`: money may still be spent that cannot be counted now. */
  admit(request: AdmissionRequest, options: { readonly budgetsOpen: boolean }): Promise<LocalDecision>;
  /**
   * Counts a request that Redis let in, so that it takes a place in this replica's share of its caps if Redis goes away
   * meanwhile. Gives a function to be called once, when the request has ended.
   */
  countRunning(request: AdmissionRequest): () => void;
}

const shortestWindowSeconds = 1;
/** What a window begins with is let in at once, so a long one would let in twice as much around its end. */
const usualWindowSeconds = 10;
const longestWindowSeconds = 86_400;

/**
 * Limits while Redis is away: each replica admits its share of every limit. For a rate that is the refill of a fixed
 * window of ten seconds, or as long as it takes to let in one unit. A request that costs more makes its window longer. A
 * rate starts anew, a cap counts all requests that this replica runs.
 */
export function createLocalFallback(liveReplicas: () => number): LocalFallback {
  const rates = createLocalRates();
  const running = createLocalConcurrency();

  return {
    async admit(request, { budgetsOpen }) {
      const { tenant } = request;
      assertLimits(request.limits);
      const enforced = request.limits.filter(({ mode }) => mode === 'enforce');
      const closed = enforced.find((limit) => isClosed(limit, budgetsOpen));
      if (closed !== undefined) return { kind: 'unreadable', limit: closed };
      const replicas = Math.max(1, liveReplicas());
      const started = running.start(tenant, request.limits.filter(isLocalCap), replicas);
      if (started.kind === 'limited') return refusal(started);
      const outputTokens = estimatedOutput(request);
      const taken = await rates.take(
        tenant,
        request.limits.filter(isLocalRate).map((limit) => reserving(limit, outputTokens)),
        replicas,
      );
      if (taken.kind === 'limited') {
        started.release();
        return refusal(taken);
      }
      const states = [...started.states, ...taken.states];
      return { kind: 'admitted', states, estimatedOutput: outputTokens, release: started.release };
    },
    countRunning: ({ tenant, limits }) => running.count(tenant, limits.filter(isLocalCap)),
  };
}

function isCountedHere({ mode, onStoreError }: Limit): boolean {
  return mode === 'enforce' && onStoreError === 'local';
}

function isLocalCap(limit: Limit): limit is ConcurrencyLimit {
  return limit.kind === 'concurrency' && isCountedHere(limit);
}

function isLocalRate(limit: Limit): limit is RateLimit {
  return limit.kind === 'rate' && isCountedHere(limit);
}

/** Money is not shared out among replicas: a budget is open for a time of grace, and then closed. */
function isClosed({ kind, onStoreError }: Limit, budgetsOpen: boolean): boolean {
  return kind === 'budget' ? onStoreError !== 'open' && !budgetsOpen : onStoreError === 'closed';
}

function refusal(limited: Limited) {
  return { ...limited, states: [], shadowed: [] };
}

interface Reserving {
  readonly limit: RateLimit;
  readonly cost: number;
}

function reserving(limit: RateLimit, outputTokens: number): Reserving {
  return { limit, cost: reservedBy(limit, outputTokens) };
}

interface LocalRates {
  take(
    tenant: string,
    limits: readonly Reserving[],
    replicas: number,
  ): Promise<{ readonly kind: 'taken'; readonly states: readonly LimitState[] } | Limited>;
}

function createLocalRates(): LocalRates {
  // Its own limit is never reached: the share depends on the limit and on the number of live replicas.
  const limiter = new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: shortestWindowSeconds });

  async function consume(tenant: string, { limit, cost }: Reserving, replicas: number) {
    const { seconds, share } = windowOf(limit, replicas);
    const points = Math.ceil(Math.min(cost, share));
    const counter = `${tenant} ${limit.name}:${limit.subject}`;
    // It counts where the window is new: a request above the share needs one for itself.
    const customDuration = Math.min(longestWindowSeconds, Math.ceil(seconds * Math.max(1, cost / share)));
    const { consumedPoints, msBeforeNext } = await limiter.consume(counter, points, { customDuration });
    return {
      state: { limit, remaining: share - consumedPoints, fullInMs: msBeforeNext },
      giveBack: () => limiter.reward(counter, points),
    };
  }

  return {
    async take(tenant, limits, replicas) {
      const taken = await Promise.all(limits.map((limit) => consume(tenant, limit, replicas)));
      const states = taken.map(({ state }) => state);
      const [latest] = states.filter(({ remaining }) => remaining < 0).toSorted((a, b) => b.fullInMs - a.fullInMs);
      if (latest === undefined) return { kind: 'taken', states };
      await Promise.all(taken.map(({ giveBack }) => giveBack()));
      const { limit, fullInMs } = latest;
      return { kind: 'limited', refused: { limit, retryAfterMs: fullInMs, state: { limit, remaining: 0, fullInMs } } };
    },
  };
}

function windowOf(limit: RateLimit, replicas: number): { readonly seconds: number; readonly share: number } {
  const toFill = limit.capacity / limit.refillPerSecond;
  const forOneUnit = replicas / limit.refillPerSecond;
  const wanted = Math.min(toFill, Math.max(usualWindowSeconds, forOneUnit));
  const seconds = Math.min(longestWindowSeconds, Math.max(shortestWindowSeconds, wanted));
  return { seconds, share: Math.max(1, Math.floor((limit.refillPerSecond * seconds) / replicas)) };
}

interface LocalConcurrency {
  start(
    tenant: string,
    limits: readonly ConcurrencyLimit[],
    replicas: number,
  ): { readonly kind: 'started'; readonly states: readonly LimitState[]; release(this: void): void } | Limited;
  /** Counts a request whatever the share is. Gives a function that ends it. */
  count(tenant: string, limits: readonly ConcurrencyLimit[]): () => void;
}

const counterOf = (tenant: string, { subject }: ConcurrencyLimit): string => `${tenant} ${subject}`;

function createLocalConcurrency(): LocalConcurrency {
  const running = new Map<string, number>();

  function change(counter: string, by: number): void {
    const count = (running.get(counter) ?? 0) + by;
    if (count === 0) running.delete(counter);
    else running.set(counter, count);
  }

  function count(tenant: string, limits: readonly ConcurrencyLimit[]): () => void {
    const counters = limits.map((limit) => counterOf(tenant, limit));
    for (const counter of counters) change(counter, 1);
    return () => {
      for (const counter of counters) change(counter, -1);
    };
  }

  return {
    count,
    start(tenant, limits, replicas) {
      const states = limits.map((limit) => {
        const share = Math.max(1, Math.floor(limit.maxRunning / replicas));
        return { limit, remaining: share - (running.get(counterOf(tenant, limit)) ?? 0) - 1 };
      });
      const late = states.find(({ remaining }) => remaining < 0);
      if (late !== undefined) {
        const { limit } = late;
        return {
          kind: 'limited',
          refused: { limit, retryAfterMs: concurrencyRetryMs, state: { limit, remaining: 0 } },
        };
      }
      return { kind: 'started', states, release: count(tenant, limits) };
    },
  };
}
