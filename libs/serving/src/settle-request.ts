import type { Refund } from '@ccg/admission';
import { assertNever } from '@ccg/kernel';
import type { Outcome } from '@ccg/kernel';
import type { Asked } from './record.ts';
import { estimatedInput } from './request-limits.ts';
import type { LimitedWork, RequestLimit } from './request-limits.ts';

/** What a request has used, as far as it is known. */
export type Used = Pick<Asked, 'usage' | 'attempts'>;

/** How a call ends that its provider may have worked for. */
const workedFor: ReadonlySet<Outcome> = new Set([
  'ok',
  'client_aborted',
  'client_stalled',
  'capacity_draining',
  'upstream_timeout',
  'upstream_truncated',
]);

/** What each limit gets back: what it reserved less what was used. A negative amount is charged. */
export function refundsOf(limits: readonly RequestLimit[], work: LimitedWork, used: Used): readonly Refund[] {
  return limits.flatMap(({ rule, limit }) => {
    if (limit.kind !== 'rate') return [];
    const tokens = usedOf(rule.kind, work, used);
    if (tokens === undefined || tokens === limit.cost) return [];
    return [{ limit, amount: limit.cost - tokens }];
  });
}

/** Undefined for what is no number of tokens. What was read from a cache is no input here. */
function usedOf(kind: RequestLimit['rule']['kind'], work: LimitedWork, { usage, attempts }: Used): number | undefined {
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
