import { assertNever, outcomeFacts } from '@ccg/kernel';
import { logText } from '@ccg/telemetry';
import type { Logger } from '@ccg/telemetry';
import type { ApiKeyPrincipal, TokenPrincipal } from '@ccg/tenancy';
import { targetOf, translateMs } from './count-record.ts';
import { invalidMember } from './invalid-member.ts';
import type { End, RequestRecord } from './record.ts';

/** What the one who was asked knows of a finished request beside its record. */
interface LineFacts {
  readonly requestId: string;
  /** Fit for the log already. */
  readonly session: string | undefined;
  readonly status: number;
  readonly durationMs: number;
  /** After how long it was known who the request acts for. */
  readonly authenticatedMs: number | undefined;
}

/**
 * What the log has of one request alone, wherever it was served. One object of one form: members that are undefined are
 * left out of the line.
 */
export function describeRecord(record: RequestRecord, facts: LineFacts) {
  const { end, outcome, attempts, stages, usage, usageSource } = record;
  const { authenticatedMs } = facts;
  const { bodyReadMs, admittedMs, waitedMs = 0 } = stages;
  const last = attempts.at(-1);
  const isMeasured = record.route !== undefined;
  const failure = describeEnd(end);
  return {
    requestId: facts.requestId,
    traceId: record.traced?.trace.traceId,
    session: facts.session,
    bodyBytes: record.bodyBytes,
    inputTokens: isMeasured ? usage.inputTokens : undefined,
    cacheReadTokens: isMeasured ? usage.cacheReadTokens : undefined,
    cacheWriteTokens: isMeasured ? usage.cacheWriteTokens : undefined,
    outputTokens: isMeasured ? usage.outputTokens : undefined,
    reasoningTokens: isMeasured ? usage.reasoningTokens : undefined,
    usageSource: usageSource === 'estimated' ? usageSource : undefined,
    costMicroDollars: isMeasured ? record.costMicroDollars : undefined,
    stopReason: record.stopReason,
    brokenRule: record.brokenRule,
    firstEventMs: whole(stages.firstEventMs),
    attempts: isMeasured ? attempts.length : undefined,
    retriedAfter: attempts.length > 1 ? attempts.slice(0, -1).map((attempt) => attempt.outcome) : undefined,
    upstreamStatus: last?.status,
    upstreamRequestId: shown(last?.upstreamRequestId),
    upstreamMs: last === undefined ? undefined : whole(sumOfAttempts(attempts)),
    authenticateMs: tenths(authenticatedMs),
    bodyMs: tenths(difference(bodyReadMs, authenticatedMs)),
    admitMs: tenths(difference(admittedMs, (bodyReadMs ?? 0) + waitedMs)),
    waitedMs: waitedMs === 0 ? undefined : tenths(waitedMs),
    translateMs: admittedMs === undefined || last === undefined ? undefined : tenths(translateMs(admittedMs, attempts)),
    firstEventWorkMs: tenths(stages.firstEventWorkMs),
    relayWorkMs: tenths(stages.relayWorkMs),
    warnings: record.warnings.length === 0 ? undefined : describeWarnings(record.warnings),
    status: facts.status,
    outcome,
    error: failure?.error,
    owner: failure?.owner,
    reason: failure?.reason,
    invalid: failure?.invalid,
    upstreamCode: failure?.upstreamCode,
    upstreamMessage: failure?.upstreamMessage,
    durationMs: Math.round(facts.durationMs),
  };
}

/** What the log has of the model that a request asked. */
export function describeTarget(record: RequestRecord) {
  const { provider, model, dialect } = targetOf(record) ?? {};
  const { requestedModel, stream } = record.route ?? {};
  return {
    requestedModel: shown(requestedModel),
    provider,
    model: shown(model),
    dialect,
    stream,
  };
}

function shown(text: string | undefined): string | undefined {
  return text === undefined ? undefined : logText(text);
}

/** Whom a request acts for: by the ids that the gateway made, never by a name that somebody chose. */
export function describeCaller(caller: Caller): { readonly apiKeyId?: string; readonly user?: string } {
  switch (caller.kind) {
    case 'api-key':
      return { apiKeyId: caller.apiKeyId };
    case 'token':
      return { user: caller.user };
    default:
      return assertNever(caller);
  }
}

/** As far as the log tells of it. */
type Caller = Pick<ApiKeyPrincipal, 'kind' | 'apiKeyId'> | Pick<TokenPrincipal, 'kind' | 'user'>;

/** Which requests have a line in the log, and how loud it is. */
export interface LineRules {
  /** Undefined for a request that has no line. Ask once for each request: the sample counts them. */
  levelOf(this: void, record: RequestRecord, logger: Logger): 'info' | 'warn' | 'error' | undefined;
  /** What the line has beside its description. */
  moreOf(this: void, record: RequestRecord): { readonly err: Error } | { readonly okSample: number } | undefined;
}

/** Of requests that went well every `okSample`th has a line, beginning with the first; all others have one. */
export function createLineRules(okSample: number): LineRules {
  let left = 0;
  const isInSample = (): boolean => {
    left = left === 0 ? okSample - 1 : left - 1;
    return left === okSample - 1;
  };
  const isThinned = ({ outcome, brokenRule }: RequestRecord): boolean =>
    okSample > 1 && outcome === 'ok' && brokenRule === undefined;
  return {
    levelOf(record, logger) {
      const { outcome, brokenRule } = record;
      const level = outcome === 'ok' && brokenRule !== undefined ? 'warn' : outcomeFacts[outcome].level;
      return logger.isLevelEnabled(level) && (!isThinned(record) || isInSample()) ? level : undefined;
    },
    moreOf(record) {
      const { end, outcome } = record;
      if (outcome === 'gateway_internal' && 'error' in end) return { err: end.error };
      return isThinned(record) ? { okSample } : undefined;
    },
  };
}

function describeWarnings(warnings: RequestRecord['warnings']): readonly string[] {
  return warnings.map(({ field, code }) => `${logText(field)} ${code}`);
}

interface FailureLine {
  readonly error?: string;
  readonly owner?: string;
  readonly reason?: string | undefined;
  readonly invalid?: string | undefined;
  readonly upstreamCode?: string | undefined;
  readonly upstreamMessage?: string | undefined;
}

function describeEnd(end: End): FailureLine | undefined {
  switch (end.kind) {
    case 'completed':
      return undefined;
    case 'unsent':
    case 'broken': {
      const { code: error, owner, reason, status, publicMessage, upstreamCode, upstreamMessage } = end.error;
      const invalid = status === 400 ? invalidMember(publicMessage) : undefined;
      return { error, owner, reason, invalid, upstreamCode: shown(upstreamCode), upstreamMessage };
    }
    case 'aborted':
      return { reason: end.reason };
    default:
      return assertNever(end);
  }
}

function sumOfAttempts(attempts: RequestRecord['attempts']): number {
  let sumMs = 0;
  for (const { startedMs, endedMs } of attempts) sumMs += endedMs - startedMs;
  return sumMs;
}

function difference(later: number | undefined, earlier = 0): number | undefined {
  return later === undefined ? undefined : later - earlier;
}

function whole(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms);
}

function tenths(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 10) / 10;
}
