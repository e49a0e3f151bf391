import type { ModelLimits } from '@ccg/catalog';
import type { Warnings } from '../warnings.ts';

export interface TokenLimits {
  /** What the client asks for; more than 0. */
  readonly wanted: number;
  /** The operator's cap; 0 means none. */
  readonly cap: number;
  readonly estimatedInputTokens: number | undefined;
  readonly model: ModelLimits;
}

/** The error of the estimate, and the tokens that a chat template adds. */
const marginTokens = 1024;
/** With less room than this the backend decides: the estimate may be wrong. */
const roomMinTokens = 1024;

/**
 * The output limit to send: at most what the operator, the model and the rest of its window allow, at least the
 * server's minimum.
 */
export function limitTokens(limits: TokenLimits, outputTokensMin: number, warnings: Warnings): number {
  const { wanted, cap, estimatedInputTokens } = limits;
  const { contextTokens, outputTokens } = limits.model;
  const room =
    contextTokens === undefined || estimatedInputTokens === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(roomMinTokens, contextTokens - estimatedInputTokens - marginTokens);
  const most = Math.min(cap > 0 ? cap : Number.POSITIVE_INFINITY, outputTokens ?? Number.POSITIVE_INFINITY, room);
  const limited = Math.max(outputTokensMin, Math.min(wanted, most));
  if (limited !== wanted) warnings.add('max_tokens', 'clamped', `max_tokens was changed to ${limited}.`);
  return limited;
}
