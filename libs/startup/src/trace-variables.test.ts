import { expect, test } from 'vitest';
import { z } from 'zod';
import { traceProblems, traceSettings, traceVariables } from './trace-variables.ts';

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

test('values of the standard that are not done here are named, each with what to do, where traces are told', () => {
  const env = {
    OTEL_SDK_DISABLED: 'true',
    OTEL_TRACES_SAMPLER: 'always_off',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces',
  };
  expect(traceProblems(env)).toEqual([]);
  expect(traceProblems({ ...env, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' })).toEqual([
    'OTEL_SDK_DISABLED: must be false, or unset. Without traces leave OTEL_EXPORTER_OTLP_ENDPOINT unset.',
    'OTEL_TRACES_SAMPLER: must be traceidratio or parentbased_traceidratio or parentbased_always_on, or unset. ' +
      'OTEL_TRACES_SAMPLER_ARG says which part is told, 0 none.',
    'OTEL_EXPORTER_OTLP_PROTOCOL: must be http/protobuf, or unset. A collector takes it at its HTTP port, which is usually 4318.',
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: is not read. Set OTEL_EXPORTER_OTLP_ENDPOINT to this URL without /v1/traces.',
  ]);
  const usual = { OTEL_SDK_DISABLED: 'false', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf', OTEL_TRACES_SAMPLER: '' };
  expect(traceProblems({ ...usual, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' })).toEqual([]);
});
