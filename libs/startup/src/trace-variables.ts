import { onOrOff, optionalText, wholeNumber } from '@ccg/catalog';
import { Secret } from '@ccg/kernel';
import type { TracingSettings } from '@ccg/telemetry';
import type { z } from 'zod';

/** The variables of OpenTelemetry that are read here, under its names, and one of ours. */
export const traceVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: optionalText().refine((value) => value === undefined || isCollectorUrl(value), {
    error: 'must be the URL of a collector, such as http://otel-collector:4318',
  }),
  OTEL_EXPORTER_OTLP_HEADERS: pairs().transform((list) =>
    list.map(([name, value]) => [name, new Secret(value)] as const),
  ),
  OTEL_EXPORTER_OTLP_TIMEOUT: wholeNumber({ min: 100, max: 600_000, unset: 10_000 }),
  OTEL_SERVICE_NAME: optionalText(),
  OTEL_RESOURCE_ATTRIBUTES: pairs(),
  OTEL_TRACES_SAMPLER_ARG: optionalText()
    .refine((value) => value === undefined || /^(?:0(?:\.\d+)?|1(?:\.0+)?)$/u.test(value), {
      error: 'must be the part of the traces that is told, from 0 to 1, such as 0.1',
    })
    .transform((value) => Number(value ?? 1)),
  TRACE_CONTENT: onOrOff(false),
};

export interface TraceSettings {
  /** Undefined: requests are not traced. */
  readonly tracing: TracingSettings | undefined;
}

type TraceValues = z.output<z.ZodObject<typeof traceVariables>>;

export function traceSettings(values: TraceValues, serviceName: string): TraceSettings {
  const endpoint = values.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined) return { tracing: undefined };
  const attributes = Object.fromEntries(values.OTEL_RESOURCE_ATTRIBUTES);
  const name = values.OTEL_SERVICE_NAME ?? attributes['service.name'] ?? serviceName;
  return {
    tracing: {
      url: `${endpoint.replace(/\/+$/u, '')}/v1/traces`,
      headers: values.OTEL_EXPORTER_OTLP_HEADERS,
      timeoutMs: values.OTEL_EXPORTER_OTLP_TIMEOUT,
      resource: { ...attributes, 'service.name': name },
      sampleRatio: values.OTEL_TRACES_SAMPLER_ARG,
      content: values.TRACE_CONTENT,
    },
  };
}

function isCollectorUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && /^https?:$/u.test(url.protocol) && url.username === '' && url.search === '' && url.hash === '';
}

/** `name=value,name=value`, each value with percent-escapes. */
function pairs() {
  const error = 'must be name=value pairs with commas between them; write a comma in a value as %2C';
  return optionalText()
    .refine((text) => text === undefined || readPairs(text) !== undefined, { error })
    .transform((text) => (text === undefined ? [] : (readPairs(text) ?? [])));
}

function readPairs(text: string): readonly (readonly [name: string, value: string])[] | undefined {
  const all = text.split(',').map(readPair);
  const pairs = all.filter((pair) => pair !== undefined);
  return pairs.length === all.length ? pairs : undefined;
}

function readPair(text: string): readonly [name: string, value: string] | undefined {
  const { name, value } = /^\s*(?<name>[\w.!#$%&'*+^`|~-]+)\s*=\s*(?<value>\S*)\s*$/u.exec(text)?.groups ?? {};
  if (name === undefined || value === undefined) return undefined;
  try {
    return [name, decodeURIComponent(value)];
  } catch {
    return undefined;
  }
}
