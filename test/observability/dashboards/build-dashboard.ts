import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import {
  BigValueColorMode,
  GraphGradientMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dashboard as GrafanaDashboard, Panel as GrafanaPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

import type { Choice, Dashboard, Panel } from './panel.ts';

/** Gives the address of an alert's runbook. */
export type RunbookLink = (alert: string) => string;

const tag = 'claude-code-gateway';
const dataSource: DataSourceRef = { type: 'prometheus', uid: '${datasource}' };

/** What Grafana reads, with the types of Grafana's own SDK. */
export function buildDashboard(dashboard: Dashboard, runbookOf: RunbookLink): GrafanaDashboard {
  const builder = startDashboard(dashboard);
  for (const variable of variablesOf(dashboard.choices)) builder.withVariable(variable);
  let id = 0;
  for (const row of dashboard.rows) {
    builder.withRow(new RowBuilder(row.title).id((id += 1)));
    for (const panel of row.panels) builder.withPanel(buildPanel(panel, (id += 1), runbookOf));
  }
  return builder.build();
}

/** What all dashboards have: a name, a time, and links to the others. */
export function startDashboard({ uid, title, description }: Omit<Dashboard, 'rows' | 'choices'>): DashboardBuilder {
  const others = new DashboardLinkBuilder('Claude Code Gateway')
    .type(DashboardLinkType.Dashboards)
    .tags([tag])
    .asDropdown(true)
    .includeVars(true)
    .keepTime(true);
  return new DashboardBuilder(`Claude Code Gateway / ${title}`)
    .uid(uid)
    .description(description)
    .tags([tag])
    .timezone('browser')
    .time({ from: 'now-3h', to: 'now' })
    .refresh('1m')
    .tooltip(DashboardCursorSync.Crosshair)
    .link(others);
}

function variablesOf(choices: readonly Choice[]) {
  const source = new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus');
  const lists = [{ label: 'namespace', metric: 'ccg_store_up' }, ...choices].map(({ label, metric }) =>
    new QueryVariableBuilder(label)
      .datasource(dataSource)
      .query({ query: `label_values(${metric}, ${label})`, refId: label })
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      .allValue('.*')
      .current({ text: 'All', value: '$__all' }),
  );
  return [source, ...lists];
}

function buildPanel(panel: Panel, id: number, runbookOf: RunbookLink): Builder<GrafanaPanel> {
  const links = (panel.alerts ?? []).map((alert) =>
    new DashboardLinkBuilder(`Runbook: ${alert}`).type(DashboardLinkType.Link).url(runbookOf(alert)),
  );
  const builder = shapeOf(panel)
    .id(id)
    .title(panel.title)
    .description(panel.description)
    .datasource(dataSource)
    .unit(panel.unit)
    .links(links)
    .height(8)
    .span(panel.width ?? 8);
  for (const target of targetsOf(panel)) builder.withTarget(target);
  return builder;
}

function targetsOf({ queries, shape }: Panel): readonly DataqueryBuilder[] {
  return queries.map(({ expr, legend }, index) => {
    const query = new DataqueryBuilder()
      .refId(String.fromCodePoint(65 + index))
      .expr(expr)
      .legendFormat(legend);
    return shape === 'table' ? query.instant().format(PromQueryFormat.Table) : query.range();
  });
}

function shapeOf(panel: Panel): StatBuilder | TableBuilder | TimeSeriesBuilder {
  switch (panel.shape) {
    case 'stat':
      return new StatBuilder()
        .colorMode(BigValueColorMode.None)
        .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
    case 'table':
      return new TableBuilder().withTransformation({
        id: 'organize',
        options: { excludeByName: { Time: true, __name__: true, namespace: true } },
      });
    case 'lines':
      return timeSeries(panel);
    case 'stack':
      return timeSeries(panel)
        .stacking(new StackingConfigBuilder().mode(StackingMode.Normal))
        .fillOpacity(30)
        .gradientMode(GraphGradientMode.None);
  }
}

function timeSeries({ max }: Panel): TimeSeriesBuilder {
  const builder = new TimeSeriesBuilder()
    .min(0)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending));
  return max === undefined ? builder : builder.max(max);
}
