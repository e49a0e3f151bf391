import type { Decision, Limit, LimitState } from '@ccg/admission';
import { assertNever } from '@ccg/kernel';
import type { LimitTraffic } from '@ccg/kernel';
import type { LimitMeters, Metrics } from '@ccg/telemetry';
import type { RequestLimit } from './request-limits.ts';
import { amountsOf } from './settle-request.ts';
import type { Use } from './settle-request.ts';

/**
 * Counts whom limits refuse, and what is left of them. A request without limits costs nothing here. Batches use up what
 * they may, so what they leave tells nothing of what anybody else has left; money is that of both.
 */
export function countDecision(
  metrics: Metrics,
  tenant: string,
  limits: readonly RequestLimit[],
  decision: Decision,
  traffic: LimitTraffic,
): void {
  if (limits.length === 0 || decision.kind === 'unreadable') return;
  if (decision.kind === 'limited') metersOf(metrics, tenant, limits, decision.refused)?.refused('enforce');
  for (const refused of decision.shadowed) metersOf(metrics, tenant, limits, refused)?.refused('shadow');
  for (const state of decision.states) {
    if (traffic === 'batches' && state.limit.kind !== 'budget') continue;
    const meters = metersOf(metrics, tenant, limits, state);
    if (meters !== undefined) countState(meters, state);
  }
}

function countState(meters: LimitMeters, state: LimitState): void {
  const { limit } = state;
  switch (limit.kind) {
    case 'rate':
      if ('remaining' in state) meters.left(state.remaining / limit.capacity);
      return;
    case 'concurrency':
      if ('remaining' in state) meters.left(state.remaining / limit.maxRunning);
      return;
    case 'budget':
      if ('usedMicroDollars' in state)
        meters.used(limit.per, limit.mode, state.usedMicroDollars / limit.amountMicroDollars);
      return;
    default:
      assertNever(limit);
  }
}

/**
 * Counts what was reserved and what was used, so that somebody sees how good the estimates are: of the prompt, of the output,
 * and of both in money. What is reserved by `max_tokens` is no estimate, so it stands apart.
 */
export function countUse(
  metrics: Metrics,
  tenant: string,
  limits: readonly RequestLimit[],
  { use, estimatedOutput = 0 }: { readonly use: Use; readonly estimatedOutput: number | undefined },
): void {
  if (limits.length === 0) return;
  const amounts = amountsOf(limits, use);
  for (const { rule, limit } of limits) {
    const used = amounts.get(limit);
    const reserved = reservedOf(limit, estimatedOutput);
    if (used === undefined || reserved === 0) continue;
    const reserve = rule.kind === 'output_tokens' && rule.reserve === 'max_tokens' ? 'max_tokens' : 'estimate';
    metrics.limitsOf({ tenant, level: rule.level, kind: rule.kind }).settled(reserve, reserved, used);
  }
}

/** As admission does it: tokens of a rate, micro-dollars of a budget. 0 of a limit that is charged only by what was used. */
function reservedOf(limit: Limit, outputTokens: number): number {
  switch (limit.kind) {
    case 'rate':
      return limit.cost + limit.costPerOutputToken * outputTokens;
    case 'budget':
      return Math.ceil(limit.costMicroDollars + limit.microDollarsPerOutputToken * outputTokens);
    case 'concurrency':
      return 0;
    default:
      return assertNever(limit);
  }
}

function metersOf(
  metrics: Metrics,
  tenant: string,
  limits: readonly RequestLimit[],
  { limit }: Pick<LimitState, 'limit'>,
): LimitMeters | undefined {
  for (const known of limits) {
    if (known.limit === limit) return metrics.limitsOf({ tenant, level: known.rule.level, kind: known.rule.kind });
  }
  return undefined;
}
