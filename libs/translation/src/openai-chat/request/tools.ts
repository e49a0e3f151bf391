import { isText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { asText, asObject } from '../../json-fields.ts';
import { fieldError } from '../../request/read-request.ts';
import { declareTools, warnOfStrict } from '../../tools/declare-tools.ts';
import type { CallableTool, WrittenTool } from '../../tools/declare-tools.ts';
import type { EffectiveTools } from '../../tools/effective-tools.ts';
import { parametersOf } from '../../tools/schema/parameters.ts';
import { plainParameters } from '../../tools/schema/plain-parameters.ts';
import { isStrictSchema } from '../../tools/schema/strict-schema.ts';
import type { ConvertedTools } from '../../tools/tool-list-cache.ts';
import type { TranslationInput } from '../../translation.ts';
import type { Warnings } from '../../warnings.ts';
import type { ConversionContext } from './conversion-context.ts';
import { areStrictToolsRejected } from './rejected-members.ts';
import { openRouterSearch } from './web-search.ts';

/** The client's tools as functions, with name, description and schema and nothing else. */
export function convertTools(
  effective: EffectiveTools,
  input: Pick<TranslationInput, 'tools' | 'toolListCache' | 'target'>,
  context: ConversionContext,
): ConvertedTools {
  const { capabilities } = context;
  const takesStrict = capabilities.strictTools && !areStrictToolsRejected(context);
  return declareTools(effective, input, context, {
    variants: takesStrict ? ['strict'] : [],
    search: capabilities.webSearch === 'openrouter-tool' ? openRouterSearch : undefined,
    write: (tool, warnings) => writeFunction(tool, takesStrict, capabilities.plainSchemas, warnings),
  });
}

function writeFunction(
  declared: CallableTool,
  takesStrict: boolean,
  plainly: boolean,
  warnings: Warnings,
): WrittenTool {
  const { tool, name, description } = declared;
  const parameters = plainly ? plainParameters(declared, warnings) : parametersOf(declared.schema);
  // Strict only if the backend enforces schemas and accepts this one.
  const isStrict = tool['strict'] === true && takesStrict && isStrictSchema(parameters);
  if (!isStrict) warnOfStrict(declared, warnings);
  const definition = { name, description, parameters, strict: isStrict ? true : undefined };
  return { value: { type: 'function', function: definition }, isStrict };
}

/**
 * The fields for the client's tool choice. Without tools there are none, since servers reject that. `tools` are the
 * backend's names.
 */
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
  const text = 'Parallel tool calls cannot be disabled for this provider.';
  warnings.add('tool_choice.disable_parallel_tool_use', 'unsupported', text);
  return {};
}

/** A tool that was removed cannot be forced. */
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
