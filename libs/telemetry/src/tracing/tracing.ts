import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { Attributes, HrTime, SpanContext } from '@opentelemetry/api';
import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { Resource } from '@opentelemetry/resources';
import type { Clock, Secret } from '@ccg/kernel';
import { createCollectorHealth } from './collector-health.ts';
import type { CollectorEvents } from './collector-health.ts';
import { failureText } from './export-failure.ts';
import { createSpanQueue } from './span-queue.ts';
import { readTraceparent } from './trace-context.ts';
import type { SpanPlace, Trace } from './trace-context.ts';

export interface TracingSettings {
  /** Of the collector, with its path. */
  readonly url: string;
  /** Headers with a credential of the collector, as `name=value,…`. */
  readonly headers: readonly (readonly [name: string, value: Secret])[];
  readonly timeoutMs: number;
  readonly resource: Readonly<Record<string, string>>;
  /** Which part of the traces that begin here is told, from 0 to 1. */
  readonly sampleRatio: number;
  /** Whether prompts and answers are told. */
  readonly content: boolean;
}

/** One thing that took its time. Times are milliseconds since the epoch. */
export interface SpanFacts {
  readonly name: string;
  readonly kind: 'server' | 'client' | 'consumer' | 'internal';
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  /** A span of another trace that led to this one. */
  readonly link?: SpanPlace | undefined;
  readonly startMs: number;
  readonly endMs: number;
  /** Why it failed, in a word; undefined where it did not. */
  readonly failure: string | undefined;
  readonly attributes: Attributes;
}

/** Tells a collector of requests. Nothing of it waits, and nothing throws. */
export interface Tracing {
  readonly content: boolean;
  /** A new trace, or the caller's. */
  begin(traceparent: string | undefined): Trace;
  /** A place in a trace whose id was worked out from what it is about, so that other processes find the same. */
  place(at: Omit<Trace, 'isSampled'>): Trace;
  newSpanId(this: void): string;
  /** Tells the spans of a trace, if it is sampled. */
  end(trace: Trace, spans: () => readonly SpanFacts[]): void;
  /** Sends what is left, as far as the collector takes it before the time of one call is over. The rest is dropped. */
  close(): Promise<void>;
}

type ReadableSpan = Parameters<OTLPTraceExporter['export']>[0][number];

interface TracingOptions extends CollectorEvents {
  readonly clock: Clock;
  /** So many random bytes, as hexadecimal digits. */
  readonly randomHex: (bytes: number) => string;
  readonly onDropped: (count: number) => void;
}

/** Loads the exporter, which takes a process without traces no time, and begins to tell of requests. */
export async function openTracing(
  settings: TracingSettings,
  { clock, randomHex, onDropped, ...events }: TracingOptions,
): Promise<Tracing> {
  const [{ OTLPTraceExporter: Exporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-proto'),
    import('@opentelemetry/resources'),
  ]);
  const headers = Object.fromEntries(settings.headers.map(([name, value]) => [name, value.reveal()]));
  const exporter = new Exporter({ url: settings.url, headers, timeoutMillis: settings.timeoutMs });
  const resource = resourceFromAttributes({ ...settings.resource });
  const health = createCollectorHealth(clock, events);
  const queue = createSpanQueue<ReadableSpan>({
    clock,
    onDropped(count, reason) {
      onDropped(count);
      health.dropped(count, reason);
    },
    async send(spans) {
      const reason = await send(exporter, spans, settings.timeoutMs);
      if (reason === undefined) health.taken();
      return reason;
    },
  });
  const newSpanId = () => randomHex(8);
  return {
    content: settings.content,
    begin(traceparent) {
      const parent = readTraceparent(traceparent);
      const traceId = parent?.traceId ?? randomHex(16);
      const isSampled = parent?.isSampled ?? isInSample(traceId, settings.sampleRatio);
      return { traceId, spanId: newSpanId(), parentSpanId: parent?.spanId, isSampled };
    },
    place: (at) => ({ ...at, isSampled: isInSample(at.traceId, settings.sampleRatio) }),
    newSpanId,
    end(trace, spans) {
      if (trace.isSampled) queue.push(spans().map((span) => toReadable(trace, span, resource)));
    },
    async close() {
      await queue.close(settings.timeoutMs);
      await exporter.shutdown().catch(() => {});
    },
  };
}

/** Gives why the collector did not take the spans; undefined where it did. */
function send(exporter: OTLPTraceExporter, spans: ReadableSpan[], timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    exporter.export(spans, ({ code, error }) => {
      resolve(code === 0 ? undefined : failureText(error, timeoutMs));
    });
  });
}

/** By the id, as other processes judge it: all of a trace is told or nothing. */
function isInSample(traceId: string, ratio: number): boolean {
  return Number.parseInt(traceId.slice(-13), 16) < ratio * 2 ** 52;
}

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
} as const;

function toReadable({ traceId }: Trace, span: SpanFacts, resource: Resource): ReadableSpan {
  const { spanId, parentSpanId, failure, link } = span;
  const context = contextOf({ traceId, spanId });
  return {
    name: span.name,
    kind: kinds[span.kind],
    spanContext: () => context,
    ...(parentSpanId === undefined ? {} : { parentSpanContext: contextOf({ traceId, spanId: parentSpanId }) }),
    startTime: toHrTime(span.startMs),
    endTime: toHrTime(span.endMs),
    duration: toHrTime(span.endMs - span.startMs),
    status: failure === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: failure },
    attributes: failure === undefined ? span.attributes : { ...span.attributes, 'error.type': failure },
    links: link === undefined ? [] : [{ context: contextOf(link) }],
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: 'claude-code-gateway' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function contextOf({ traceId, spanId }: SpanPlace): SpanContext {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

function toHrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
