import { ofOurProcesses, perSecond, series } from './panel.ts';
import type { Dashboard, Panel, Row } from './panel.ts';

const process = '{{job}} {{instance}}';

/** A gauge of every process of ours, one line each. */
function gauge(metric: string, legend: string = process): Panel['queries'][number] {
  return { expr: ofOurProcesses(series(metric)), legend };
}

/** A counter of every process of ours per second, one line each. */
function rate(metric: string, legend: string = process): Panel['queries'][number] {
  return { expr: ofOurProcesses(`rate(${series(metric)}[$__rate_interval])`), legend };
}

const store: Row = {
  title: 'Redis and what is loaded from elsewhere',
  panels: [
    {
      title: 'Processes that reach Redis',
      description:
        'As a share of all. Those that do not decide limits alone and take only the API keys that they remember.',
      unit: 'percentunit',
      shape: 'lines',
      max: 1,
      queries: [{ expr: `avg by (job) (${series('ccg_store_up')})`, legend: '{{job}}' }],
      alerts: ['CcgStoreDegraded'],
    },
    {
      title: 'How often Redis went away and came back',
      description: 'A store that flaps: look at its host, its memory and the network before it is down for long.',
      unit: 'short',
      shape: 'lines',
      queries: [
        {
          expr: `sum by (job, to) (increase(${series('ccg_store_transitions_total')}[$__rate_interval]))`,
          legend: '{{job}} to {{to}}',
        },
      ],
      alerts: ['CcgStoreDegraded'],
    },
    {
      title: 'How limits are decided',
      description: 'shared: in Redis; local: by each replica for its share; closed: what is limited is refused.',
      unit: 'short',
      shape: 'stack',
      queries: [{ expr: `sum by (mode) (${series('ccg_store_mode')})`, legend: '{{mode}}' }],
      alerts: ['CcgStoreDegraded'],
    },
    {
      title: 'Replicas that share the limits',
      description: 'As each replica last knew. While Redis is away each of them admits its part.',
      unit: 'short',
      shape: 'lines',
      queries: [{ expr: `${series('ccg_live_replicas')} > 0`, legend: '{{instance}}' }],
    },
    {
      title: 'Age of the keys of issuers',
      description:
        'How long ago the keys that tokens are checked with were loaded. After a day its tokens are refused.',
      unit: 's',
      shape: 'lines',
      queries: [{ expr: `max by (issuer) (${series('ccg_issuer_keys_age_seconds')})`, legend: '{{issuer}}' }],
      alerts: ['CcgIssuerKeysOld'],
    },
    {
      title: 'Usage that is not counted yet',
      description: 'Age of the oldest usage record that the admin app has still to add up. Usually a few seconds.',
      unit: 's',
      shape: 'lines',
      queries: [{ expr: `max by (instance) (${series('ccg_usage_lag_seconds')})`, legend: '{{instance}}' }],
      alerts: ['CcgUsageBehind'],
    },
    {
      title: 'Bodies of requests in memory',
      description: 'At MAX_BODY_BYTES_IN_FLIGHT, 512 MiB unless set, new bodies are refused with 529.',
      unit: 'bytes',
      shape: 'lines',
      queries: [{ expr: series('ccg_body_bytes_in_flight'), legend: '{{instance}}' }],
    },
    {
      title: 'Log lines and spans that were dropped',
      description: 'Whoever reads the log, or the collector of traces, is too slow or away. No request waits for them.',
      unit: 'cps',
      shape: 'lines',
      queries: [
        { expr: perSecond('job', 'ccg_log_lines_dropped_total'), legend: '{{job}} log lines' },
        { expr: perSecond('job', 'ccg_trace_spans_dropped_total'), legend: '{{job}} spans' },
      ],
      alerts: ['CcgSpansDropped'],
    },
  ],
};

