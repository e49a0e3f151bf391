import type { FinishedRequest } from '@ccg/edge';
import { outcomeFacts } from '@ccg/kernel';
import type { Outcome } from '@ccg/kernel';
import { targetOf } from '@ccg/serving';
import type { AttemptRecord, RequestRecord } from '@ccg/serving';
import { logText } from '@ccg/telemetry';
import type { SpanFacts, Trace } from '@ccg/telemetry';

type Attributes = SpanFacts['attributes'];

interface SpannedRequest {
  readonly request: FinishedRequest;
  readonly record: RequestRecord;
  readonly status: number;
  readonly trace: Trace;
  /** When the request had ended, in milliseconds since the epoch. */
  readonly endMs: number;
}

/**
 * The spans of one request: its own, and one for each attempt. Attributes have the names of OpenTelemetry's conventions
 * for HTTP and generative AI, and ours begin with `ccg.`.
 */
export function spansOf(spanned: SpannedRequest): readonly SpanFacts[] {
  const { request, record, trace, endMs } = spanned;
  const startMs = endMs - request.durationMs;
  const { outcome } = record;
  const attempts = record.attempts.flatMap((attempt) => attemptSpan(attempt, spanned, startMs));
  const { owner } = outcomeFacts[outcome];
  const failed = owner === 'operator' || owner === 'provider';
  return [
    {
      name: `${request.method} ${request.endpoint}`,
      kind: 'server',
      spanId: trace.spanId,
      parentSpanId: trace.parentSpanId,
      startMs,
      endMs,
      failure: failed ? outcome : undefined,
      attributes: requestAttributes(spanned),
    },
    ...attempts,
  ];
}

function requestAttributes({ request, record, status }: SpannedRequest): Attributes {
  const { principal } = request;
  const { usage, traced } = record;
  const isMeasured = record.route !== undefined && record.usageSource !== 'none';
  return defined({
    'http.request.method': request.method,
    'http.response.status_code': status,
    'ccg.endpoint': request.endpoint,
    'ccg.request_id': request.requestId,
    'ccg.outcome': record.outcome,
    'ccg.tenant': principal?.tenant,
    'ccg.api_key_id': principal?.kind === 'api-key' ? principal.apiKeyId : undefined,
    'session.id': sessionOf(request),
    ...modelAttributes(record),
    'gen_ai.response.finish_reasons': record.stopReason === undefined ? undefined : [record.stopReason],
    'gen_ai.usage.input_tokens': isMeasured ? usage.inputTokens : undefined,
    'gen_ai.usage.output_tokens': isMeasured ? usage.outputTokens : undefined,
    'gen_ai.usage.cache_read.input_tokens': isMeasured ? usage.cacheReadTokens : undefined,
    'gen_ai.usage.cache_creation.input_tokens': isMeasured ? usage.cacheWriteTokens : undefined,
    'ccg.cost_micro_dollars': isMeasured ? record.costMicroDollars : undefined,
    'ccg.content.request': traced?.content?.request,
    'ccg.content.answer': traced?.content?.answer,
  });
}

function modelAttributes(record: RequestRecord): Readonly<Record<string, string | boolean | undefined>> {
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

function attemptSpan(attempt: AttemptRecord, { record, trace }: SpannedRequest, startMs: number): readonly SpanFacts[] {
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
      attributes: defined({
        ...modelAttributes(record),
        'gen_ai.response.model': logText(target.model),
        'gen_ai.provider.name': target.provider,
        'ccg.dialect': target.dialect,
        'http.request.method': 'POST',
        'http.response.status_code': status,
        'ccg.outcome': outcome,
        'ccg.upstream_request_id': attempt.upstreamRequestId,
      }),
    },
  ];
}

function isFailure(outcome: Outcome): boolean {
  return outcome !== 'ok' && outcome !== 'client_aborted';
}

function sessionOf({ request }: FinishedRequest): string | undefined {
  const value = request?.headers['x-claude-code-session-id'];
  const text = typeof value === 'object' ? value[0] : value;
  return text === undefined ? undefined : logText(text);
}

function defined(attributes: Readonly<Record<string, Attributes[string]>>): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
