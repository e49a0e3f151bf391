import type { FinishedRequest } from '@ccg/edge';
import { attemptSpans, knownAttributes, recordAttributes, spanFailure } from '@ccg/serving';
import type { RequestRecord } from '@ccg/serving';
import { logText } from '@ccg/telemetry';
import type { SpanFacts, Trace } from '@ccg/telemetry';

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
  return [
    {
      name: `${request.method} ${request.endpoint}`,
      kind: 'server',
      spanId: trace.spanId,
      parentSpanId: trace.parentSpanId,
      startMs,
      endMs,
      failure: spanFailure(record),
      attributes: requestAttributes(spanned),
    },
    ...attemptSpans(record, trace, startMs),
  ];
}

function requestAttributes({ request, record, status }: SpannedRequest): SpanFacts['attributes'] {
  const { principal } = request;
  return knownAttributes({
    'http.request.method': request.method,
    'http.response.status_code': status,
    'ccg.endpoint': request.endpoint,
    'ccg.request_id': request.requestId,
    'ccg.tenant': principal?.tenant,
    'ccg.api_key_id': principal?.kind === 'api-key' ? principal.apiKeyId : undefined,
    'session.id': sessionOf(request),
    ...recordAttributes(record),
  });
}

function sessionOf({ request }: FinishedRequest): string | undefined {
  const value = request?.headers['x-claude-code-session-id'];
  const text = typeof value === 'object' ? value[0] : value;
  return text === undefined ? undefined : logText(text);
}
