import type { FinishedRequest } from '@ccg/edge';
import { assertNever } from '@ccg/kernel';
import { translateMs } from '@ccg/serving';
import type { End, RequestRecord } from '@ccg/serving';
import { logText } from '@ccg/telemetry';
import { invalidMember } from './invalid-member.ts';

/**
 * What the log has of one request alone. What it shares with others is in the bindings of its logger. One object of one
 * form: members that are undefined are left out of the line.
 */
export function describeRequest(request: FinishedRequest, record: RequestRecord, status: number) {
  const { end, outcome, attempts, stages, usage, usageSource } = record;
  const { authenticatedMs } = request;
  const { bodyReadMs, admittedMs, waitedMs = 0 } = stages;
  const last = attempts.at(-1);
  const isMeasured = record.route !== undefined;
  const failure = describeEnd(end);
  return {
    requestId: request.requestId,
    traceId: record.traced?.trace.traceId,
    session: headerText(request.request?.headers['x-claude-code-session-id']),
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
    upstreamRequestId: last?.upstreamRequestId,
    upstreamMs: last === undefined ? undefined : whole(sumOfAttempts(attempts)),
    authenticateMs: tenths(authenticatedMs),
    bodyMs: tenths(difference(bodyReadMs, authenticatedMs)),
    admitMs: tenths(difference(admittedMs, (bodyReadMs ?? 0) + waitedMs)),
    waitedMs: waitedMs === 0 ? undefined : tenths(waitedMs),
    translateMs: admittedMs === undefined || last === undefined ? undefined : tenths(translateMs(admittedMs, attempts)),
    firstEventWorkMs: tenths(stages.firstEventWorkMs),
    relayWorkMs: tenths(stages.relayWorkMs),
    warnings: record.warnings.length === 0 ? undefined : describeWarnings(record.warnings),
    status,
    outcome,
    error: failure?.error,
    owner: failure?.owner,
    reason: failure?.reason,
    invalid: failure?.invalid,
    upstreamCode: failure?.upstreamCode,
    upstreamMessage: failure?.upstreamMessage,
    durationMs: Math.round(request.durationMs),
  };
}

/** Of a repeated header the first. */
function headerText(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === 'object' ? value[0] : value;
  return text === undefined ? undefined : logText(text);
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
      return { error, owner, reason, invalid, upstreamCode, upstreamMessage };
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
