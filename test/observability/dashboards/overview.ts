import { inRange, ofClients, ofRequests, percentiles, perSecond, quantile, series } from './panel.ts';
import type { Dashboard, Row } from './panel.ts';

/** `client`, `policy`, `upstream`, `capacity` and `gateway` begin the names of outcomes. */
const byOwner = (expr: string): string =>
  `sum by (owner) (label_replace(${expr}, "owner", "$1", "outcome", "([a-z]+).*"))`;

const whoseFailure: Row = {
  title: 'Whose failure is it?',
  panels: [
    {
      title: 'Requests by owner of the outcome',
      description:
        'ok, or whose failure it was, without items of batches, which have a dashboard of their own: client (what was sent), policy (a credential, a limit, a budget, a denied model), upstream (a provider), capacity and gateway (ours).',
      unit: 'reqps',
      shape: 'stack',
      queries: [{ expr: byOwner(perSecond('outcome', 'ccg_outcomes_total', ofRequests)), legend: '{{owner}}' }],
    },
    {
      title: 'Failures by outcome',
      description:
        'Every request that did not end with ok, without items of batches. The README has a table of what each outcome means.',
      unit: 'reqps',
      shape: 'lines',
      queries: [
        {
          expr: `${perSecond('outcome', 'ccg_outcomes_total', ofRequests, 'outcome!="ok"')} > 0`,
          legend: '{{outcome}}',
        },
      ],
    },
    {
      title: 'Firing and pending alerts',
      description: 'Alerts of the gateway now. Their runbooks are in the dashboard "Runbooks".',
      unit: 'short',
      shape: 'table',
      queries: [
        {
          expr: `count by (alertname, alertstate, severity) (${series('ALERTS', 'product="claude-code-gateway"')})`,
          legend: '{{alertname}}',
        },
      ],
    },
    {
      title: 'Failures of our own, as a share',
      description:
        'Outcomes gateway_* and capacity_* among all requests but items of batches, which are run again. The objective allows 0.1 %; alerts begin at 1.44 % of an hour and at 0.3 % of a day.',
      unit: 'percentunit',
      shape: 'lines',
      queries: [
        { expr: series('ccg:own_failures:ratio5m'), legend: '5 minutes' },
        { expr: series('ccg:own_failures:ratio1h'), legend: '1 hour' },
        { expr: series('ccg:own_failures:ratio2h'), legend: '2 hours' },
        { expr: series('ccg:own_failures:ratio1d'), legend: '1 day' },
      ],
      alerts: ['CcgErrorBudgetBurnsFast', 'CcgErrorBudgetBurnsSlowly'],
    },
    {
      title: 'Answers by status',
      description: 'Requests by endpoint and status of HTTP; 499 is a client that left before its answer.',
      unit: 'reqps',
      shape: 'stack',
      queries: [
        { expr: perSecond('endpoint, status', 'ccg_requests_total', ofClients), legend: '{{endpoint}} {{status}}' },
      ],
    },
    {
      title: 'Requests',
      description: 'Requests that ended in the time shown, without items of batches.',
      unit: 'short',
      shape: 'stat',
      queries: [
        { expr: inRange('', 'ccg_outcomes_total', ofRequests), legend: 'all' },
        { expr: inRange('', 'ccg_outcomes_total', ofRequests, 'outcome!="ok"'), legend: 'failed' },
      ],
    },
  ],
};

const howFast: Row = {
  title: 'How fast is it?',
  panels: [
    {
      title: 'Time to the first event',
      description:
        'From the arrival of a request to the first event of its stream: what a developer waits until something moves.',
      unit: 's',
      shape: 'lines',
      queries: percentiles('ccg_first_event_seconds'),
      alerts: ['CcgFirstEventSlow'],
    },
    {
      title: 'Duration of requests to /v1/messages',
      description: 'From the arrival of a request to the end of its answer. Long answers take minutes.',
      unit: 's',
      shape: 'lines',
      queries: percentiles('ccg_request_duration_seconds', 'endpoint="messages"'),
    },
    {
      title: 'Time of the gateway itself, by stage',
      description:
        '95th percentile of each stage, without items of batches. body includes the upload of the client; admit and settle include a call of Redis.',
      unit: 's',
      shape: 'lines',
      queries: [{ expr: quantile(0.95, 'stage', 'ccg_stage_duration_seconds', ofClients), legend: '{{stage}}' }],
    },
    {
      title: 'Time of the gateway itself, per request',
      description:
        'Mean sum of all stages but body: what the gateway adds to the time of a provider. Without items of batches.',
      unit: 's',
      shape: 'lines',
      queries: [
        {
          expr: `${perSecond('', 'ccg_stage_duration_seconds_sum', ofClients, 'stage!="body"')} / ${perSecond('', 'ccg_stage_duration_seconds_count', ofClients, 'stage="authenticate"')}`,
          legend: 'mean',
        },
      ],
    },
    {
      title: 'Open streams',
      description: 'Streams that are relayed now, by dialect of the provider.',
      unit: 'short',
      shape: 'stack',
      queries: [{ expr: `sum by (dialect) (${series('ccg_open_streams')})`, legend: '{{dialect}}' }],
    },
    {
      title: 'Gateways, admin APIs and workers',
      description: 'Processes that are scraped. Below the number that you run, some are down or not reached.',
      unit: 'short',
      shape: 'stat',
      queries: [{ expr: `count by (job) (${series('ccg_store_up')})`, legend: '{{job}}' }],
      alerts: ['CcgNotScraped'],
    },
  ],
};

export const overview: Dashboard = {
  uid: 'ccg-overview',
  title: 'Overview',
  description: 'Begin here: whose failure a complaint is about, and how fast answers are.',
  choices: [],
  rows: [whoseFailure, howFast],
};
