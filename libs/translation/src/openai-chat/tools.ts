import { decodeText, isText } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import { asText } from '../json-fields.ts';
import { fieldError } from '../request-error.ts';
import type { DeclaredTool } from '../tools/effective-tools.ts';
import type { ConversionContext } from './conversion-context.ts';
import { isStrictSchema } from './strict-schema.ts';
import { parametersOf } from './tool-schema.ts';

/** Whether Anthropic itself runs the tool: it has a type of its own and no schema. */
export function runsAtAnthropic({ tool }: DeclaredTool): boolean {
  return (asText(tool['type']) ?? 'custom') !== 'custom' && tool['input_schema'] === undefined;
}

/**
 * The client's tools as functions, with name, description and schema and nothing else. Tools that Anthropic runs
 * itself are left out with a warning. The list may be empty.
 */
export function convertTools(tools: readonly DeclaredTool[], context: ConversionContext): JsonObject[] {
  return tools.flatMap((tool) => convertTool(tool, context));
}

function convertTool(declared: DeclaredTool, context: ConversionContext): JsonObject[] {
  const { tool, path } = declared;
  const { provider, warnings, toolNames } = context;
  const { name, description, input_schema: schema } = tool;
  if (runsAtAnthropic(declared)) {
    const type = asText(tool['type']) ?? '';
    warnings.add(path, 'unsupported', `The tool ${type} runs at Anthropic and is not available on "${provider}".`);
    return [];
  }
  if (!isText(name)) throw fieldError(`${path}.name`, 'Field required');
  const definition = {
    name: toolNames.inward(decodeText(name)),
    description: isText(description) ? description : undefined,
    parameters: parametersOf(schema),
    strict: isStrict(tool, context) ? true : undefined,
  };
  return [{ type: 'function', function: definition }];
}

/** The promise is kept only where the backend can keep it, and for a schema that it takes. */
function isStrict(tool: JsonObject, { capabilities, refused }: ConversionContext): boolean {
  if (tool['strict'] !== true || !capabilities.strictTools || refused.has('strict')) return false;
  return isStrictSchema(tool['input_schema']);
}
