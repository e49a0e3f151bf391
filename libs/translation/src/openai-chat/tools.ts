import { isText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { asList, asObject, asText } from '../json-fields.ts';
import { fieldError } from '../request-error.ts';
import type { ConversionContext } from './conversion-context.ts';
import { parametersOf } from './tool-schema.ts';

/** Tells the model never to call it; it only keeps the place of tools that were not loaded. */
const placeholderName = 'DeferredToolPlaceholder';

/**
 * The client's tools as functions, with name, description and schema and nothing else. Tools that Anthropic runs
 * itself are left out with a warning. The list may be empty.
 */
export function convertTools(tools: JsonValue | undefined, context: ConversionContext): JsonObject[] {
  return asList(tools).flatMap((value, index) => convertTool(value, `tools.${index}`, context));
}

function convertTool(value: JsonValue, path: string, { provider, warnings }: ConversionContext): JsonObject[] {
  const tool = asObject(value);
  if (tool === undefined) throw fieldError(path, 'Input should be a tool');
  const { name, description, input_schema: schema } = tool;
  const type = asText(tool['type']) ?? 'custom';
  if (type !== 'custom' && schema === undefined) {
    warnings.add(path, 'unsupported', `The tool ${type} runs at Anthropic and is not available on "${provider}".`);
    return [];
  }
  if (!isText(name)) throw fieldError(`${path}.name`, 'Field required');
  if (asText(name) === placeholderName) return [];
  const definition = {
    name,
    description: isText(description) ? description : undefined,
    parameters: parametersOf(schema),
  };
  return [{ type: 'function', function: definition }];
}
