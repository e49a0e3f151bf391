import type { JsonObject, JsonValue } from '@ccg/wire';
import { asObject, asText } from '../json-fields.ts';
import { fieldError } from '../request/read-request.ts';
import type { CompatibleContext } from './compatible-context.ts';

/** The tools to declare, and the tool choice. */
export interface ToolFields {
  readonly tools: readonly JsonObject[];
  readonly choice: JsonObject | undefined;
}

/**
 * The client's tool choice. If the server does not support it: `none` declares no tool, and a forced tool is the only
 * one that is declared.
 */
export function convertToolChoice(
  value: JsonValue | undefined,
  tools: readonly JsonObject[],
  context: CompatibleContext,
): ToolFields {
  const choice = asObject(value);
  if (choice === undefined || tools.length === 0) return { tools, choice: undefined };
  const { toolChoices } = context.capabilities;
  const rest = parallelSwitch(choice, context);
  const kind = asText(choice['type']);
  switch (kind) {
    case 'auto':
      return { tools, choice: { type: 'auto', ...rest } };
    case 'none':
      return toolChoices.includes('none') ? { tools, choice: { type: 'none' } } : { tools: [], choice: undefined };
    case 'any':
      return { tools, choice: forced(rest, context) };
    case 'tool': {
      const wanted = asText(choice['name']);
      if (wanted === undefined) throw fieldError('tool_choice.name', 'Field required');
      const named = tools.filter((tool) => asText(tool['name']) === context.names.inward(wanted));
      // A tool that was removed cannot be forced.
      if (named.length === 0) return { tools, choice: undefined };
      if (toolChoices.includes('tool'))
        return { tools, choice: { type: 'tool', name: context.names.inward(wanted), ...rest } };
      return { tools: named, choice: forced(rest, context) };
    }
    case undefined:
    default:
      throw fieldError('tool_choice.type', "Input should be one of 'auto', 'any', 'tool', 'none'");
  }
}

function forced(rest: JsonObject, { capabilities, warnings }: CompatibleContext): JsonObject | undefined {
  if (capabilities.toolChoices.includes('any')) return { type: 'any', ...rest };
  warnings.add('tool_choice', 'unsupported', 'This provider cannot force a tool call. The tool choice was ignored.');
  return undefined;
}

function parallelSwitch(choice: JsonObject, { capabilities, warnings }: CompatibleContext): JsonObject {
  if (choice['disable_parallel_tool_use'] !== true) return {};
  if (capabilities.parallelSwitch) return { disable_parallel_tool_use: true };
  const text = 'Parallel tool calls cannot be disabled for this provider.';
  warnings.add('tool_choice.disable_parallel_tool_use', 'unsupported', text);
  return {};
}
