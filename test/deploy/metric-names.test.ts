import { createMetrics, metricList } from '@ccg/telemetry';
import type { MetricFacts } from '@ccg/telemetry';
import { prometheusPrograms } from '@ccg/testkit';
import { expect, test } from 'vitest';

import { runPromtool } from '../observability/support/promtool.ts';
import { metricsIn, textsWithMetrics } from '../observability/support/used-metrics.ts';

/** Every metric of a process, those of Node among them, and its type. */
const { text } = await createMetrics().expose();
const known = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gmu)].map(([, name = '', type = '']) => [name, type]));
const isHistogram = (name: string): boolean => known.get(name) === 'histogram';
const uses = textsWithMetrics().flatMap((use) =>
  metricsIn(use.text, isHistogram).map((metric) => ({ metric, place: use.place })),
);

test('every metric in a dashboard, rule or runbook exists', () => {
  expect(known.size).toBeGreaterThan(40);
  expect(uses.filter(({ metric }) => !known.has(metric))).toEqual([]);
});

test('every metric is used in a dashboard, rule or runbook', () => {
  const used = new Set(uses.map(({ metric }) => metric));
  expect([...known.keys()].filter((metric) => !used.has(metric))).toEqual([]);
});

test('promtool finds no fault in the names, types and help of the metrics', async () => {
  const { promtool } = await prometheusPrograms();
  const all = Object.values(metricList).map(withOneSeries).join('');
  for (const exposition of [text, all]) {
    expect(runPromtool(promtool, ['check', 'metrics'], exposition)).toEqual({ status: 0, output: '' });
  }
  const misnamed = all.replaceAll('ccg_requests_total', 'ccg_requests');
  expect(runPromtool(promtool, ['check', 'metrics'], misnamed).output).toContain('should have "_total" suffix');
});

test('promtool takes label values that clients chose, whatever they are', async () => {
  const { promtool } = await prometheusPrograms();
  const metrics = createMetrics();
  const hostile = [
    'a"b',
    'a\\',
    'a\n# HELP ccg_x y',
    '\u001B[31m\u009B',
    'a\u202E\u2028',
    '\uD800',
    '\uDE00x',
    'x'.repeat(65_536),
  ];
  for (const name of hostile) metrics.limitsOf({ tenant: name, level: 'user', kind: 'requests' }).refused('enforce');
  const { text: exposition } = await metrics.expose();
  expect(exposition.match(/^ccg_limit_refusals_total\{.*$/gmu)).toHaveLength(hostile.length);
  expect(runPromtool(promtool, ['check', 'metrics'], exposition)).toEqual({ status: 0, output: '' });
});

/** Promtool passes over a metric without a series. */
function withOneSeries({ name, kind, help, labels }: MetricFacts): string {
  const pairs = labels.map((label) => `${label}="a"`).join(',');
  const bucket = `${name}_bucket{${pairs}${pairs === '' ? '' : ','}le="+Inf"} 1`;
  const lines =
    kind === 'histogram' ? [bucket, `${name}_sum{${pairs}} 1`, `${name}_count{${pairs}} 1`] : [`${name}{${pairs}} 1`];
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...lines, ''].join('\n');
}
