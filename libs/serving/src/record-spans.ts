import { outcomeFacts } from '@ccg/kernel';
import type { Outcome } from '@ccg/kernel';
import { logText } from '@ccg/telemetry';
import type { SpanFacts, Trace } from '@ccg/telemetry';
import { targetOf } from './count-record.ts';
import type { AttemptRecord, RequestRecord } from './record.ts';

type Attributes = SpanFacts['attributes'];
/** Attributes some of which may be unknown. */
export type SomeAttributes = Readonly<Record<string, Attributes[string]>>;

/**
 * What the span of a request says of its model, usage and cost. Names are those of OpenTelemetry's conventions for
 * generative AI, and ours begin with `ccg.`.
 */
export function recordAttributes(record: RequestRecord): SomeAttributes {
  const { usage, traced } = record;
  const isMeasured = record.route !== undefined && record.usageSource !== 'none';
  return {
    'ccg.outcome': record.outcome,
    ...modelAttributes(record),
    'gen_ai.response.finish_reasons': record.stopReason === undefined ? undefined : [record.stopReason],
    'ccg.broken_rule': record.brokenRule,
    'gen_ai.usage.input_tokens': isMeasured ? usage.inputTokens : undefined,
    'gen_ai.usage.output_tokens': isMeasured ? usage.outputTokens : undefined,
    'gen_ai.usage.cache_read.input_tokens': isMeasured ? usage.cacheReadTokens : undefined,
    'gen_ai.usage.cache_creation.input_tokens': isMeasured ? usage.cacheWriteTokens : undefined,
    'ccg.cost_micro_dollars': isMeasured ? record.costMicroDollars : undefined,
    'ccg.content.request': traced?.content?.request,
    'ccg.content.answer': traced?.content?.answer,
  };
}

/** Why the span of a request is one that failed: by the operator's or a provider's fault. Undefined for all others. */
export function spanFailure({ outcome }: RequestRecord): Outcome | undefined {
  const { owner } = outcomeFacts[outcome];
  return owner === 'operator' || owner === 'provider' ? outcome : undefined;
}

/** One span for each attempt of a request that began at `startMs`, in milliseconds since the epoch. */
export function attemptSpans(record: RequestRecord, trace: Trace, startMs: number): readonly SpanFacts[] {
  return record.attempts.flatMap((attempt) => attemptSpan(attempt, { record, trace, startMs }));
}

/** The attributes that are known. */
export function knownAttributes(attributes: SomeAttributes): Attributes {
  const known: Attributes = {};
  for (const name of Object.keys(attributes)) {
    const value = attributes[name];
    if (value !== undefined) known[name] = value;
  }
  return known;
}

function modelAttributes(record: RequestRecord): SomeAttributes {
  const { route } = record;
  if (route === undefined) return {};
  const target = targetOf(record);
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.request.model': logText(route.requestedModel),
    'gen_ai.response.model': target === undefined ? undefined : logText(target.model),
    'gen_ai.provider.name': target?.provider,
    'ccg.dialect': target?.dialect,
    'ccg.stream': route.stream,
  };
}

interface Spanned {
  readonly record: RequestRecord;
  readonly trace: Trace;
  readonly startMs: number;
}

function attemptSpan(attempt: AttemptRecord, { record, trace, startMs }: Spanned): readonly SpanFacts[] {
  const { spanId, outcome, target, status } = attempt;
  if (spanId === undefined) return [];
  return [
    {
      name: `chat ${logText(target.model)}`,
      kind: 'client',
      spanId,
      parentSpanId: trace.spanId,
      startMs: startMs + attempt.startedMs,
      endMs: startMs + attempt.endedMs,
      failure: isFailure(outcome) ? outcome : undefined,
      attributes: knownAttributes({
        ...modelAttributes(record),
        'gen_ai.response.model': logText(target.model),
        'gen_ai.provider.name': target.provider,
        'ccg.dialect': target.dialect,
        'http.request.method': 'POST',
        'http.response.status_code': status,
        'ccg.outcome': outcome,
        'ccg.upstream_request_id':
          attempt.upstreamRequestId === undefined ? undefined : logText(attempt.upstreamRequestId),
      }),
    },
  ];
}

function isFailure(outcome: Outcome): boolean {
  return outcome !== 'ok' && outcome !== 'client_aborted';
}
