import type { ClientAddressOf, FinishedRequest, Reporter } from '@ccg/edge';
import { createBoundedMap, ReaderGoneError, toGatewayError } from '@ccg/kernel';
import {
  countRecord,
  createLineRules,
  describeCaller,
  describeTarget,
  recordWithoutModel,
  targetOf,
} from '@ccg/serving';
import type { Clock } from '@ccg/kernel';
import type { End, RequestRecord } from '@ccg/serving';
import { createPlainLogger, logText } from '@ccg/telemetry';
import type { Logger, Metrics, Tracing } from '@ccg/telemetry';
import { auditActor } from '@ccg/tenancy';
import type { DeniedUse } from '@ccg/tenancy';
import { describeRequest } from './log-line.ts';
import { spansOf } from './request-spans.ts';

/** The status that proxies log for a client that left before its answer. */
const clientClosedRequest = 499;
/** Texts of clients are cut there. */
const textMaxLength = 256;

interface ReporterOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly addressOf: ClientAddressOf;
  /** Of requests that went well every so-manieth has a line. */
  readonly okSample: number;
  readonly noteDenied: (denied: DeniedUse) => void;
  /** Undefined where requests are not traced. */
  readonly tracing: Tracing | undefined;
  readonly clock: Clock;
}

/** Reports the records of finished requests to the gateway's log and metrics, and what was denied to the audit log. */
export function createReporter(options: ReporterOptions): Reporter<RequestRecord> {
  const { logger, metrics, okSample, noteDenied, tracing, clock } = options;
  const loggerOf = createSharedFields(options);
  const lines = createLineRules(okSample);
  return {
    resultOf: (thrown) => recordWithoutModel(endOf(thrown)),
    untoldError: ({ end }) => (end.kind === 'unsent' ? end.error : undefined),
    finished(request, finishedRecord) {
      const record = tracing === undefined ? finishedRecord : withTrace(request, finishedRecord, tracing);
      const { end } = record;
      const status = end.kind === 'aborted' ? clientClosedRequest : request.status;
      count(request, record, status, metrics);
      const level = lines.levelOf(record, logger);
      if (level !== undefined) {
        const line = describeRequest(request, record, status);
        const more = lines.moreOf(record);
        loggerOf(request, record)[level](more === undefined ? line : { ...line, ...more }, 'request');
      }
      const trace = record.traced?.trace;
      if (trace !== undefined)
        tracing?.end(trace, () => spansOf({ request, record, status, trace, endMs: clock.now() }));
      const denied = deniedUseOf(request, record);
      if (denied !== undefined) noteDenied(denied);
    },
  };
}

/** What ended before it was served has a trace of its own. */
function withTrace({ request }: FinishedRequest, record: RequestRecord, tracing: Tracing): RequestRecord {
  if (record.traced !== undefined) return record;
  const header = request?.headers['traceparent'];
  const trace = tracing.begin(typeof header === 'string' ? header : undefined);
  return { ...record, traced: { trace, content: undefined } };
}

function count(request: FinishedRequest, record: RequestRecord, status: number, metrics: Metrics): void {
  const { endpoint, durationMs, authenticatedMs, principal } = request;
  countRecord(metrics, { endpoint, tenant: principal?.tenant, status, durationMs, authenticatedMs }, record);
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

/** So many combinations of API key, client and model are in use at the same time at most. */
const sharedFieldsMax = 4000;

const nobody = { apiKeyId: undefined, user: undefined };

/**
 * Gives the logger for the line of a request: the fields that it shares with others, half of the line, are serialised
 * once.
 */
function createSharedFields({
  logger,
  addressOf,
}: ReporterOptions): (request: FinishedRequest, record: RequestRecord) => Logger {
  const loggers = createBoundedMap<Logger>(sharedFieldsMax);
  return ({ endpoint, method, principal, request }, record) => {
    const tenant = principal?.tenant;
    const { apiKeyId, user } = principal === undefined ? nobody : describeCaller(principal);
    const { provider, dialect, model: wholeModel } = targetOf(record) ?? {};
    const model = wholeModel?.slice(0, textMaxLength);
    const requestedModel = record.route?.requestedModel.slice(0, textMaxLength);
    const stream = record.route?.stream;
    const address = request === undefined ? undefined : addressOf(request);
    const agent = request?.headers['user-agent']?.slice(0, textMaxLength);
    // Clients choose these texts, so the key tells where each of them ends.
    const texts = `${requestedModel?.length} ${model?.length} ${requestedModel}${model}${agent}`;
    const who = `${tenant} ${apiKeyId} ${user} ${address}`;
    const key = `${logger.level} ${endpoint} ${method} ${who} ${provider} ${dialect} ${stream} ${texts}`;
    const known = loggers.get(key);
    if (known !== undefined) return known;
    const shared = {
      endpoint,
      method,
      tenant,
      apiKeyId,
      user,
      clientAddress: address,
      userAgent: agent === undefined ? undefined : logText(agent),
      ...describeTarget(record),
    };
    // Every member of the line is named where it is made, so there is nothing to search it for.
    const made = createPlainLogger(logger, shared);
    loggers.set(key, made);
    return made;
  };
}
