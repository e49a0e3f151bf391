import type { ChatCapabilities, OperatorThinking } from '@ccg/catalog';
import type { JsonObject } from '@ccg/wire';
import { closestEffort } from '../../request/requested-thinking.ts';
import type { RequestedThinking } from '../../request/requested-thinking.ts';
import type { Warnings } from '../../warnings.ts';

/** What asks the backend to think as much as the client wants. */
export interface ThinkingRequest {
  readonly fields: JsonObject;
  /** Stands at the end of the instructions. */
  readonly line: string | undefined;
}

const nothing: ThinkingRequest = { fields: {}, line: undefined };

/** Says the wish in the backend's form; a backend whose form is not known is not asked at all. */
export function convertThinking(
  wish: RequestedThinking,
  { thinkingForm: form, operatorThinking: operator }: ChatCapabilities,
  request: { readonly hasTools: boolean; readonly maxTokens: number },
  warnings: Warnings,
): ThinkingRequest {
  switch (form.kind) {
    case 'none':
      if (wish.kind === 'asked' && wish.effort !== 'none') {
        warnings.add(
          wish.field,
          'unsupported',
          'The gateway does not know how to request thinking from this model. Thinking was not requested.',
        );
      }
      return nothing;
    case 'effort': {
      if (form.refusesTools && request.hasTools) return withoutThinking(wish, form.field, warnings);
      const level = wish.kind === 'asked' ? closestEffort(wish.effort, form.levels) : undefined;
      return level === undefined ? nothing : fields(effortField(form.field, level));
    }
    case 'type': {
      if (wish.kind === 'unasked') return nothing;
      if (wish.effort === 'none') return fields({ thinking: { type: 'disabled' } });
      const level = closestEffort(wish.effort, form.levels);
      return fields({ thinking: { type: 'enabled' }, reasoning_effort: level });
    }
    case 'flag': {
      const on = isOn(wish, operator);
      if (on === undefined) return nothing;
      const flags = { [form.name]: on, ...form.with };
      const budget = on && form.takesBudget ? budgetTokens(wish, operator, request.maxTokens) : undefined;
      const placed = form.at === 'body' ? flags : { chat_template_kwargs: flags };
      return fields({ ...placed, reasoning_budget: budget });
    }
    case 'off-switch':
      return wish.kind === 'asked' && wish.effort === 'none' ? fields({ reasoning_effort: 'none' }) : nothing;
    case 'line': {
      const on = isOn(wish, operator);
      return on === undefined ? nothing : { fields: {}, line: on ? form.on : form.off };
    }
  }
}

function fields(object: JsonObject): ThinkingRequest {
  return { fields: object, line: undefined };
}

function withoutThinking(
  wish: RequestedThinking,
  field: 'reasoning_effort' | 'reasoning',
  warnings: Warnings,
): ThinkingRequest {
  if (wish.kind === 'asked' && wish.effort !== 'none') {
    warnings.add(
      wish.field,
      'unsupported',
      'This model cannot think in a request that has tools. Thinking was disabled.',
    );
  }
  return fields(effortField(field, 'none'));
}

function effortField(field: 'reasoning_effort' | 'reasoning', level: string): JsonObject {
  return field === 'reasoning' ? { reasoning: { effort: level } } : { reasoning_effort: level };
}

/** Undefined where neither the client nor the operator wants anything of it. */
function isOn(wish: RequestedThinking, operator: OperatorThinking | undefined): boolean | undefined {
  if (wish.kind === 'unasked') return operator?.on;
  return wish.effort !== 'none' && (operator?.on ?? true);
}

function budgetTokens(
  wish: RequestedThinking,
  operator: OperatorThinking | undefined,
  maxTokens: number,
): number | undefined {
  if (operator === undefined || operator.budgetTokens === 0) return undefined;
  const asked = wish.kind === 'asked' ? wish.budgetTokens : undefined;
  return Math.min(operator.budgetTokens, asked ?? operator.budgetTokens, maxTokens);
}
