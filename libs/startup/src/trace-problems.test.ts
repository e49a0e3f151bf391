import { expect, test } from 'vitest';
import { traceProblems } from './trace-problems.ts';

const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

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

test.each([
  ['OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'a=b', 'is not read. Set OTEL_EXPORTER_OTLP_HEADERS'],
  ['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', 'abc', 'is not read. Set OTEL_EXPORTER_OTLP_TIMEOUT'],
  ['OTEL_EXPORTER_OTLP_COMPRESSION', 'brotli', 'must be none or gzip, or unset'],
  ['OTEL_EXPORTER_OTLP_TRACES_COMPRESSION', 'GZIP', 'must be none or gzip, or unset'],
  ['OTEL_BSP_SCHEDULE_DELAY', 'abc', 'must be 5000, or unset.'],
  ['OTEL_BSP_MAX_QUEUE_SIZE', '4096', 'must be 2048, or unset.'],
  ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '64', 'must be 512, or unset.'],
  ['OTEL_BSP_EXPORT_TIMEOUT', '30000', 'is not read. Set OTEL_EXPORTER_OTLP_TIMEOUT'],
  ['OTEL_EXPORTER_OTLP_CERTIFICATE', '/nonexistent.pem', 'the file cannot be read.'],
  ['OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE', '/nonexistent.pem', 'the file cannot be read.'],
  ['OTEL_EXPORTER_OTLP_CLIENT_KEY', '/nonexistent.pem', 'the file cannot be read.'],
])('%s=%s is named at the start in one message, and without its value', (name, value, problem) => {
  const told = traceProblems({ ...traced, [name]: value });
  expect(told).toEqual([expect.stringContaining(`${name}: ${problem}`)]);
  expect(told.join('')).not.toContain(`=${value}`);
  expect(traceProblems({ [name]: value })).toEqual([]);
});

test('what the exporter does is taken: compression, and files that can be read', () => {
  const env = {
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'none',
    OTEL_BSP_SCHEDULE_DELAY: '5000',
    OTEL_EXPORTER_OTLP_CERTIFICATE: import.meta.filename,
  };
  expect(traceProblems({ ...env, ...traced })).toEqual([]);
});
