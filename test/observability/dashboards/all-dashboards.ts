import type { Dashboard as GrafanaDashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as TextBuilder, TextMode } from '@grafana/grafana-foundation-sdk/text';

import { batches } from './batches.ts';
import { buildDashboard, startDashboard } from './build-dashboard.ts';
import { limits } from './limits.ts';
import { overview } from './overview.ts';
import type { Dashboard } from './panel.ts';
import { providers } from './providers.ts';
import { runtime } from './runtime.ts';
import { tenants } from './tenants.ts';

/** An alert's runbook, as Markdown. */
export interface Runbook {
  readonly alert: string;
  readonly text: string;
}

export const dashboards: readonly Dashboard[] = [overview, tenants, providers, limits, batches, runtime];

const runbooksUid = 'ccg-runbooks';

/**
 * Everything that is written into `deploy/grafana`. Runbooks are a dashboard too: a link to one works in every Grafana,
 * without a place on the web where they are published.
 */
export function buildDashboards(runbooks: readonly Runbook[]): readonly GrafanaDashboard[] {
  const runbookOf = (alert: string): string => {
    const index = runbooks.findIndex((runbook) => runbook.alert === alert);
    if (index === -1) throw new Error(`${alert} has no runbook.`);
    return `/d/${runbooksUid}?viewPanel=${index + 1}`;
  };
  return [...dashboards.map((dashboard) => buildDashboard(dashboard, runbookOf)), runbooksDashboard(runbooks)];
}

function runbooksDashboard(runbooks: readonly Runbook[]): GrafanaDashboard {
  const builder = startDashboard({
    uid: runbooksUid,
    title: 'Runbooks',
    description: 'What each alert means, the first three commands, and the remedy. Made from deploy/runbooks.',
  });
  builder.withRow(new RowBuilder('Runbooks').id(runbooks.length + 1));
  for (const [index, { alert, text }] of runbooks.entries()) {
    const panel = new TextBuilder().mode(TextMode.Markdown).content(text).transparent(true);
    builder.withPanel(
      panel
        .id(index + 1)
        .title(alert)
        .description('The runbook of this alert.')
        .height(14)
        .span(12),
    );
  }
  return builder.build();
}
