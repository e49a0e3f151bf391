import type { Limit } from '@ccg/admission';
import { costMicroDollars } from '@ccg/catalog';
import type { Target } from '@ccg/catalog';
import { assertNever } from '@ccg/kernel';
import type { Outcome } from '@ccg/kernel';
import { noUsage } from '@ccg/wire';
import type { Usage } from '@ccg/wire';
import { notMeasured } from './record.ts';
import type { AttemptRecord, Measured } from './record.ts';
import { estimatedInput } from './request-limits.ts';
import type { LimitedWork, RequestLimit } from './request-limits.ts';

/** What a request is charged for, and what that costs. */
export interface Use extends Measured {
  readonly costMicroDollars: number;
}

export const nothingUsed: Use = { ...notMeasured, costMicroDollars: 0 };

/** How a call ends that its provider may have worked for. */
const workedFor: ReadonlySet<Outcome> = new Set([
  'ok',
  'client_aborted',
  'client_stalled',
  'capacity_draining',
  'upstream_timeout',
  'upstream_truncated',
]);

/** What a request is charged for in the end. `hasAnswer`: the client got a part of an answer, or all of it. */
export function useOf(
  measured: Measured,
  { attempts, hasAnswer }: { readonly attempts: readonly AttemptRecord[]; readonly hasAnswer: boolean },
  target: Target,
  work: LimitedWork,
): Use {
  // An answer of the gateway's own.
  if (attempts.length === 0) return { ...measured, costMicroDollars: 0 };
  if (attempts.some(({ outcome }) => workedFor.has(outcome))) return useSoFar(measured, target, work);
  // A provider that failed says by its usage alone that it has worked.
  if (!hasAnswer && measured.usageSource !== 'reported') return nothingUsed;
  return { ...measured, costMicroDollars: costMicroDollars(measured.usage, target.price) };
}

/** What a request is charged for if its call is broken off now. The prompt was sent, whether its provider has told its tokens or not. */
export function useSoFar(measured: Measured, target: Target, work: LimitedWork): Use {
  const { usage, usageSource } = measured;
  if (hasPrompt(usage)) return { usage, usageSource, costMicroDollars: costMicroDollars(usage, target.price) };
  const estimated: Usage = { ...noUsage, ...usage, inputTokens: estimatedInput(work) };
  return { usage: estimated, usageSource: 'estimated', costMicroDollars: costMicroDollars(estimated, target.price) };
}

function hasPrompt({ inputTokens, cacheReadTokens, cacheWriteTokens }: Usage): boolean {
  return inputTokens + cacheReadTokens + cacheWriteTokens > 0;
}

/** What each limit is charged for: tokens, or micro-dollars. The others keep what they have reserved. */
export function amountsOf(limits: readonly RequestLimit[], use: Use): ReadonlyMap<Limit, number> {
  const amounts = new Map<Limit, number>();
  for (const { rule, limit } of limits) {
    const amount = amountOf(rule.kind, use);
    if (amount !== undefined) amounts.set(limit, amount);
  }
  return amounts;
}

/** What was read from a cache is no input here. */
function amountOf(kind: RequestLimit['rule']['kind'], { usage, costMicroDollars: cost }: Use): number | undefined {
  switch (kind) {
    case 'input_tokens':
      return usage.inputTokens + usage.cacheWriteTokens;
    case 'output_tokens':
      return usage.outputTokens;
    case 'budget':
      return cost;
    case 'requests':
    case 'count_requests':
    case 'concurrency':
      return undefined;
    default:
      return assertNever(kind);
  }
}
