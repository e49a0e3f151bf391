import { perSecond, quantile, series, topTen } from './panel.ts';
import type { Dashboard, Row } from './panel.ts';

const provider = 'provider=~"$provider"';

const failures: Row = {
  title: 'Failures',
  panels: [
    {
      title: 'Calls by outcome',
      description:
        'Each call of a provider, also those that were repeated. Above half of them upstream_rate_limited or client_aborted an alert begins.',
      unit: 'reqps',
      shape: 'stack',
      queries: [
        { expr: perSecond('provider, outcome', 'ccg_attempts_total', provider), legend: '{{provider}} {{outcome}}' },
      ],
      alerts: ['CcgProviderLimitsCalls', 'CcgAnswersGivenUp'],
    },
    {
      title: 'Calls that failed, as a share',
      description:
        'Errors, overloads, timeouts, cut streams and missing connections of 5 minutes. Above 50 % it is down.',
      unit: 'percentunit',
      shape: 'lines',
      max: 1,
      queries: [{ expr: series('ccg:provider_failures:ratio5m', provider), legend: '{{provider}}' }],
      alerts: ['CcgProviderDown'],
    },
    {
      title: 'Rejected credentials',
      description:
        'The provider does not take our credential, or its account is empty. Nobody but an operator can mend it.',
      unit: 'reqps',
      shape: 'lines',
      queries: [
        {
          expr: perSecond('provider', 'ccg_attempts_total', provider, 'outcome="upstream_credential"'),
          legend: '{{provider}}',
        },
      ],
      alerts: ['CcgProviderCredentialRejected'],
    },
    {
      title: 'Repeated calls',
      description: 'Calls that were followed by another for the same request, by outcome of the earlier one.',
      unit: 'reqps',
      shape: 'lines',
      queries: [
        { expr: perSecond('provider, outcome', 'ccg_retries_total', provider), legend: '{{provider}} {{outcome}}' },
      ],
    },
    {
      title: 'Requests by model',
      description:
        'The ten models with the most finished requests. Models beyond METRICS_MAX_MODELS are counted as "other".',
      unit: 'reqps',
      shape: 'stack',
      queries: [
        {
          expr: topTen(perSecond('provider, model', 'ccg_requests_total', provider)),
          legend: '{{provider}} {{model}}',
        },
      ],
    },
    {
      title: 'Learned rejections',
      description:
        'What a provider was found to reject (a field, a value, a form), and so is not sent to it for an hour.',
      unit: 'short',
      shape: 'lines',
      queries: [
        {
          expr: `max by (provider, kind) (${series('ccg_learned_rejections', provider)})`,
          legend: '{{provider}} {{kind}}',
        },
      ],
    },
    {
      title: 'Certificates',
      description: 'How long the certificate of a provider is still valid.',
      unit: 's',
      shape: 'lines',
      queries: [
        {
          expr: `min by (provider) (${series('ccg_provider_certificate_not_after_seconds', provider)}) - time()`,
          legend: '{{provider}}',
        },
      ],
      alerts: ['CcgProviderCertificateExpires'],
    },
  ],
};

const times: Row = {
  title: 'Times',
  panels: [
    {
      title: 'Time to the first event',
      description: '95th percentile of 10 minutes, from the arrival of a request. Above 20 s an alert begins.',
      unit: 's',
      shape: 'lines',
      queries: [{ expr: series('ccg:first_event_seconds:p95_10m', provider), legend: '{{provider}}' }],
      alerts: ['CcgFirstEventSlow'],
    },
    {
      title: 'Duration of calls',
      description: '95th percentile, from a call of a provider to the end of its answer.',
      unit: 's',
      shape: 'lines',
      queries: [
        {
          expr: quantile(0.95, 'provider, stream', 'ccg_upstream_duration_seconds', provider),
          legend: '{{provider}}, stream {{stream}}',
        },
      ],
    },
    {
      title: 'Silence within streams',
      description: '99th percentile of the time between two parts of a stream.',
      unit: 's',
      shape: 'lines',
      queries: [{ expr: quantile(0.99, 'provider', 'ccg_event_gap_seconds', provider), legend: '{{provider}}' }],
    },
  ],
};

const streams: Row = {
  title: 'Streams',
  panels: [
    {
      title: 'Ends of streams',
      description: 'complete; truncated by the provider; failed otherwise; aborted by the client.',
      unit: 'reqps',
      shape: 'stack',
      queries: [{ expr: perSecond('provider, end', 'ccg_streams_total', provider), legend: '{{provider}} {{end}}' }],
    },
    {
      title: 'Pings',
      description: 'Pings that were sent to clients because a provider said nothing for PING_INTERVAL_MS.',
      unit: 'cps',
      shape: 'lines',
      queries: [{ expr: perSecond('', 'ccg_pings_total'), legend: 'pings' }],
    },
    {
      title: 'Violations of the format of streams',
      description:
        'Streams to clients that broke a rule of Anthropic’s format. Always 0, or something is wrong with us.',
      unit: 'cps',
      shape: 'lines',
      queries: [
        {
          expr: perSecond('provider, rule', 'ccg_stream_grammar_violations_total', provider),
          legend: '{{provider}} {{rule}}',
        },
      ],
      alerts: ['CcgStreamGrammarViolated'],
    },
  ],
};

export const providers: Dashboard = {
  uid: 'ccg-providers',
  title: 'Providers',
  description: 'Which provider fails or is slow, and how.',
  choices: [{ label: 'provider', metric: 'ccg_attempts_total' }],
  rows: [failures, times, streams],
};
