import { inRange, perSecond, series, topTen } from './panel.ts';
import type { Dashboard, Row } from './panel.ts';

const tenant = 'tenant=~"$tenant"';
const inDollars = (microDollars: string): string => `${microDollars} / 1e6`;
const perHour = (perSecondExpr: string): string => `${perSecondExpr} * 3600`;

const requests: Row = {
  title: 'Requests',
  panels: [
    {
      title: 'Requests by tenant',
      description:
        'The ten tenants with the most requests, runs of items of their batches among them. Tenants beyond METRICS_MAX_TENANTS are counted as "other".',
      unit: 'reqps',
      shape: 'stack',
      queries: [{ expr: topTen(perSecond('tenant', 'ccg_tenant_requests_total', tenant)), legend: '{{tenant}}' }],
      width: 12,
    },
    {
      title: 'Failures by tenant and outcome',
      description: 'The ten most frequent. client_* is the tenant’s own, policy_* is what its operators decided.',
      unit: 'reqps',
      shape: 'lines',
      queries: [
        {
          expr: topTen(perSecond('tenant, outcome', 'ccg_tenant_requests_total', tenant, 'outcome!="ok"')),
          legend: '{{tenant}} {{outcome}}',
        },
      ],
      width: 12,
    },
  ],
};

const tokens: Row = {
  title: 'Tokens',
  panels: [
    {
      title: 'Tokens by kind',
      description: 'input, output, cache_read and cache_write; reasoning is a part of output.',
      unit: 'short',
      shape: 'lines',
      queries: [{ expr: perSecond('kind', 'ccg_tenant_tokens_total', tenant), legend: '{{kind}}' }],
    },
    {
      title: 'Tokens by tenant',
      description: 'The ten tenants with the most tokens per second, all kinds but reasoning together.',
      unit: 'short',
      shape: 'stack',
      queries: [
        {
          expr: topTen(perSecond('tenant', 'ccg_tenant_tokens_total', tenant, 'kind!="reasoning"')),
          legend: '{{tenant}}',
        },
      ],
    },
    {
      title: 'Tokens by model',
      description: 'The ten models with the most tokens per second.',
      unit: 'short',
      shape: 'stack',
      queries: [
        {
          expr: topTen(perSecond('model', 'ccg_tenant_tokens_total', tenant, 'kind!="reasoning"')),
          legend: '{{model}}',
        },
      ],
    },
    {
      title: 'Share of the prompt that came from the cache',
      description: 'Per tenant, over an hour. The same work costs up to ten times as much without the cache.',
      unit: 'percentunit',
      shape: 'lines',
      max: 1,
      queries: [{ expr: series('ccg:cache_hits:ratio1h', tenant), legend: '{{tenant}}' }],
      alerts: ['CcgCacheHitRatioHalved'],
    },
    {
      title: 'The same over a day',
      description: 'What is usual for a tenant: the alert compares the last hour with it.',
      unit: 'percentunit',
      shape: 'lines',
      max: 1,
      queries: [{ expr: series('ccg:cache_hits:ratio1d', tenant), legend: '{{tenant}}' }],
      alerts: ['CcgCacheHitRatioHalved'],
    },
    {
      title: 'Tokens by who counted them',
      description:
        'reported: by the provider; estimated: by the gateway, where the provider reported none. Costs are estimates there, too.',
      unit: 'short',
      shape: 'stack',
      queries: [
        {
          expr: perSecond('provider, source', 'ccg_tokens_total', 'kind!="reasoning"'),
          legend: '{{provider}} {{source}}',
        },
      ],
    },
  ],
};

const cost: Row = {
  title: 'Cost',
  panels: [
    {
      title: 'Dollars per hour by tenant',
      description: 'The ten that spend the most.',
      unit: 'currencyUSD',
      shape: 'stack',
      queries: [
        {
          expr: topTen(perHour(inDollars(perSecond('tenant', 'ccg_tenant_cost_micro_dollars_total', tenant)))),
          legend: '{{tenant}}',
        },
      ],
    },
    {
      title: 'Dollars per hour by model',
      description: 'The ten models that cost the most.',
      unit: 'currencyUSD',
      shape: 'stack',
      queries: [
        {
          expr: topTen(perHour(inDollars(perSecond('model', 'ccg_tenant_cost_micro_dollars_total', tenant)))),
          legend: '{{model}}',
        },
      ],
    },
    {
      title: 'Dollars per hour by provider and basis of the price',
      description:
        'operator: a price of gateway.yaml; list: the provider’s list; highest: nobody stated one, so the highest of all is taken. Add a price for those.',
      unit: 'currencyUSD',
      shape: 'stack',
      queries: [
        {
          expr: perHour(inDollars(perSecond('provider, basis', 'ccg_cost_micro_dollars_total'))),
          legend: '{{provider}} {{basis}}',
        },
      ],
    },
    {
      title: 'Dollars in the time shown',
      description: 'What each tenant spent on each model.',
      unit: 'currencyUSD',
      shape: 'table',
      queries: [
        {
          expr: inDollars(inRange('tenant, model', 'ccg_tenant_cost_micro_dollars_total', tenant)),
          legend: '{{tenant}} {{model}}',
        },
      ],
      width: 24,
    },
  ],
};

export const tenants: Dashboard = {
  uid: 'ccg-tenants',
  title: 'Tenants, tokens and cost',
  description: 'Who uses what, how much of it came from caches, and what it costs.',
  choices: [{ label: 'tenant', metric: 'ccg_tenant_requests_total' }],
  rows: [requests, tokens, cost],
};
