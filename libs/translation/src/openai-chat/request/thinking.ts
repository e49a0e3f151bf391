import type { ChatCapabilities, OperatorThinking } from '@ccg/catalog';
import type { JsonObject } from '@ccg/wire';
import { closestEffort } from '../../request/requested-thinking.ts';
import type { RequestedThinking } from '../../request/requested-thinking.ts';
import type { Warnings } from '../../warnings.ts';

/** What requests thinking from the backend. */
export interface ThinkingRequest {
  readonly fields: JsonObject;
  /** The last line of the instructions. */
  readonly line: string | undefined;
}

const nothing: ThinkingRequest = { fields: {}, line: undefined };

/** Requests thinking in the backend's form. Without a known form nothing is requested. */
export function convertThinking(
  requested: RequestedThinking,
  { thinkingForm: form, operatorThinking: operator }: ChatCapabilities,
  request: { readonly hasTools: boolean; readonly maxTokens: number },
  warnings: Warnings,
): ThinkingRequest {
  switch (form.kind) {
    case 'none':
      if (requested.kind === 'asked' && requested.effort !== 'none') {
        warnings.add(
          requested.field,
          'unsupported',
          'The gateway does not know how to request thinking from this model. Thinking was not requested.',
        );
      }
      return nothing;
    case 'effort': {
      if (form.refusesTools && request.hasTools) return withoutThinking(requested, form.field, warnings);
      const level = requested.kind === 'asked' ? closestEffort(requested.effort, form.levels) : undefined;
      return level === undefined ? nothing : fields(effortField(form.field, level));
    }
    case 'type': {
      if (requested.kind === 'unasked') return nothing;
      if (requested.effort === 'none') return fields({ thinking: { type: 'disabled' } });
      const level = closestEffort(requested.effort, form.levels);
      return fields({ thinking: { type: 'enabled' }, reasoning_effort: level });
    }
    case 'flag': {
      const on = isOn(requested, operator);
      if (on === undefined) return nothing;
      const flags = { [form.name]: on, ...form.with };
      const budget = on && form.takesBudget ? budgetTokens(requested, operator, request.maxTokens) : undefined;
      const placed = form.at === 'body' ? flags : { chat_template_kwargs: flags };
      return fields({ ...placed, reasoning_budget: budget });
    }
    case 'off-switch':
      return requested.kind === 'asked' && requested.effort === 'none' ? fields({ reasoning_effort: 'none' }) : nothing;
    case 'line': {
      const on = isOn(requested, operator);
      return on === undefined ? nothing : { fields: {}, line: on ? form.on : form.off };
    }
  }
}

/** Whether the model can be told not to think. */
export function canStopThinking(form: ChatCapabilities['thinkingForm']): boolean {
  return form.kind === 'effort' ? form.levels.includes('none') : form.kind !== 'none';
}

function fields(object: JsonObject): ThinkingRequest {
  return { fields: object, line: undefined };
}

function withoutThinking(
  requested: RequestedThinking,
  field: 'reasoning_effort' | 'reasoning',
  warnings: Warnings,
): ThinkingRequest {
  if (requested.kind === 'asked' && requested.effort !== 'none') {
    warnings.add(
      requested.field,
      'unsupported',
      'This model cannot think in a request that has tools. Thinking was disabled.',
    );
  }
  return fields(effortField(field, 'none'));
}

function effortField(field: 'reasoning_effort' | 'reasoning', level: string): JsonObject {
  return field === 'reasoning' ? { reasoning: { effort: level } } : { reasoning_effort: level };
}

/** Undefined if neither the client nor the operator decides. */
function isOn(requested: RequestedThinking, operator: OperatorThinking | undefined): boolean | undefined {
  if (requested.kind === 'unasked') return operator?.on;
  return requested.effort !== 'none' && (operator?.on ?? true);
}

function budgetTokens(
  requested: RequestedThinking,
  operator: OperatorThinking | undefined,
  maxTokens: number,
): number | undefined {
  if (operator === undefined || operator.budgetTokens === 0) return undefined;
  const asked = requested.kind === 'asked' ? requested.budgetTokens : undefined;
  return Math.min(operator.budgetTokens, asked ?? operator.budgetTokens, maxTokens);
}
