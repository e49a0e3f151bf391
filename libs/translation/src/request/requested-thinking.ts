import { efforts } from '@ccg/catalog';
import type { Effort } from '@ccg/catalog';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { asCount, asList, asObject, asText } from '../json-fields.ts';
import type { Warnings } from '../warnings.ts';

/** How much thinking the client asks for. */
export type RequestedThinking =
  | { readonly kind: 'unasked' }
  | {
      readonly kind: 'asked';
      /** The field of the request. */
      readonly field: 'thinking' | 'output_config.effort';
      readonly effort: Effort;
      readonly budgetTokens: number | undefined;
    };

/**
 * Reads how much thinking the client requests. In order of precedence: disabled, the effort of the last system message
 * that has one, the effort of the request, the budget, the type.
 */
export function readRequestedThinking(body: JsonObject): RequestedThinking {
  const thinking = asObject(body['thinking']);
  const type = asText(thinking?.['type']);
  if (type === 'disabled') return asked('none');
  const budgetTokens = type === 'enabled' ? asCount(thinking?.['budget_tokens']) : undefined;
  const effort = turnEffort(asList(body['messages'])) ?? effortOf(body['output_config']);
  if (effort !== undefined) {
    return { kind: 'asked', field: type === undefined ? 'output_config.effort' : 'thinking', effort, budgetTokens };
  }
  switch (type) {
    case 'enabled':
      return asked(budgetTokens === undefined ? 'high' : budgetEffort(budgetTokens), budgetTokens);
    case 'adaptive':
      return asked('high');
    case 'between_tools':
      return asked('low');
    case undefined:
    default:
      return { kind: 'unasked' };
  }
}

function asked(effort: Effort, budgetTokens?: number): RequestedThinking {
  return { kind: 'asked', field: 'thinking', effort, budgetTokens };
}

function turnEffort(messages: readonly JsonValue[]): Effort | undefined {
  for (const message of messages.toReversed()) {
    const turn = asObject(message);
    const effort = asText(turn?.['role']) === 'system' ? effortOf(turn?.['output_config']) : undefined;
    if (effort !== undefined) return effort;
  }
  return undefined;
}

function effortOf(outputConfig: JsonValue | undefined): Effort | undefined {
  const effort = asText(asObject(outputConfig)?.['effort']);
  return efforts.find((level) => level === effort);
}

function budgetEffort(budgetTokens: number): Effort {
  if (budgetTokens < 2048) return 'low';
  if (budgetTokens < 8192) return 'medium';
  return budgetTokens < 24_576 ? 'high' : 'xhigh';
}

/**
 * The model's level that is closest to the wanted one: the next lower one, else the next higher one. For `none` its
 * lowest level. Undefined if the model has no levels.
 */
export function closestEffort(wanted: Effort, levels: readonly Effort[]): Effort | undefined {
  const sorted = levels.toSorted((one, other) => efforts.indexOf(one) - efforts.indexOf(other));
  if (wanted === 'none') return sorted[0];
  const rank = efforts.indexOf(wanted);
  const thinking = sorted.filter((level) => level !== 'none');
  return thinking.findLast((level) => efforts.indexOf(level) <= rank) ?? thinking[0];
}

/** The reasoning of earlier turns, which a server may reject as not its own. */
export const pastReasoning = 'past reasoning';

/** A history whose calls stand without the reasoning before them, which some servers want back. */
export const historyWithoutReasoning = 'history without reasoning';

/** Messages of the assistant that have calls and no text, which some servers refuse. */
export const callsWithoutText = 'calls without text';

/** Reasoning in messages, in whatever form, which some servers of the older protocol do not know. */
export const reasoningInMessages = 'reasoning in messages';

/** Messages of the system, which some models do not know. */
export const systemMessages = 'system messages';

/** Messages of the system after the first message, which the chat templates of some models refuse. */
export const laterSystemMessages = 'system messages between turns';

/** A combination of settings that some servers reject. */
export const forcedWhileThinking = 'forced choice while thinking';

/** A combination of settings that some models of some servers reject. */
export const thinkingWithTools = 'thinking with tools';

/** Tells the client that its instructions stand in a message of the user. */
export function warnOfSystem(warnings: Warnings): void {
  const text =
    'This model takes no system messages. The system prompt was sent at the beginning of the first user message.';
  warnings.add('system', 'approximated', text);
}

/** No thinking, for a request that forces a tool. Warns a client that asked for some. */
export function withoutThinking(requested: RequestedThinking, warnings: Warnings): RequestedThinking {
  if (requested.kind === 'asked' && requested.effort !== 'none') {
    const text =
      'This provider cannot force a tool call while the model thinks. Thinking was disabled for this request.';
    warnings.add(requested.field, 'unsupported', text);
  }
  return asked('none');
}

/** Only Anthropic supports task budgets. */
export function warnOfTaskBudget(body: JsonObject, warnings: Warnings): void {
  const budget = asObject(body['output_config'])?.['task_budget'] ?? null;
  if (budget === null) return;
  warnings.add(
    'output_config.task_budget',
    'unsupported',
    'Only Anthropic supports task budgets. The budget was ignored.',
  );
}
