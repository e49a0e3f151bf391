import { expect, test } from 'vitest';
import { z } from 'zod';
import { traceSettings, traceVariables } from './trace-variables.ts';

const schema = z.object(traceVariables);

function read(env: Readonly<Record<string, string>>) {
  return traceSettings(schema.parse(env), 'claude-code-gateway').tracing;
}

test('without an endpoint nothing is traced, whatever else is set', () => {
  expect(read({ OTEL_SERVICE_NAME: 'x', TRACE_CONTENT: 'true' })).toBeUndefined();
});

test('the variables of OpenTelemetry are understood', () => {
  const tracing = read({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-team=a%2Cb, authorization=Bearer%20hush-hush',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=prod',
    OTEL_TRACES_SAMPLER_ARG: '0.25',
  });
  expect(tracing).toMatchObject({
    url: 'http://collector:4318/v1/traces',
    timeoutMs: 10_000,
    resource: { 'deployment.environment.name': 'prod', 'service.name': 'claude-code-gateway' },
    sampleRatio: 0.25,
    content: false,
  });
  expect(tracing?.headers.map(([name, value]) => [name, value.reveal()])).toEqual([
    ['x-team', 'a,b'],
    ['authorization', 'Bearer hush-hush'],
  ]);
  expect(JSON.stringify(tracing)).not.toContain('hush');
});

test.each([
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:password@collector' }],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'no pair' }],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'a=%zz' }],
  [{ OTEL_EXPORTER_OTLP_TIMEOUT: '10s' }],
  [{ OTEL_RESOURCE_ATTRIBUTES: 'a=b,,' }],
  [{ OTEL_TRACES_SAMPLER_ARG: '2' }],
  [{ OTEL_TRACES_SAMPLER_ARG: '10%' }],
  [{ TRACE_CONTENT: 'perhaps' }],
])('a faulty value is refused under its name: %o', (env) => {
  const parsed = schema.safeParse(env);
  expect(parsed.error?.issues.map(({ path }) => path[0])).toEqual(Object.keys(env));
});
