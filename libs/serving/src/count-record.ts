import type { Metrics, RequestMeters } from '@ccg/telemetry';
import type { RequestRecord, TargetName } from './record.ts';

interface FrameFacts {
  readonly endpoint: string;
  readonly tenant: string | undefined;
}

/** What the one who was asked knows of a finished request beside its record. */
interface FinishedFacts extends FrameFacts {
  readonly status: number;
  readonly durationMs: number;
  /** After how long it was known who the request acts for. */
  readonly authenticatedMs: number | undefined;
}

/** The target that was asked last, or would have been asked first. */
export function targetOf({ attempts, route }: RequestRecord): TargetName | undefined {
  return attempts.at(-1)?.target ?? route?.targets[0];
}

const noTarget = { dialect: 'none', provider: 'none', model: 'none' } as const;

/** Counts a finished request. Whoever has requests served calls it once for each. */
export function countRecord(metrics: Metrics, facts: FinishedFacts, record: RequestRecord): void {
  const { attempts, usage, usageSource, outcome } = record;
  const meters = metersOf(metrics, facts, record);
  meters.finished(String(facts.status), outcome, facts.durationMs / 1000);
  countStages(meters, facts, record);
  for (const [at, attempt] of attempts.entries()) {
    const isLast = at === attempts.length - 1;
    const seconds = (attempt.endedMs - attempt.startedMs) / 1000;
    (isLast ? meters : metersOf(metrics, facts, record, attempt.target)).attempt(attempt.outcome, seconds, isLast);
  }
  if (usageSource !== 'none') {
    meters.tokens(usageSource, {
      input: usage.inputTokens,
      output: usage.outputTokens,
      cache_read: usage.cacheReadTokens,
      cache_write: usage.cacheWriteTokens,
      reasoning: usage.reasoningTokens,
    });
  }
  if (record.priceBasis !== undefined) meters.cost(record.priceBasis, record.costMicroDollars);
}

/** Counts how long a settlement took after the end of the answer. */
export function countSettlement(metrics: Metrics, facts: FrameFacts, record: RequestRecord, tookMs: number): void {
  metersOf(metrics, facts, record).stage('settle', tookMs / 1000);
}

function metersOf(
  metrics: Metrics,
  { endpoint, tenant }: FrameFacts,
  record: RequestRecord,
  { dialect, provider, model }: TargetName | typeof noTarget = targetOf(record) ?? noTarget,
): RequestMeters {
  const stream = record.route?.stream ?? false;
  const isModelKnown = record.outcome === 'ok';
  return metrics.requestsOf({ endpoint, dialect, provider, model, stream, tenant, isModelKnown });
}

function countStages(meters: RequestMeters, { authenticatedMs }: FinishedFacts, record: RequestRecord): void {
  const { stages, attempts } = record;
  const { bodyReadMs, admittedMs, waitedMs = 0, firstEventMs, firstEventWorkMs, relayWorkMs } = stages;
  if (authenticatedMs !== undefined) meters.stage('authenticate', authenticatedMs / 1000);
  if (bodyReadMs !== undefined) meters.stage('body', (bodyReadMs - (authenticatedMs ?? 0)) / 1000);
  if (bodyReadMs !== undefined && admittedMs !== undefined)
    meters.stage('admit', (admittedMs - bodyReadMs - waitedMs) / 1000);
  if (admittedMs !== undefined && attempts.length > 0)
    meters.stage('translate', translateMs(admittedMs, attempts) / 1000);
  if (firstEventWorkMs !== undefined) meters.stage('first_event', firstEventWorkMs / 1000);
  if (relayWorkMs !== undefined) meters.stage('relay', relayWorkMs / 1000);
  const firstEventWaitMs = firstEventMs ?? givenUpAfterMs(record);
  if (firstEventWaitMs !== undefined) meters.firstEvent(firstEventWaitMs / 1000);
}

/** Clients leave a provider that hangs long before its time is over: what they waited must not be missing from the times. */
function givenUpAfterMs({ outcome, attempts, route, stages }: RequestRecord): number | undefined {
  return outcome === 'client_aborted' && attempts.length > 0 && route?.stream === true ? stages.endedMs : undefined;
}

/** What lies between the admission and the calls of providers: the estimate of the prompt, and its translation. */
export function translateMs(admittedMs: number, attempts: RequestRecord['attempts']): number {
  let sinceMs = admittedMs;
  let sumMs = 0;
  for (const { startedMs, endedMs } of attempts) {
    sumMs += startedMs - sinceMs;
    sinceMs = endedMs;
  }
  return sumMs;
}
