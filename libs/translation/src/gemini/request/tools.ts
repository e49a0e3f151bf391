import type { JsonObject, JsonValue } from '@ccg/wire';
import { asObject, asText } from '../../json-fields.ts';
import { fieldError } from '../../request/read-request.ts';
import { declareTools, warnOfStrict } from '../../tools/declare-tools.ts';
import type { CallableTool, WrittenTool } from '../../tools/declare-tools.ts';
import type { EffectiveTools } from '../../tools/effective-tools.ts';
import { openApiSchema } from '../../tools/schema/openapi-schema.ts';
import { parametersOf } from '../../tools/schema/parameters.ts';
import type { TranslationInput } from '../../translation.ts';
import type { Warnings } from '../../warnings.ts';
import type { ConversionContext } from './conversion-context.ts';

/** Where the schemas of tools stand. Old servers take them in the form of OpenAPI alone, under another name. */
export const jsonSchemaPath = 'tools[].functionDeclarations[].parametersJsonSchema';

export interface GeminiTools {
  /** Undefined for none. */
  readonly tools: JsonValue | undefined;
  readonly toolConfig: JsonObject | undefined;
  /** Whether the model may answer without a call. */
  readonly leavesChoice: boolean;
}

/** The client's tools as declarations of functions, and its choice among them. */
export function convertTools(
  choice: JsonValue | undefined,
  effective: EffectiveTools,
  input: Pick<TranslationInput, 'tools' | 'toolListCache' | 'target'>,
  context: ConversionContext,
): GeminiTools {
  const isOpenApi = context.rejected.fields.has(jsonSchemaPath);
  const { value, names } = declareTools(effective, input, context, {
    variants: isOpenApi ? ['openapi'] : [],
    write: (declared, warnings) => writeDeclaration(declared, isOpenApi, warnings),
  });
  if (names.length === 0) return { tools: undefined, toolConfig: undefined, leavesChoice: true };
  const config = callingConfig(asObject(choice), names, context);
  return {
    tools: [{ functionDeclarations: value }],
    toolConfig: config === undefined ? undefined : { functionCallingConfig: config },
    leavesChoice: config?.['mode'] !== 'ANY',
  };
}

function writeDeclaration(declared: CallableTool, isOpenApi: boolean, warnings: Warnings): WrittenTool {
  const { name, description, schema } = declared;
  warnOfStrict(declared, warnings);
  const parameters = parametersOf(schema);
  const form = isOpenApi ? { parameters: openApiSchema(parameters) } : { parametersJsonSchema: parameters };
  return { value: { name, description, ...form }, isStrict: false };
}

/** A tool that was removed cannot be forced. `names` are the backend's. */
function callingConfig(
  choice: JsonObject | undefined,
  names: readonly string[],
  { toolNames, warnings }: ConversionContext,
): JsonObject | undefined {
  if (choice === undefined) return undefined;
  if (choice['disable_parallel_tool_use'] === true) {
    const text = 'Parallel tool calls cannot be disabled for this provider.';
    warnings.add('tool_choice.disable_parallel_tool_use', 'unsupported', text);
  }
  switch (asText(choice['type'])) {
    case 'auto':
      return { mode: 'AUTO' };
    case 'any':
      return { mode: 'ANY' };
    case 'none':
      return { mode: 'NONE' };
    case 'tool': {
      const wanted = asText(choice['name']);
      if (wanted === undefined) throw fieldError('tool_choice.name', 'Field required');
      const name = toolNames.inward(wanted);
      return names.includes(name) ? { mode: 'ANY', allowedFunctionNames: [name] } : undefined;
    }
    case undefined:
    default:
      throw fieldError('tool_choice.type', "Input should be one of 'auto', 'any', 'tool', 'none'");
  }
}
