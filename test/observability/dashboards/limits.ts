import { percentiles, perSecond, quantile, series } from './panel.ts';
import type { Dashboard, Row } from './panel.ts';

const tenant = 'tenant=~"$tenant"';

const refusals: Row = {
  title: 'Limits and budgets',
  panels: [
    {
      title: 'Refusals',
      description: 'Requests that a limit refused, by tenant, level and kind of the limit.',
      unit: 'reqps',
      shape: 'stack',
      queries: [
        {
          expr: perSecond('tenant, level, kind', 'ccg_limit_refusals_total', tenant, 'mode="enforce"'),
          legend: '{{tenant}} {{level}} {{kind}}',
        },
      ],
    },
    {
      title: 'What limits in shadow mode would refuse',
      description: 'These requests were served. Set the mode of such a limit to enforce when this is what you want.',
      unit: 'reqps',
      shape: 'stack',
      queries: [
        {
          expr: perSecond('tenant, level, kind', 'ccg_limit_refusals_total', tenant, 'mode="shadow"'),
          legend: '{{tenant}} {{level}} {{kind}}',
        },
      ],
    },
    {
      title: 'What is left of limits',
      description:
        'The smallest share that is left at any user, API key or session under a limit. 0: requests are refused.',
      unit: 'percentunit',
      shape: 'lines',
      max: 1,
      queries: [
        {
          expr: `min by (tenant, level, kind) (${series('ccg_limit_remaining_ratio', tenant)})`,
          legend: '{{tenant}} {{level}} {{kind}}',
        },
      ],
    },
    {
      title: 'What is spent of budgets',
      description:
        'The greatest share of a budget that is spent by any of those it counts for. At 100 % requests are refused.',
      unit: 'percentunit',
      shape: 'lines',
      queries: [
        {
          expr: `max by (tenant, level, per) (${series('ccg_budget_used_ratio', tenant, 'mode="enforce"')})`,
          legend: '{{tenant}} {{level}} per {{per}}',
        },
      ],
      alerts: ['CcgBudgetNearlySpent'],
    },
    {
      title: 'What is spent of budgets in shadow mode',
      description: 'These refuse nobody. Set the mode of such a budget to enforce when its amount is what you want.',
      unit: 'percentunit',
      shape: 'lines',
      queries: [
        {
          expr: `max by (tenant, level, per) (${series('ccg_budget_used_ratio', tenant, 'mode="shadow"')})`,
          legend: '{{tenant}} {{level}} per {{per}}',
        },
      ],
    },
  ],
};

const waiting: Row = {
  title: 'Waiting',
  panels: [
    {
      title: 'Waiting requests',
      description: 'Requests that wait for one of their tenant’s concurrent requests to end.',
      unit: 'short',
      shape: 'lines',
      queries: [{ expr: `sum(${series('ccg_waiting_requests')})`, legend: 'waiting' }],
    },
    {
      title: 'How long requests waited',
      description: 'Before they were admitted.',
      unit: 's',
      shape: 'lines',
      queries: percentiles('ccg_waited_seconds', 'end="admitted"'),
    },
    {
      title: 'How waits ended',
      description: 'admitted; over: the time of the limit was up; left: the client went away; full: too many waited.',
      unit: 'reqps',
      shape: 'stack',
      queries: [{ expr: perSecond('end', 'ccg_waited_seconds_count'), legend: '{{end}}' }],
    },
  ],
};

const reservations: Row = {
  title: 'Reservations',
  panels: [
    {
      title: 'Reserved for each that was used',
      description:
        'Above 1 limits hold more back than requests use; far above it they refuse what would have fit, and below 1 they let in more than fits. input_tokens tells how good the estimate of prompts is, output_tokens by estimate that of answers, budget both together in money. By max_tokens: what clients allow, of which answers mostly use a little.',
      unit: 'short',
      shape: 'lines',
      queries: [
        {
          expr: `${perSecond('kind, reserve', 'ccg_limit_reserved_total')} / ${perSecond('kind, reserve', 'ccg_limit_used_total')}`,
          legend: '{{kind}} by {{reserve}}',
        },
      ],
    },
    {
      title: 'Open reservations',
      description:
        'Requests that hold something of a limit now, or are being settled. They follow the running requests.',
      unit: 'short',
      shape: 'lines',
      queries: [{ expr: `sum(${series('ccg_reservations_outstanding')})`, legend: 'open' }],
    },
    {
      title: 'Swept reservations',
      description: 'Left behind by a replica that died. Settled at what was used until then.',
      unit: 'cps',
      shape: 'lines',
      queries: [{ expr: perSecond('', 'ccg_settlements_total', 'outcome="swept"'), legend: 'swept' }],
    },
    {
      title: 'Settlements that Redis did not take at once',
      description: 'late: it took them when it was back; lost: what was used is not counted.',
      unit: 'cps',
      shape: 'lines',
      queries: [{ expr: perSecond('outcome', 'ccg_settlements_total'), legend: '{{outcome}}' }],
    },
    {
      title: 'Time to decide',
      description: '99th percentile of the decision whether a request is let in, with its call of Redis.',
      unit: 's',
      shape: 'lines',
      queries: [
        { expr: quantile(0.99, 'stage', 'ccg_stage_duration_seconds', 'stage=~"admit|settle"'), legend: '{{stage}}' },
      ],
    },
  ],
};

export const limits: Dashboard = {
  uid: 'ccg-limits',
  title: 'Limits',
  description: 'Who is refused and why, how near limits and budgets are to their end, and what they hold back.',
  choices: [{ label: 'tenant', metric: 'ccg_tenant_requests_total' }],
  rows: [refusals, waiting, reservations],
};
