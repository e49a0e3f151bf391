import type { JsonObject } from '@ccg/wire';
import { asObject } from '../json-fields.ts';
import type { Warnings } from '../warnings.ts';

/** Only models of Anthropic are told how much a whole task may take. */
export function warnOfTaskBudget(body: JsonObject, warnings: Warnings): void {
  const budget = asObject(body['output_config'])?.['task_budget'] ?? null;
  if (budget === null) return;
  warnings.add('output_config.task_budget', 'unsupported', 'The model is told of no budget for its task here.');
}
