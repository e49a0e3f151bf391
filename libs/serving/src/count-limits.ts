import type { Decision, LimitState } from '@ccg/admission';
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

/** Counts what was reserved and what was used, of the limits whose reservation is known before: those without an estimate of output. */
export function countUse(metrics: Metrics, tenant: string, limits: readonly RequestLimit[], use: Use): void {
  if (limits.length === 0) return;
  const amounts = amountsOf(limits, use);
  for (const { rule, limit } of limits) {
    const used = amounts.get(limit);
    if (used === undefined || limit.kind !== 'rate' || limit.cost === 0 || limit.costPerOutputToken > 0) continue;
    metrics.limitsOf({ tenant, level: rule.level, kind: rule.kind }).settled(limit.cost, used);
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
