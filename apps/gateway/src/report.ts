import type { FinishedRequest, Reporter } from '@ccg/edge';
import { assertNever, createBoundedMap, outcomeFacts, ReaderGoneError, toGatewayError } from '@ccg/kernel';
import { countRecord, recordWithoutModel, targetOf } from '@ccg/serving';
import type { End, RequestRecord } from '@ccg/serving';
import type { Logger, Metrics } from '@ccg/telemetry';
import { auditActor } from '@ccg/tenancy';
import type { DeniedUse, TenantPrincipal } from '@ccg/tenancy';

/** The status that proxies log for a client that left before its answer. */
const clientClosedRequest = 499;
const nameMaxLength = 200;

/** Reports the records of finished requests to the gateway's log and metrics, and what was denied to the audit log. */
export function createReporter(
  logger: Logger,
  metrics: Metrics,
  noteDenied: (denied: DeniedUse) => void,
): Reporter<RequestRecord> {
  const loggerOf = createSharedFields(logger);
  return {
    resultOf: (thrown) => recordWithoutModel(endOf(thrown)),
    untoldError: ({ end }) => (end.kind === 'unsent' ? end.error : undefined),
    finished(request, record) {
      report(request, record, loggerOf(request, record), metrics);
      const denied = deniedUseOf(request, record);
      if (denied !== undefined) noteDenied(denied);
    },
  };
}

/** How a request ended whose endpoint threw before anything was sent. */
function endOf(thrown: unknown): End {
  if (thrown instanceof ReaderGoneError) return { kind: 'aborted', reason: thrown.reason };
  return { kind: 'unsent', error: toGatewayError(thrown) };
}

/** What the credential of the request may not do. A credential that is no good itself is noted where it is verified. */
function deniedUseOf({ principal, requestId }: FinishedRequest, { end }: RequestRecord): DeniedUse | undefined {
  if (principal === undefined || end.kind !== 'unsent') return undefined;
  const { code, reason = '' } = end.error;
  if (code !== 'model-denied' && code !== 'scope-missing') return undefined;
  const about = code === 'model-denied' ? { model: reason } : { scope: reason };
  return { actor: auditActor(principal), requestId, reason: code, about };
}

/** Writes one line and counts one request; nothing here is the content of a request. */
function report(request: FinishedRequest, record: RequestRecord, logger: Logger, metrics: Metrics): void {
  const { end, outcome } = record;
  const status = end.kind === 'aborted' ? clientClosedRequest : request.status;
  const { endpoint, durationMs, authenticatedMs, principal } = request;
  countRecord(metrics, { endpoint, tenant: principal?.tenant, status, durationMs, authenticatedMs }, record);
  const line = {
    requestId: request.requestId,
    ...describeRecord(record),
    status,
    outcome,
    ...describeEnd(end),
    durationMs: Math.round(durationMs),
  };
  const isOurFault = outcome === 'gateway_internal' && 'error' in end;
  logger[outcomeFacts[outcome].level](isOurFault ? { ...line, err: end.error } : line, 'request');
}

/** So many combinations of API key and model are in use at the same time at most. */
const sharedFieldsMax = 1000;

/**
 * Gives the logger for the line of a request: the fields that it shares with others, half of the line, are serialised
 * once.
 */
function createSharedFields(logger: Logger): (request: FinishedRequest, record: RequestRecord) => Logger {
  const loggers = createBoundedMap<Logger>(sharedFieldsMax);
  return ({ endpoint, method, principal }, record) => {
    const { tenant, apiKeyId, user } = whoIs(principal);
    const { provider, dialect, model: wholeModel } = targetOf(record) ?? {};
    const model = wholeModel?.slice(0, nameMaxLength);
    const requestedModel = record.route?.requestedModel.slice(0, nameMaxLength);
    const stream = record.route?.stream;
    // Clients choose the names of models, so the key tells where the first of them ends.
    const names = `${requestedModel?.length} ${requestedModel}${model}`;
    const key = `${endpoint} ${method} ${tenant} ${apiKeyId} ${user} ${provider} ${dialect} ${stream} ${names}`;
    const known = loggers.get(key);
    if (known !== undefined) return known;
    const shared = { endpoint, method, tenant, apiKeyId, user, requestedModel, provider, model, dialect, stream };
    const made = logger.child(shared);
    loggers.set(key, made);
    return made;
  };
}

/** Whom the request acts for: by the ids that the gateway made, never by a name that somebody chose. */
function whoIs(principal: TenantPrincipal | undefined): { tenant?: string; apiKeyId?: string; user?: string } {
  switch (principal?.kind) {
    case undefined:
      return {};
    case 'api-key':
      return { tenant: principal.tenant, apiKeyId: principal.apiKeyId };
    case 'token':
      return { tenant: principal.tenant, user: principal.user };
    default:
      return assertNever(principal);
  }
}

function describeRecord(record: RequestRecord): Record<string, unknown> {
  const { route, attempts, stages, warnings } = record;
  const last = attempts.at(-1);
  return {
    ...(route === undefined ? {} : describeUsage(record)),
    firstEventMs: stages.firstEventMs === undefined ? undefined : Math.round(stages.firstEventMs),
    attempts: route === undefined ? undefined : attempts.length,
    upstreamStatus: last?.status,
    upstreamRequestId: last?.upstreamRequestId,
    warnings:
      warnings.length === 0 ? undefined : warnings.map(({ field, code }) => `${field.slice(0, nameMaxLength)} ${code}`),
  };
}

function describeUsage({ usage, costMicroDollars }: RequestRecord): Record<string, unknown> {
  const { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, reasoningTokens } = usage;
  return { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, reasoningTokens, costMicroDollars };
}

function describeEnd(end: End): Record<string, unknown> {
  switch (end.kind) {
    case 'completed':
      return {};
    case 'unsent':
    case 'broken':
      return {
        error: end.error.code,
        owner: end.error.owner,
        reason: end.error.reason,
        upstreamMessage: end.error.upstreamMessage,
      };
    case 'aborted':
      return { reason: end.reason };
    default:
      return assertNever(end);
  }
}
