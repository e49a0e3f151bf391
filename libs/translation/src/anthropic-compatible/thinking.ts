import type { Effort } from '@ccg/catalog';
import type { JsonObject } from '@ccg/wire';
import { closestEffort } from '../request/requested-thinking.ts';
import type { RequestedThinking } from '../request/requested-thinking.ts';
import type { CompatibleContext } from './compatible-context.ts';

/** The smallest budget of the protocol. */
const budgetMin = 1024;

/** The budget of each level, for servers that have only budgets. */
const budgets: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: budgetMin,
  low: 2048,
  medium: 8192,
  high: 16_384,
  xhigh: 24_576,
  max: 31_999,
};

/** Thinking as `enabled` with a budget: none of these servers knows the adaptive form. */
export function convertThinking(
  body: JsonObject,
  requested: RequestedThinking,
  maxTokens: number,
  { capabilities, warnings }: CompatibleContext,
): JsonObject {
  if (requested.kind === 'unasked') return {};
  if (requested.effort === 'none') return { thinking: { type: 'disabled' } };
  const level = closestEffort(requested.effort, capabilities.efforts);
  const effort = level === undefined ? {} : { output_config: { effort: level } };
  if ((body['thinking'] ?? null) === null) {
    if (level === undefined)
      warnings.add(requested.field, 'unsupported', 'This provider has no effort levels. The effort was ignored.');
    return effort;
  }
  // The gateway's own budget leaves half of the tokens for the answer.
  const own = Math.min(budgets[requested.effort], Math.floor(maxTokens / 2));
  const budget = Math.min(requested.budgetTokens ?? own, maxTokens - 1);
  if (budget < budgetMin) {
    warnings.add(
      'thinking',
      'unsupported',
      'max_tokens is too small for a thinking budget. Thinking was not requested.',
    );
    return effort;
  }
  return { thinking: { type: 'enabled', budget_tokens: budget }, ...effort };
}
