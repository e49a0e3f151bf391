import type { UsageRecord } from '../usage-record.ts';

/** What is counted, in the order in which the numbers are stored: new ones come last, and none is ever removed. */
export const measures = [
  /** Messages, without those that only count tokens. */
  'requests',
  'countRequests',
  /** Those of both that ended neither well nor by their client. */
  'failed',
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'reasoningTokens',
  'costMicroDollars',
  /** The sum of all durations. */
  'durationMs',
] as const;

export type Measures = Readonly<Record<(typeof measures)[number], number>>;

/** What a record adds to the counters of its rows. */
export function measuresOf(record: UsageRecord): Measures {
  const isCount = record.endpoint === 'count_tokens';
  return {
    requests: isCount ? 0 : 1,
    countRequests: isCount ? 1 : 0,
    failed: record.outcome === 'ok' || record.outcome === 'client_aborted' ? 0 : 1,
    inputTokens: record.inputTokens,
    outputTokens: record.outputTokens,
    cacheReadTokens: record.cacheReadTokens,
    cacheWriteTokens: record.cacheWriteTokens,
    reasoningTokens: record.reasoningTokens,
    costMicroDollars: record.costMicroDollars,
    durationMs: record.durationMs,
  };
}

export const nothingMeasured: Measures = {
  requests: 0,
  countRequests: 0,
  failed: 0,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  costMicroDollars: 0,
  durationMs: 0,
};

export function sumOf(one: Measures, other: Measures, factor: 1 | -1 = 1): Measures {
  return {
    requests: one.requests + factor * other.requests,
    countRequests: one.countRequests + factor * other.countRequests,
    failed: one.failed + factor * other.failed,
    inputTokens: one.inputTokens + factor * other.inputTokens,
    outputTokens: one.outputTokens + factor * other.outputTokens,
    cacheReadTokens: one.cacheReadTokens + factor * other.cacheReadTokens,
    cacheWriteTokens: one.cacheWriteTokens + factor * other.cacheWriteTokens,
    reasoningTokens: one.reasoningTokens + factor * other.reasoningTokens,
    costMicroDollars: one.costMicroDollars + factor * other.costMicroDollars,
    durationMs: one.durationMs + factor * other.durationMs,
  };
}

/** As it is stored: the numbers with spaces between them. */
export function encodeMeasures(counted: Measures): string {
  return measures.map((measure) => counted[measure]).join(' ');
}

/** Zero for what was not counted yet when it was stored. */
export function decodeMeasures(text: string): Measures {
  const numbers = text.split(' ').map(Number);
  const at = (index: number) => {
    const number = numbers[index] ?? 0;
    return Number.isSafeInteger(number) ? number : 0;
  };
  return {
    requests: at(0),
    countRequests: at(1),
    failed: at(2),
    inputTokens: at(3),
    outputTokens: at(4),
    cacheReadTokens: at(5),
    cacheWriteTokens: at(6),
    reasoningTokens: at(7),
    costMicroDollars: at(8),
    durationMs: at(9),
  };
}
