import { isText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { asObject, asText } from '../../json-fields.ts';
import { fieldError } from '../../request/read-request.ts';
import { declareTools, warnOfStrict } from '../../tools/declare-tools.ts';
import type { EffectiveTools } from '../../tools/effective-tools.ts';
import { parametersOf } from '../../tools/schema/parameters.ts';
import { plainParameters } from '../../tools/schema/plain-parameters.ts';
import { isStrictSchema } from '../../tools/schema/strict-schema.ts';
import type { ConvertedTools } from '../../tools/tool-list-cache.ts';
import type { TranslationInput } from '../../translation.ts';
import type { ConversionContext } from './conversion-context.ts';
import { ownSearch } from './web-search.ts';

export const strictTools = 'tools[].strict';

/** The client's tools as functions. That they are not strict must be said: here strict is the default. */
export function convertTools(
  effective: EffectiveTools,
  input: Pick<TranslationInput, 'tools' | 'toolListCache' | 'target'>,
  context: ConversionContext,
): ConvertedTools {
  const { capabilities, rejected } = context;
  const takesStrict = capabilities.strictTools && !rejected.fields.has(strictTools);
  return declareTools(effective, input, context, {
    variants: takesStrict ? ['strict'] : [],
    search: capabilities.webSearch ? ownSearch : undefined,
    write(declared, warnings) {
      const { tool, name, description, schema } = declared;
      const parameters = capabilities.plainSchemas ? plainParameters(declared, warnings) : parametersOf(schema);
      const strict = tool['strict'] === true && takesStrict && isStrictSchema(parameters);
      if (!strict) warnOfStrict(declared, warnings);
      return { value: { type: 'function', name, description, parameters, strict }, isStrict: strict };
    },
  });
}

/** The fields for the client's tool choice. Without tools there are none. `tools` are the backend's names. */
export function convertToolChoice(
  value: JsonValue | undefined,
  tools: readonly string[],
  context: ConversionContext,
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

function parallel(choice: JsonObject, { capabilities, warnings }: ConversionContext): JsonObject {
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
  { toolNames }: ConversionContext,
): JsonObject {
  const text = asText(wanted);
  if (text === undefined || !isText(wanted)) throw fieldError('tool_choice.name', 'Field required');
  const name = toolNames.inward(text);
  return tools.includes(name) ? { tool_choice: { type: 'function', name } } : {};
}
