import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { dashboards } from '../dashboards/all-dashboards.ts';
import { readAlerts, readRecordings, runbooksFolder } from './rules.ts';

/** The metrics of ours and of Node's processes that a text names, without the endings of a histogram's series. */
export function metricsIn(text: string, isHistogram: (name: string) => boolean): readonly string[] {
  const names = text.match(/\b(?:ccg|nodejs|process)_[a-z\d_]+\b/gu) ?? [];
  return names.map((name) => {
    const base = name.replace(/_(?:bucket|sum|count)$/u, '');
    return isHistogram(base) ? base : name;
  });
}

/** Each text in which metrics are used, with where it stands. */
export function textsWithMetrics(): readonly { readonly place: string; readonly text: string }[] {
  const rules = [...readRecordings(), ...readAlerts()].map((rule) => ({
    place: 'record' in rule ? rule.record : rule.alert,
    text: rule.expr,
  }));
  const panels = dashboards.flatMap(({ title, choices, rows }) => [
    ...choices.map(({ label, metric }) => ({ place: `${title}: ${label}`, text: metric })),
    ...rows
      .flatMap((row) => row.panels)
      .flatMap((panel) => panel.queries.map(({ expr }) => ({ place: `${title}: ${panel.title}`, text: expr }))),
  ]);
  const runbooks = readdirSync(runbooksFolder).map((place) => ({
    place,
    text: readFileSync(join(runbooksFolder, place), 'utf8'),
  }));
  return [...rules, ...panels, ...runbooks];
}
