import type { Clock } from '@ccg/kernel';
import type { Admission } from '@ccg/admission';
import type { Catalog, RouteRequest } from '@ccg/catalog';
import type { Metrics } from '@ccg/telemetry';
import type { Principal } from '@ccg/tenancy';
import type { IdSource } from '@ccg/translation';
import type { Upstream } from '@ccg/upstream';
import type { HeaderList } from '@ccg/wire';
import { admitRequest } from './admit-request.ts';
import type { Limits } from './admit-request.ts';
import { attempt } from './attempt.ts';
import { conclude } from './conclude.ts';
import { estimatePrompt } from './estimate-prompt.ts';
import type { TokenCounting } from './estimate-prompt.ts';
import { noFacts } from './outcome.ts';
import type { Facts, Outcome } from './outcome.ts';
import { plan } from './plan.ts';
import type { RefusedFields } from './refused-fields.ts';
import type { Sealing } from './sealing/create-sealing.ts';
import type { ResponseSink } from './sink.ts';

/** One Messages request, after authentication and with its body read. */
export interface ServeRequest {
  readonly requestId: string;
  readonly principal: Principal;
  readonly prefix: RouteRequest['prefix'];
  /** The client's headers, lower case; each dialect picks what it may pass on. */
  readonly headers: HeaderList;
  /** With its question mark, or empty. */
  readonly query: string;
  readonly body: Uint8Array;
  /** When the request arrived, in the clock's time. */
  readonly receivedAtMs: number;
}

export interface ServeDependencies {
  readonly catalog: Catalog;
  readonly limits: Limits;
  readonly admission: Admission;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly sealing: Sealing;
  readonly metrics: Metrics;
  readonly tokens: TokenCounting;
  readonly refusedFields: RefusedFields;
}

/**
 * Takes a request from its route to its settlement: resolves the model, admits, calls the upstream, relays the
 * answer into the sink and gives back what was reserved. Never throws: every way it can end is an `Outcome`.
 */
export async function serve(
  request: ServeRequest,
  dependencies: ServeDependencies,
  sink: ResponseSink,
): Promise<Outcome> {
  const facts = noFacts();
  try {
    return await run(request, dependencies, sink, facts);
  } catch (thrown) {
    return await conclude(thrown, request, sink, facts);
  } finally {
    count(facts, dependencies.metrics);
  }
}

async function run(
  request: ServeRequest,
  dependencies: ServeDependencies,
  sink: ResponseSink,
  facts: Facts,
): Promise<Outcome> {
  const { envelope, target } = plan(request, dependencies.catalog, facts);
  const admitting = admitRequest(request, dependencies);
  // The prompt is counted while Redis decides.
  const estimate = estimatePrompt(envelope, request.body, target, dependencies);
  try {
    const admitted = await admitting;
    try {
      if (envelope.stream) sink.expectStream();
      const outcome = await attempt({ request, envelope, target, estimate, dependencies, sink, facts });
      // There is nothing to learn from what was estimated.
      if (outcome.kind === 'completed' && facts.usageReported) estimate.learn(facts.usage);
      else estimate.abandon();
      return outcome;
    } finally {
      admitted.release();
    }
  } catch (thrown) {
    estimate.abandon();
    throw thrown;
  }
}

function count(facts: Readonly<Facts>, metrics: Metrics): void {
  if (facts.dialect === undefined) return;
  const { usage, dialect } = facts;
  metrics.tokens(dialect, 'input', usage.inputTokens);
  metrics.tokens(dialect, 'output', usage.outputTokens);
  metrics.tokens(dialect, 'cache_read', usage.cacheReadTokens);
  metrics.tokens(dialect, 'cache_write', usage.cacheWriteTokens);
  if (facts.firstEventMs !== undefined) metrics.firstEvent(dialect, facts.firstEventMs / 1000);
}
