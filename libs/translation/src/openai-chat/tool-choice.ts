import { isText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { asObject, asText } from '../json-fields.ts';
import { fieldError } from '../request-error.ts';
import type { ConversionContext } from './conversion-context.ts';

/** The fields for the client's tool choice. Servers refuse a choice without tools, so without any there is none; `tools` are the backend's names. */
export function convertToolChoice(
  choice: JsonValue | undefined,
  tools: readonly string[],
  context: ConversionContext,
): JsonObject {
  const object = asObject(choice);
  if (object === undefined || tools.length === 0) return {};
  switch (asText(object['type'])) {
    case 'auto':
      return { tool_choice: 'auto', ...parallel(object, context) };
    case 'any':
      return { tool_choice: 'required', ...parallel(object, context) };
    case 'none':
      return { tool_choice: 'none' };
    case 'tool':
      return { ...namedTool(object['name'], tools, context), ...parallel(object, context) };
    case undefined:
    default:
      throw fieldError('tool_choice.type', "Input should be one of 'auto', 'any', 'tool', 'none'");
  }
}

function parallel(choice: JsonObject, { capabilities, warnings }: ConversionContext): JsonObject {
  if (choice['disable_parallel_tool_use'] !== true) return {};
  if (capabilities.parallelToolCalls) return { parallel_tool_calls: false };
  const text = 'Calls side by side cannot be switched off here.';
  warnings.add('tool_choice.disable_parallel_tool_use', 'unsupported', text);
  return {};
}

/** A tool that was left out cannot be forced. */
function namedTool(
  choice: JsonValue | undefined,
  tools: readonly string[],
  { toolNames }: ConversionContext,
): JsonObject {
  const wanted = asText(choice);
  if (wanted === undefined || !isText(choice)) throw fieldError('tool_choice.name', 'Field required');
  const name = toolNames.inward(wanted);
  return tools.includes(name) ? { tool_choice: { type: 'function', function: { name } } } : {};
}
