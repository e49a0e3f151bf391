import { createHash } from 'node:crypto';
import type { BatchRecord } from '@ccg/batches';
import type { Clock } from '@ccg/kernel';
import { answerTraced, attemptSpans, knownAttributes, recordAttributes, spanFailure } from '@ccg/serving';
import type { RequestRecord, ResponseSink, ServeRequest, Serving } from '@ccg/serving';
import { itemEndpoint, readTraceparent } from '@ccg/telemetry';
import type { SpanFacts, Trace, Tracing } from '@ccg/telemetry';

interface ItemPlace {
  readonly tenant: string;
  /** Of its batch. */
  readonly id: string;
  readonly index: number;
}

type Answer = Serving['serve'];

/**
 * Tells a collector of items. Each is a trace: the item from the creation of its batch to its result, below it each try
 * of it as a request, and below that each attempt.
 */
export interface ItemTraces {
  /** Answers a try of an item. */
  readonly serve: (item: ItemPlace, request: ServeRequest, sink: ResponseSink) => Promise<RequestRecord>;
  /** An item has got its result. */
  readonly ended: (record: BatchRecord, index: number, outcome: 'succeeded' | 'errored') => void;
}

/** Without `tracing` items are served, and nobody is told. */
export function createItemTraces(answer: Answer, clock: Clock, tracing: Tracing | undefined): ItemTraces {
  if (tracing === undefined) return { serve: (_item, request, sink) => answer(request, sink), ended: () => {} };
  return {
    async serve(item, request, sink) {
      const { traceId, spanId: parentSpanId } = spanOfItem(item);
      const trace = tracing.place({ traceId, spanId: tracing.newSpanId(), parentSpanId });
      const record = await answerTraced(request, sink, answer, { tracing, trace });
      tracing.end(trace, () => spansOfTry({ item, request, record, trace, endMs: clock.now() }));
      return record;
    },
    ended(record, index, outcome) {
      const { tenant, id } = record;
      const trace = tracing.place({ ...spanOfItem({ id, index }), parentSpanId: undefined });
      tracing.end(trace, () => [
        {
          name: 'batch item',
          kind: 'consumer',
          spanId: trace.spanId,
          parentSpanId: undefined,
          link: readTraceparent(record.traceparent),
          startMs: record.createdAtMs,
          endMs: clock.now(),
          failure: outcome === 'errored' ? outcome : undefined,
          attributes: { ...placeAttributes({ tenant, id, index }), 'ccg.item_outcome': outcome },
        },
      ]);
    },
  };
}

/** Worked out from what the item is, so that the tries of any workers are below the same span. */
function spanOfItem({ id, index }: Pick<ItemPlace, 'id' | 'index'>): Pick<Trace, 'traceId' | 'spanId'> {
  const digest = createHash('sha256').update(`${id}/${index}`).digest('hex');
  return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48) };
}

function placeAttributes({ tenant, id, index }: ItemPlace): SpanFacts['attributes'] {
  return { 'ccg.tenant': tenant, 'ccg.batch_id': id, 'ccg.batch_index': index };
}

interface SpannedTry {
  readonly item: ItemPlace;
  readonly request: ServeRequest;
  readonly record: RequestRecord;
  readonly trace: Trace;
  readonly endMs: number;
}

function spansOfTry({ item, request, record, trace, endMs }: SpannedTry): readonly SpanFacts[] {
  const { principal, requestId, receivedAtMs: startMs } = request;
  return [
    {
      name: itemEndpoint,
      kind: 'internal',
      spanId: trace.spanId,
      parentSpanId: trace.parentSpanId,
      startMs,
      endMs,
      failure: spanFailure(record),
      attributes: knownAttributes({
        ...placeAttributes(item),
        'ccg.endpoint': itemEndpoint,
        'ccg.request_id': requestId,
        'ccg.api_key_id': principal.kind === 'api-key' ? principal.apiKeyId : undefined,
        ...recordAttributes(record),
      }),
    },
    ...attemptSpans(record, trace, startMs),
  ];
}
