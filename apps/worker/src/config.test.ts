import { expect, test } from 'vitest';
import { parseWorkerConfig } from './config.ts';

const environment = { REDIS_URL: 'redis://127.0.0.1:6379', KEY_PEPPER: 'x'.repeat(32), ANTHROPIC_API_KEY: 'sk-ant-x' };

test('items are traced where a collector is configured, under the name of the worker', () => {
  const parsed = parseWorkerConfig({ ...environment, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' });
  expect(parsed).toMatchObject({
    kind: 'valid',
    config: {
      tracing: {
        url: 'http://collector:4318/v1/traces',
        resource: { 'service.name': 'claude-code-gateway-worker' },
        content: false,
      },
    },
  });
  expect(parseWorkerConfig(environment)).toMatchObject({ kind: 'valid', config: { tracing: undefined } });
});

test('one message names every faulty variable of log, metrics and traces', () => {
  const faulty = {
    OTEL_TRACES_SAMPLER_ARG: '2',
    LOG_LEVEL: 'loud',
    METRICS_MAX_TENANTS: 'many',
    TRACE_CONTENT: 'perhaps',
  };
  const parsed = parseWorkerConfig({ ...environment, ...faulty });
  if (parsed.kind === 'valid') throw new Error('It was taken.');
  for (const name of Object.keys(faulty)) expect(parsed.message).toContain(name);
});
