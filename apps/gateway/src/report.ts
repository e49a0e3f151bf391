import type { FinishedRequest, Reporter } from '@ccg/edge';
import { assertNever, ReaderGoneError, toGatewayError } from '@ccg/kernel';
import type { GatewayError } from '@ccg/kernel';
import { noFacts } from '@ccg/serving';
import type { Facts, Outcome } from '@ccg/serving';
import type { Logger, Metrics } from '@ccg/telemetry';

/** The status that proxies log for a client that left before its answer. */
const clientClosedRequest = 499;
const nameMaxLength = 200;

/** Reports the outcomes of the gateway's endpoints to its log and its metrics. */
export function createReporter(logger: Logger, metrics: Metrics): Reporter<Outcome> {
  return {
    resultOf: outcomeOf,
    untoldError: (outcome) => (outcome.kind === 'rejected' ? outcome.error : undefined),
    finished(request, outcome) {
      report(request, outcome, logger, metrics);
    },
  };
}

/** Writes one line and counts one request; nothing here is the content of a request. */
function report(summary: FinishedRequest, outcome: Outcome, logger: Logger, metrics: Metrics): void {
  const { facts } = outcome;
  const status = outcome.kind === 'aborted' ? clientClosedRequest : summary.status;
  metrics.requestFinished(
    { endpoint: summary.endpoint, dialect: facts.dialect ?? 'none', status: String(status), outcome: outcome.kind },
    summary.durationMs / 1000,
  );
  const line = {
    requestId: summary.requestId,
    endpoint: summary.endpoint,
    method: summary.method,
    tenant: summary.principal?.tenant,
    apiKeyId: summary.principal?.apiKeyId,
    ...describeFacts(facts),
    status,
    outcome: outcome.kind,
    ...describeEnd(outcome),
    durationMs: Math.round(summary.durationMs),
  };
  const failure = failureOf(outcome);
  if (failure?.code === 'internal') logger.error({ ...line, err: failure }, 'request');
  else logger.info(line, 'request');
}

/** An outcome for whatever an endpoint threw before anything was sent. */
function outcomeOf(thrown: unknown): Outcome {
  if (thrown instanceof ReaderGoneError) return { kind: 'aborted', reason: thrown.reason, facts: noFacts() };
  return { kind: 'rejected', error: toGatewayError(thrown), facts: noFacts() };
}

function describeFacts(facts: Readonly<Facts>): Record<string, unknown> {
  const { usage } = facts;
  const asked = facts.requestedModel !== undefined;
  return {
    requestedModel: facts.requestedModel?.slice(0, nameMaxLength),
    provider: facts.provider,
    model: facts.model?.slice(0, nameMaxLength),
    dialect: facts.dialect,
    stream: asked ? facts.stream : undefined,
    inputTokens: asked ? usage.inputTokens : undefined,
    cacheReadTokens: asked ? usage.cacheReadTokens : undefined,
    cacheWriteTokens: asked ? usage.cacheWriteTokens : undefined,
    outputTokens: asked ? usage.outputTokens : undefined,
    reasoningTokens: asked ? usage.reasoningTokens : undefined,
    firstEventMs: facts.firstEventMs === undefined ? undefined : Math.round(facts.firstEventMs),
    attempts: asked ? facts.attempts : undefined,
    upstreamStatus: facts.upstreamStatus,
    upstreamRequestId: facts.upstreamRequestId,
    warnings:
      facts.warnings.length === 0
        ? undefined
        : facts.warnings.map(({ field, code }) => `${field.slice(0, nameMaxLength)} ${code}`),
  };
}

function describeEnd(outcome: Outcome): Record<string, unknown> {
  switch (outcome.kind) {
    case 'completed':
      return {};
    case 'rejected':
    case 'broken':
      return { error: outcome.error.code, owner: outcome.error.owner };
    case 'aborted':
      return { reason: outcome.reason };
    default:
      return assertNever(outcome);
  }
}

function failureOf(outcome: Outcome): GatewayError | undefined {
  return outcome.kind === 'rejected' || outcome.kind === 'broken' ? outcome.error : undefined;
}
