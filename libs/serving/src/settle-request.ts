import type { Limit } from '@ccg/admission';
import { assertNever } from '@ccg/kernel';
import type { Outcome } from '@ccg/kernel';
import type { Asked } from './record.ts';
import { estimatedInput } from './request-limits.ts';
import type { LimitedWork, RequestLimit } from './request-limits.ts';

/** What a request has used, as far as it is known. */
export type Known = Pick<Asked, 'usage' | 'attempts'>;

/** How a call ends that its provider may have worked for. */
const workedFor: ReadonlySet<Outcome> = new Set([
  'ok',
  'client_aborted',
  'client_stalled',
  'capacity_draining',
  'upstream_timeout',
  'upstream_truncated',
]);

/** The tokens that each limit is charged for in the end. */
export function amountsOf(
  limits: readonly RequestLimit[],
  work: LimitedWork,
  known: Known,
): ReadonlyMap<Limit, number> {
  const amounts = new Map<Limit, number>();
  for (const { rule, limit } of limits) {
    const tokens = usedOf(rule.kind, work, known);
    if (tokens !== undefined) amounts.set(limit, tokens);
  }
  return amounts;
}

/** Undefined for what is no number of tokens. What was read from a cache is no input here. */
function usedOf(kind: RequestLimit['rule']['kind'], work: LimitedWork, { usage, attempts }: Known): number | undefined {
  switch (kind) {
    case 'input_tokens': {
      const { inputTokens, cacheReadTokens, cacheWriteTokens } = usage;
      if (inputTokens + cacheReadTokens + cacheWriteTokens > 0) return inputTokens + cacheWriteTokens;
      // A call that was broken off before its provider told the input was made all the same.
      return attempts.some(({ outcome }) => workedFor.has(outcome)) ? estimatedInput(work) : 0;
    }
    case 'output_tokens':
      return usage.outputTokens;
    case 'requests':
    case 'count_requests':
    case 'concurrency':
      return undefined;
    default:
      return assertNever(kind);
  }
}
