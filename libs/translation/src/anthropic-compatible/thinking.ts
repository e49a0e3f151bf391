import type { Effort } from '@ccg/catalog';
import type { JsonObject } from '@ccg/wire';
import { closestEffort, readRequestedThinking } from '../request/requested-thinking.ts';
import type { CompatibleContext } from './compatible-context.ts';

/** The smallest budget of the protocol. */
const budgetMin = 1024;

/** What a level comes to where only a budget is known. */
const budgets: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: budgetMin,
  low: 2048,
  medium: 8192,
  high: 16_384,
  xhigh: 24_576,
  max: 31_999,
};

/** The client's wish as the switch with a budget, since the adaptive form is known to none of these servers. */
export function convertThinking(
  body: JsonObject,
  maxTokens: number,
  { capabilities, warnings }: CompatibleContext,
): JsonObject {
  const wish = readRequestedThinking(body);
  if (wish.kind === 'unasked') return {};
  if (wish.effort === 'none') return { thinking: { type: 'disabled' } };
  const level = closestEffort(wish.effort, capabilities.efforts);
  const effort = level === undefined ? {} : { output_config: { effort: level } };
  if ((body['thinking'] ?? null) === null) {
    if (level === undefined)
      warnings.add(wish.field, 'unsupported', 'This provider has no effort levels. The effort was ignored.');
    return effort;
  }
  // A budget of ours leaves as much for the answer.
  const own = Math.min(budgets[wish.effort], Math.floor(maxTokens / 2));
  const budget = Math.min(wish.budgetTokens ?? own, maxTokens - 1);
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
