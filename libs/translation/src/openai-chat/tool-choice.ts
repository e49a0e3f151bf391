import { isText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { asObject, asText } from '../json-fields.ts';
import { fieldError } from '../request-error.ts';

/** The fields for the client's tool choice. Servers refuse a choice without tools, so without any there is none. */
export function convertToolChoice(choice: JsonValue | undefined, tools: readonly JsonObject[]): JsonObject {
  const object = asObject(choice);
  if (object === undefined || tools.length === 0) return {};
  const parallel = object['disable_parallel_tool_use'] === true ? { parallel_tool_calls: false } : {};
  switch (asText(object['type'])) {
    case 'auto':
      return { tool_choice: 'auto', ...parallel };
    case 'any':
      return { tool_choice: 'required', ...parallel };
    case 'none':
      return { tool_choice: 'none' };
    case 'tool':
      return { ...namedTool(object['name'], tools), ...parallel };
    case undefined:
    default:
      throw fieldError('tool_choice.type', "Input should be one of 'auto', 'any', 'tool', 'none'");
  }
}

/** A tool that was left out cannot be forced. */
function namedTool(name: JsonValue | undefined, tools: readonly JsonObject[]): JsonObject {
  if (!isText(name)) throw fieldError('tool_choice.name', 'Field required');
  const wanted = asText(name);
  const isDeclared = tools.some((tool) => asText(asObject(tool['function'])?.['name']) === wanted);
  return isDeclared ? { tool_choice: { type: 'function', function: { name } } } : {};
}
