import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { repositoryRoot } from '../gates/repository-root.ts';
import { buildDashboards, dashboards } from '../observability/dashboards/all-dashboards.ts';
import { readAlerts, readRecordings, readRunbook } from '../observability/support/rules.ts';

const folder = join(repositoryRoot, 'deploy/grafana/dashboards');
const alerts = readAlerts().map(({ alert }) => alert);
const runbooks = alerts.map((alert) => ({ alert, text: readRunbook(alert) }));
const built = buildDashboards(runbooks);

test('the dashboards of deploy/grafana are those of the sources; `npm run dashboards` writes them', () => {
  const files = readdirSync(folder).map((file) => [file, JSON.parse(readFileSync(join(folder, file), 'utf8'))]);
  const expected = built.map((dashboard) => [`${dashboard.uid}.json`, JSON.parse(JSON.stringify(dashboard))]);
  expect(Object.fromEntries(files)).toEqual(Object.fromEntries(expected));
});

describe.each(dashboards)('the dashboard "$title"', ({ uid, rows }) => {
  const panels = rows.flatMap((row) => row.panels);

  test('explains every panel in sentences, with a unit and queries', () => {
    for (const { title, description, unit, queries } of panels) {
      expect(title).toMatch(/^[A-Z].*[^.]$/u);
      expect(description).toMatch(/^(?:[A-Z0-9]|[a-z_]+[ ,;:*]).*\.$/u);
      expect(unit).not.toBe('');
      expect(queries.length).toBeGreaterThan(0);
    }
  });

  test('has one id for each panel, and links the runbook of each alert where that is shown', () => {
    const shown = built.find((dashboard) => dashboard.uid === uid)?.panels ?? [];
    const ids = shown.map((panel) => ('id' in panel ? panel.id : undefined));
    expect(new Set(ids).size).toBe(shown.length);
    for (const panel of shown) {
      const links = 'links' in panel ? (panel.links ?? []) : [];
      for (const { title, url = '' } of links) expect(linkedTitle(url)).toBe(title.replace('Runbook: ', ''));
    }
  });

  test('uses no recorded series that nothing records', () => {
    const recorded = new Set(readRecordings().map(({ record }) => record));
    const used = panels.flatMap(({ queries }) => queries.flatMap(({ expr }) => expr.match(/\bccg:[\w:]+/gu) ?? []));
    expect(used.filter((name) => !recorded.has(name))).toEqual([]);
  });
});

test.each(alerts)('%s is linked from a panel', (alert) => {
  const linked = dashboards
    .flatMap(({ rows }) => rows.flatMap((row) => row.panels))
    .flatMap((panel) => panel.alerts ?? []);
  expect(linked).toContain(alert);
});

/** The title of the panel that a link of ours shows. */
function linkedTitle(url: string): string | undefined {
  const [, uid, id] = /^\/d\/([\w-]+)\?viewPanel=(\d+)$/u.exec(url) ?? [];
  const panel = built
    .find((dashboard) => dashboard.uid === uid)
    ?.panels?.find((candidate) => 'id' in candidate && candidate.id === Number(id));
  return panel?.title;
}
