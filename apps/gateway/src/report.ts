import type { FinishedRequest, Reporter } from '@ccg/edge';
import { assertNever, ReaderGoneError, toGatewayError } from '@ccg/kernel';
import { recordWithoutModel } from '@ccg/serving';
import type { End, Outcome, RequestRecord } from '@ccg/serving';
import type { Logger, Metrics } from '@ccg/telemetry';

/** The status that proxies log for a client that left before its answer. */
const clientClosedRequest = 499;
const nameMaxLength = 200;

/** Reports the records of finished requests to the gateway's log and metrics. */
export function createReporter(logger: Logger, metrics: Metrics): Reporter<RequestRecord> {
  return {
    resultOf: (thrown) => recordWithoutModel(endOf(thrown)),
    untoldError: ({ end }) => (end.kind === 'unsent' ? end.error : undefined),
    finished(request, record) {
      report(request, record, logger, metrics);
    },
  };
}

/** How a request ended whose endpoint threw before anything was sent. */
function endOf(thrown: unknown): End {
  if (thrown instanceof ReaderGoneError) return { kind: 'aborted', reason: thrown.reason };
  return { kind: 'unsent', error: toGatewayError(thrown) };
}

/** Writes one line and counts one request; nothing here is the content of a request. */
function report(request: FinishedRequest, record: RequestRecord, logger: Logger, metrics: Metrics): void {
  const { end, outcome } = record;
  const status = end.kind === 'aborted' ? clientClosedRequest : request.status;
  const dialect = targetOf(record)?.dialect ?? 'none';
  metrics.requestFinished(
    { endpoint: request.endpoint, dialect, status: String(status), outcome },
    request.durationMs / 1000,
  );
  const line = {
    requestId: request.requestId,
    endpoint: request.endpoint,
    method: request.method,
    tenant: request.principal?.tenant,
    apiKeyId: request.principal?.apiKeyId,
    ...describeRecord(record),
    status,
    outcome,
    ...describeEnd(end),
    durationMs: Math.round(request.durationMs),
  };
  const isOurFault = outcome === 'gateway_internal' && 'error' in end;
  logger[levelOf(outcome)](isOurFault ? { ...line, err: end.error } : line, 'request');
}

/** Operators can act on failures of the gateway and its providers. Those of clients, and refusals by policy, are routine. */
function levelOf(outcome: Outcome): 'info' | 'warn' | 'error' {
  if (outcome === 'gateway_internal' || outcome === 'upstream_credential') return 'error';
  return /^(?:upstream|capacity|gateway)_/u.test(outcome) ? 'warn' : 'info';
}

/** The target that was asked last, or would have been asked first. */
function targetOf({ attempts, route }: RequestRecord) {
  return attempts.at(-1)?.target ?? route?.targets[0];
}

function describeRecord(record: RequestRecord): Record<string, unknown> {
  const { route, attempts, stages, warnings } = record;
  const target = targetOf(record);
  const last = attempts.at(-1);
  return {
    requestedModel: route?.requestedModel.slice(0, nameMaxLength),
    provider: target?.provider,
    model: target?.model.slice(0, nameMaxLength),
    dialect: target?.dialect,
    stream: route?.stream,
    ...(route === undefined ? {} : describeUsage(record)),
    firstEventMs: stages.firstEventMs === undefined ? undefined : Math.round(stages.firstEventMs),
    attempts: route === undefined ? undefined : attempts.length,
    upstreamStatus: last?.status,
    upstreamRequestId: last?.upstreamRequestId,
    warnings:
      warnings.length === 0 ? undefined : warnings.map(({ field, code }) => `${field.slice(0, nameMaxLength)} ${code}`),
  };
}

function describeUsage({ usage }: RequestRecord): Record<string, unknown> {
  const { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, reasoningTokens } = usage;
  return { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, reasoningTokens };
}

function describeEnd(end: End): Record<string, unknown> {
  switch (end.kind) {
    case 'completed':
      return {};
    case 'unsent':
    case 'broken':
      return { error: end.error.code, owner: end.error.owner };
    case 'aborted':
      return { reason: end.reason };
    default:
      return assertNever(end);
  }
}
