import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prometheusPrograms } from '@ccg/testkit';
import { describe, expect, test } from 'vitest';

import { runPromtool } from '../observability/support/promtool.ts';
import { readAlerts, readRecordings } from '../observability/support/rules.ts';
import { chartSuite } from './support/chart-suite.ts';
import { chartFolder } from './support/chart.ts';
import type { KubeObject, Values } from './support/chart.ts';

const toolsOf = chartSuite();
const labels = { release: 'prometheus' };

interface Rules {
  readonly spec: { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
}

interface Rule {
  readonly alert?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

describe('the rules for the Prometheus operator', () => {
  const rulesWith = async (context: Parameters<typeof toolsOf>[0], values: Values) => {
    const { chart, validate } = toolsOf(context);
    const objects = await chart.render('minimal', { values: { prometheusRule: { enabled: true, labels, ...values } } });
    const rule = objects.find(({ name }) => name === 'PrometheusRule/ccg')?.object;
    if (rule === undefined) throw new Error('There is no PrometheusRule.');
    expect(await validate(objects.map(({ object }) => object))).toEqual([]);
    expect(rule.metadata.labels).toMatchObject(labels);
    return rule as KubeObject & Rules;
  };
  const rulesOf = ({ spec }: Rules): readonly Rule[] => spec.groups.flatMap(({ rules }) => rules);

  test('are those of deploy/prometheus, and promtool takes them', async (context) => {
    const rule = await rulesWith(context, {});
    expect(rulesOf(rule)).toEqual([...readRecordings(), ...readAlerts()]);
    const folder = mkdtempSync(join(tmpdir(), 'ccg-rules-'));
    const file = join(folder, 'rules.yaml');
    writeFileSync(file, JSON.stringify(rule.spec));
    const { promtool } = await prometheusPrograms();
    expect(runPromtool(promtool, ['check', 'rules', file])).toMatchObject({ status: 0 });
    rmSync(folder, { recursive: true });
  });

  test.for(['https://git.example.com/runbooks', 'https://git.example.com/runbooks/'])(
    'link the runbooks at %s',
    async (runbooksUrl, context) => {
      const alerts = rulesOf(await rulesWith(context, { runbooksUrl })).filter(({ alert }) => alert !== undefined);
      const links = alerts.map(({ annotations }) => annotations?.['runbook_url']);
      expect(links).toContain('https://git.example.com/runbooks/provider-down.md');
      for (const link of links) expect(link).toMatch(/^https:\/\/git\.example\.com\/runbooks\/[a-z-]+\.md$/u);
    },
  );
});

test('the dashboards are ConfigMaps with the label that Grafana looks for, each with the text of its file', async (context) => {
  const { chart, validate } = toolsOf(context);
  const annotations = { grafana_folder: 'Claude Code Gateway' };
  const objects = await chart.render('minimal', { values: { dashboards: { enabled: true, annotations } } });
  const maps = objects.filter(({ name }) => name.startsWith('ConfigMap/ccg-dashboard-'));
  expect(await validate(maps.map(({ object }) => object))).toEqual([]);
  expect(maps.map(({ name }) => name.replace('ConfigMap/ccg-dashboard-', ''))).toEqual([
    'batches',
    'limits',
    'overview',
    'providers',
    'runbooks',
    'runtime',
    'tenants',
  ]);
  for (const { object } of maps) {
    expect(object.metadata).toMatchObject({ annotations, labels: { grafana_dashboard: '1' } });
    const files = Object.entries(object['data'] as Readonly<Record<string, string>>);
    expect(files).toHaveLength(1);
    for (const [file, text] of files) {
      const original: unknown = JSON.parse(readFileSync(`${chartFolder}files/dashboards/${file}`, 'utf8'));
      expect(JSON.parse(text)).toEqual(original);
    }
  }
});

test('without a wish for them there are neither rules nor dashboards', async (context) => {
  const { chart } = toolsOf(context);
  const names = (await chart.render('minimal')).map(({ name }) => name);
  expect(names.filter((name) => /PrometheusRule|dashboard/u.test(name))).toEqual([]);
});
