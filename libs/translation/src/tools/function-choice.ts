import { isText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { asObject, asText } from '../json-fields.ts';
import { fieldError } from '../request/read-request.ts';
import type { Warnings } from '../warnings.ts';
import type { ToolNames } from './tool-names.ts';

interface ChoiceContext {
  readonly capabilities: { readonly parallelToolCalls: boolean };
  readonly toolNames: ToolNames;
  readonly warnings: Warnings;
  /** How the dialect names the function that must be called. */
  choose(name: string): JsonObject;
}

/**
 * The client's tool choice in the words that OpenAI's dialects share: `tool_choice` and `parallel_tool_calls`. Without
 * tools there are none, since servers reject that. `tools` are the backend's names.
 */
export function convertToolChoice(
  value: JsonValue | undefined,
  tools: readonly string[],
  context: ChoiceContext,
): JsonObject {
  const choice = asObject(value);
  if (choice === undefined || tools.length === 0) return {};
  switch (asText(choice['type'])) {
    case 'auto':
      return { tool_choice: 'auto', ...parallel(choice, context) };
    case 'any':
      return { tool_choice: 'required', ...parallel(choice, context) };
    case 'none':
      return { tool_choice: 'none' };
    case 'tool':
      return { ...namedTool(choice['name'], tools, context), ...parallel(choice, context) };
    case undefined:
    default:
      throw fieldError('tool_choice.type', "Input should be one of 'auto', 'any', 'tool', 'none'");
  }
}

function parallel(choice: JsonObject, { capabilities, warnings }: ChoiceContext): JsonObject {
  if (choice['disable_parallel_tool_use'] !== true) return {};
  if (capabilities.parallelToolCalls) return { parallel_tool_calls: false };
  const text = 'Parallel tool calls cannot be disabled for this provider.';
  warnings.add('tool_choice.disable_parallel_tool_use', 'unsupported', text);
  return {};
}

/** A tool that was removed cannot be forced. */
function namedTool(
  wanted: JsonValue | undefined,
  tools: readonly string[],
  { toolNames, choose }: ChoiceContext,
): JsonObject {
  const text = asText(wanted);
  if (text === undefined || !isText(wanted)) throw fieldError('tool_choice.name', 'Field required');
  const name = toolNames.inward(text);
  return tools.includes(name) ? { tool_choice: choose(name) } : {};
}