const loop: Row = {
  title: 'Event loop',
  panels: [
    {
      title: 'Lag of the event loop',
      description: 'Median, 90th and 99th percentile between two scrapes. All streams of a process wait for it.',
      unit: 's',
      shape: 'lines',
      queries: [
        gauge('nodejs_eventloop_lag_p50_seconds', `p50 ${process}`),
        gauge('nodejs_eventloop_lag_p90_seconds', `p90 ${process}`),
        gauge('nodejs_eventloop_lag_p99_seconds', `p99 ${process}`),
      ],
      alerts: ['CcgEventLoopLags'],
    },
    {
      title: 'Extremes of the lag',
      description: 'The smallest, the mean and the greatest lag between two scrapes, and the one at the scrape.',
      unit: 's',
      shape: 'lines',
      queries: [
        gauge('nodejs_eventloop_lag_min_seconds', `min ${process}`),
        gauge('nodejs_eventloop_lag_mean_seconds', `mean ${process}`),
        gauge('nodejs_eventloop_lag_stddev_seconds', `deviation ${process}`),
        gauge('nodejs_eventloop_lag_max_seconds', `max ${process}`),
        gauge('nodejs_eventloop_lag_seconds', `now ${process}`),
      ],
      alerts: ['CcgEventLoopLags'],
    },
    {
      title: 'Garbage collection',
      description: 'Share of the time that a process spends collecting garbage, by kind.',
      unit: 'percentunit',
      shape: 'lines',
      queries: [rate('nodejs_gc_duration_seconds_sum', `{{kind}} ${process}`)],
    },
  ],
};

const resources: Row = {
  title: 'Processes',
  panels: [
    {
      title: 'CPU',
      description: 'Cores that a process keeps busy. JavaScript runs on one of them.',
      unit: 'short',
      shape: 'lines',
      queries: [
        rate('process_cpu_seconds_total', `all ${process}`),
        rate('process_cpu_user_seconds_total', `user ${process}`),
        rate('process_cpu_system_seconds_total', `system ${process}`),
      ],
    },
    {
      title: 'Memory',
      description: 'What the system gave to a process. In Kubernetes it is killed at the limit of its pod.',
      unit: 'bytes',
      shape: 'lines',
      queries: [
        gauge('process_resident_memory_bytes', `resident ${process}`),
        gauge('process_heap_bytes', `data ${process}`),
        gauge('process_virtual_memory_bytes', `virtual ${process}`),
      ],
    },
    {
      title: 'Heap',
      description: 'Used and reserved by JavaScript, and memory outside of the heap, such as bodies.',
      unit: 'bytes',
      shape: 'lines',
      queries: [
        gauge('nodejs_heap_size_used_bytes', `used ${process}`),
        gauge('nodejs_heap_size_total_bytes', `total ${process}`),
        gauge('nodejs_external_memory_bytes', `external ${process}`),
      ],
    },
    {
      title: 'Spaces of the heap',
      description: 'Used, reserved and still available in each space of the heap, over all processes.',
      unit: 'bytes',
      shape: 'lines',
      queries: [
        {
          expr: `sum by (space) (${ofOurProcesses(series('nodejs_heap_space_size_used_bytes'))})`,
          legend: 'used {{space}}',
        },
        {
          expr: `sum by (space) (${ofOurProcesses(series('nodejs_heap_space_size_total_bytes'))})`,
          legend: 'total {{space}}',
        },
        {
          expr: `sum by (space) (${ofOurProcesses(series('nodejs_heap_space_size_available_bytes'))})`,
          legend: 'available {{space}}',
        },
      ],
    },
    {
      title: 'Open files and sockets',
      description: 'Each stream needs two. At the greatest number that the system allows, connections are refused.',
      unit: 'short',
      shape: 'lines',
      queries: [gauge('process_open_fds', `open ${process}`), gauge('process_max_fds', `allowed ${process}`)],
    },
    {
      title: 'What keeps the event loop busy',
      description: 'Sockets, timers and other resources, by type, over all processes.',
      unit: 'short',
      shape: 'lines',
      queries: [
        { expr: `sum by (type) (${ofOurProcesses(series('nodejs_active_resources'))})`, legend: '{{type}}' },
        {
          expr: `sum by (type) (${ofOurProcesses(`(${series('nodejs_active_handles')} or ${series('nodejs_active_requests')})`)})`,
          legend: 'handle or request {{type}}',
        },
      ],
    },
    {
      title: 'Running since',
      description: 'How long each process runs. A young one was restarted.',
      unit: 's',
      shape: 'table',
      queries: [{ expr: `time() - (${ofOurProcesses(series('process_start_time_seconds'))})`, legend: process }],
      width: 12,
    },
    {
      title: 'Versions of Node',
      description: 'Which version of Node each process runs on.',
      unit: 'short',
      shape: 'table',
      queries: [
        {
          expr: `count by (job, version) (${ofOurProcesses(series('nodejs_version_info'))})`,
          legend: '{{job}} {{version}}',
        },
      ],
      width: 12,
    },
  ],
};

export const runtime: Dashboard = {
  uid: 'ccg-runtime',
  title: 'Redis and runtime',
  description: 'What the processes need: Redis, the keys of issuers, CPU, memory and sockets.',
  choices: [],
  rows: [store, loop, resources],
};
