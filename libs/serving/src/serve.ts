import { GatewayError, toGatewayError } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { Admission } from '@ccg/admission';
import { resolveRoute } from '@ccg/catalog';
import type { Catalog, RouteRequest } from '@ccg/catalog';
import type { Metrics } from '@ccg/telemetry';
import type { Principal } from '@ccg/tenancy';
import type { IdSource } from '@ccg/translation';
import type { Upstream } from '@ccg/upstream';
import { errorFrame, readEnvelope } from '@ccg/wire';
import type { HeaderList } from '@ccg/wire';
import { admitRequest } from './admit-request.ts';
import type { Limits } from './admit-request.ts';
import { attempt } from './attempt.ts';
import { noFacts } from './outcome.ts';
import type { Facts, Outcome } from './outcome.ts';
import type { Sealing } from './sealing/create-sealing.ts';
import { ReaderGoneError } from './sink.ts';
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
  const envelope = readEnvelope(request.body);
  facts.requestedModel = envelope.model;
  facts.stream = envelope.stream;
  const route = resolveRoute(dependencies.catalog, { model: envelope.model, prefix: request.prefix });
  const [target] = route.targets;
  facts.provider = target.provider.name;
  facts.model = target.model;
  facts.dialect = target.provider.dialect;
  const admitted = await admitRequest(request, dependencies);
  try {
    if (envelope.stream) sink.expectStream();
    return await attempt({ request, envelope, target, dependencies, sink, facts });
  } finally {
    admitted.release();
  }
}

/** Tells the client what went wrong while that is still possible. */
async function conclude(thrown: unknown, request: ServeRequest, sink: ResponseSink, facts: Facts): Promise<Outcome> {
  const reason: unknown = sink.signal.aborted ? sink.signal.reason : thrown;
  if (reason instanceof ReaderGoneError) return { kind: 'aborted', reason: reason.reason, facts };
  const error = reason instanceof GatewayError ? reason : toGatewayError(thrown);
  if (!sink.committed) return { kind: 'rejected', error, facts };
  try {
    await sink.write(errorFrame({ type: error.type, message: error.publicMessage }, request.requestId));
    sink.end();
    return { kind: 'broken', error, facts };
  } catch {
    return { kind: 'aborted', reason: 'client-gone', facts };
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
