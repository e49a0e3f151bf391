/** The processes that count a metric. Those expose it, and no others: a 0 of one that counts nothing says something wrong. */
export type Process = 'gateway' | 'admin' | 'worker';

/** What is known of a metric without counting anything: dashboards, rules and tests are held to it. */
export interface MetricFacts<Labels extends readonly string[] = readonly string[]> {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: Labels;
  /** Upper bounds, of a histogram alone. */
  readonly buckets: readonly number[];
  readonly processes: readonly Process[];
}

const everywhere: readonly Process[] = ['gateway', 'admin', 'worker'];
const serving: readonly Process[] = ['gateway', 'worker'];
const gateway: readonly Process[] = ['gateway'];

const stageBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
const durationBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
const waitBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600];
const gapBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * Every metric of the product. Labels never hold an API key, a user or a session. Histograms have no tenant and no
 * model, since each of their series is a dozen.
 */
export const metricList = {
  requests: counter('ccg_requests_total', ['endpoint', 'dialect', 'provider', 'model', 'status', 'outcome'], {
    help: 'Finished requests. Dialect, provider and model are "none" where no provider was chosen.',
    processes: everywhere,
  }),
  outcomes: counter('ccg_outcomes_total', ['traffic', 'outcome'], {
    help: 'How requests ended, and tries of items of batches. All outcomes are there from the start of a process.',
    processes: everywhere,
  }),
  requestDurations: histogram('ccg_request_duration_seconds', ['endpoint', 'dialect', 'provider', 'stream'], {
    help: 'From the arrival of a request to the end of its answer.',
    processes: everywhere,
    buckets: durationBuckets,
  }),
  stageDurations: histogram('ccg_stage_duration_seconds', ['stage', 'endpoint', 'dialect', 'provider', 'stream'], {
    help: 'The time of the gateway itself by stage: authenticate, body (with the upload), admit, translate, first_event, relay, settle.',
    processes: serving,
    buckets: stageBuckets,
  }),
  upstreamDurations: histogram('ccg_upstream_duration_seconds', ['endpoint', 'dialect', 'provider', 'stream'], {
    help: 'From a call of a provider to the end of its answer, for each attempt.',
    processes: serving,
    buckets: durationBuckets,
  }),
  attempts: counter('ccg_attempts_total', ['endpoint', 'dialect', 'provider', 'outcome'], {
    help: 'Calls of providers.',
    processes: serving,
  }),
  retries: counter('ccg_retries_total', ['dialect', 'provider', 'outcome'], {
    help: 'Calls of providers that were followed by another for the same request. The outcome is the one of the earlier call.',
    processes: serving,
  }),
  firstEvents: histogram('ccg_first_event_seconds', ['dialect', 'provider'], {
    help: 'From the arrival of a request to the first event of its stream; to the end of one that its client gave up before.',
    processes: serving,
    buckets: durationBuckets,
  }),
  eventGaps: histogram('ccg_event_gap_seconds', ['dialect', 'provider'], {
    help: 'Between two parts of a stream, as they came from the provider.',
    processes: serving,
    buckets: gapBuckets,
  }),
  tokens: counter('ccg_tokens_total', ['dialect', 'provider', 'kind', 'source'], {
    help: 'Tokens of answered requests, as providers reported them or, where they did not, as estimated. Those of reasoning are a part of the output.',
    processes: serving,
  }),
  costs: counter('ccg_cost_micro_dollars_total', ['provider', 'basis'], {
    help: 'What answered requests cost. The basis is whose price it is; at "highest" nobody stated one.',
    processes: serving,
  }),
  tenantRequests: counter('ccg_tenant_requests_total', ['tenant', 'outcome'], {
    help: 'Finished requests of each tenant.',
    processes: serving,
  }),
  tenantTokens: counter('ccg_tenant_tokens_total', ['tenant', 'model', 'kind'], {
    help: 'Tokens of each tenant and model.',
    processes: serving,
  }),
  tenantCosts: counter('ccg_tenant_cost_micro_dollars_total', ['tenant', 'model'], {
    help: 'What each tenant and model cost.',
    processes: serving,
  }),
  openStreams: gauge('ccg_open_streams', ['dialect'], {
    help: 'Streams being relayed now.',
    processes: serving,
  }),
  streams: counter('ccg_streams_total', ['dialect', 'provider', 'end'], {
    help: 'Streams that have ended: complete, truncated by the provider, failed otherwise, or aborted by the client.',
    processes: serving,
  }),
  grammarViolations: counter('ccg_stream_grammar_violations_total', ['dialect', 'provider', 'rule'], {
    help: 'Streams whose events did not come in the order that clients rely on, by the first rule that was broken.',
    processes: serving,
  }),
  pings: counter('ccg_pings_total', [], {
    help: 'Pings that were sent to clients while a provider was silent.',
    processes: gateway,
  }),
  certificates: gauge('ccg_provider_certificate_not_after_seconds', ['provider'], {
    help: 'When the certificate that a provider showed last expires, in seconds since 1970.',
    processes: serving,
  }),
  limitRefusals: counter('ccg_limit_refusals_total', ['tenant', 'level', 'kind', 'mode'], {
    help: 'Requests that a limit refused or, in shadow mode, would have refused.',
    processes: serving,
  }),
  limitRemaining: gauge('ccg_limit_remaining_ratio', ['tenant', 'level', 'kind'], {
    help: 'The share of a limit that is left, 0 to 1, to whoever had least of it in the last minutes.',
    processes: serving,
  }),
  budgetUsed: gauge('ccg_budget_used_ratio', ['tenant', 'level', 'per', 'mode'], {
    help: 'The share of a budget that is used or reserved, of whoever used most of it in the last minutes. One in shadow mode refuses nobody.',
    processes: serving,
  }),
  limitReserved: counter('ccg_limit_reserved_total', ['kind', 'reserve'], {
    help: 'What requests reserved of limits before they used it, in tokens, of budgets in dollars; by the estimate of the gateway, or by the max_tokens of the client.',
    processes: serving,
  }),
  limitUsed: counter('ccg_limit_used_total', ['kind', 'reserve'], {
    help: 'What the same requests used in the end, in the same units.',
    processes: serving,
  }),
  spansDropped: counter('ccg_trace_spans_dropped_total', [], {
    help: 'Spans that no collector got: it did not take them, or too many were waiting for it.',
    processes: serving,
  }),
  storeUp: gauge('ccg_store_up', [], { help: 'Whether Redis answers: 1 or 0.', processes: everywhere }),
  storeTransitions: counter('ccg_store_transitions_total', ['to'], {
    help: 'Changes of whether Redis answers, to: ready, partial (some nodes of a cluster do not), down.',
    processes: everywhere,
  }),
  storeMode: gauge('ccg_store_mode', ['mode'], {
    help: 'How limits are decided now, 1 for the mode: shared (in Redis), local (by each replica), closed (so, and budgets refuse).',
    processes: serving,
  }),
  liveReplicas: gauge('ccg_live_replicas', [], {
    help: 'Replicas that share the limits, as this one last knew.',
    processes: gateway,
  }),
  reservations: gauge('ccg_reservations_outstanding', [], {
    help: 'Requests of this process that hold something of a limit, or are being settled.',
    processes: serving,
  }),
  settlements: counter('ccg_settlements_total', ['outcome'], {
    help: 'Settlements of limits that Redis did not take at once, taken late or lost, and those swept up after a process that died.',
    processes: everywhere,
  }),
  waiting: gauge('ccg_waiting_requests', [], {
    help: 'Requests that wait for one of their tenant to end.',
    processes: serving,
  }),
  waited: histogram('ccg_waited_seconds', ['end'], {
    help: 'How long requests waited, by how it ended: admitted, over (refused after the wait), left by the client, or full (too many wait).',
    processes: serving,
    buckets: waitBuckets,
  }),
  usageRecords: counter('ccg_usage_records_total', ['outcome'], {
    help: 'Usage records that were rolled up, or passed over because they are unreadable: of a newer version.',
    processes: ['admin'],
  }),
  usageGaps: counter('ccg_usage_gaps_total', [], {
    help: 'Times that usage records were missing because the cap of their tenant removed them before they were rolled up.',
    processes: ['admin'],
  }),
  usageLag: gauge('ccg_usage_lag_seconds', [], {
    help: 'Age of the oldest usage record that was still to be rolled up after the last round.',
    processes: ['admin'],
  }),
  refusalsDropped: counter('ccg_refusals_dropped_total', [], {
    help: 'Refusals of limits that are neither counted by caller nor remembered, because too many tenants waited to be written.',
    processes: serving,
  }),
  learnedRejections: gauge('ccg_learned_rejections', ['provider', 'kind'], {
    help: 'What providers were found to reject, and so is not sent to them for an hour.',
    processes: serving,
  }),
  bodyBytes: gauge('ccg_body_bytes_in_flight', [], {
    help: 'Bytes of request bodies that are held now. New bodies are refused at MAX_BODY_BYTES_IN_FLIGHT.',
    processes: gateway,
  }),
  logLinesDropped: counter('ccg_log_lines_dropped_total', [], {
    help: 'Lines of the log that were dropped, since nobody took them from standard output in time.',
    processes: everywhere,
  }),
  batchItems: counter('ccg_batch_items_total', ['tenant', 'outcome'], {
    help: 'Items of batches that got their result.',
    processes: ['worker'],
  }),
  batchDuplicates: counter('ccg_batch_upstream_duplicates_total', [], {
    help: 'Answers of providers to items that had their result already: a worker died, or Redis was away.',
    processes: ['worker'],
  }),
  batchBacklogItems: gauge('ccg_batch_backlog_items', [], {
    help: 'Items of all batches without a result. Told by the one worker that hands out items, and by the admin API.',
    processes: ['worker', 'admin'],
  }),
  batchOldestItem: gauge('ccg_batch_oldest_item_age_seconds', [], {
    help: 'Age of the oldest batch that has not ended; 0 without any. Told by the worker that hands out items, and by the admin API.',
    processes: ['worker', 'admin'],
  }),
  issuerKeys: gauge('ccg_issuer_keys_age_seconds', ['issuer'], {
    help: 'How long ago the keys of an issuer of tokens were loaded; +Inf: never. After a day its tokens are refused.',
    processes: ['gateway', 'admin'],
  }),
};

interface Told {
  readonly help: string;
  readonly processes: readonly Process[];
}

function counter<const Labels extends readonly string[]>(name: string, labels: Labels, told: Told) {
  return { name, kind: 'counter', labels, buckets: [], ...told } as const satisfies MetricFacts<Labels>;
}

function gauge<const Labels extends readonly string[]>(name: string, labels: Labels, told: Told) {
  return { name, kind: 'gauge', labels, buckets: [], ...told } as const satisfies MetricFacts<Labels>;
}

function histogram<const Labels extends readonly string[]>(
  name: string,
  labels: Labels,
  told: Told & { readonly buckets: readonly number[] },
) {
  return { name, kind: 'histogram', labels, ...told } as const satisfies MetricFacts<Labels>;
}
