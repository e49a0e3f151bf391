import type { JsonObject, JsonValue } from '@ccg/wire';
import { asList, asObject, asText } from '../../json-fields.ts';
import { fieldError } from '../../request/read-request.ts';
import { isWebSearch } from '../../tools/web-search.ts';
import { declareTools, warnOfStrict } from '../../tools/declare-tools.ts';
import type { CallableTool, WrittenTool } from '../../tools/declare-tools.ts';
import type { DeclaredTool, EffectiveTools } from '../../tools/effective-tools.ts';
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

/** The client's tools as declarations of functions, and its choice among them; or the server's own search of the web. */
export function convertTools(
  choice: JsonValue | undefined,
  all: EffectiveTools,
  input: Pick<TranslationInput, 'tools' | 'toolListCache' | 'target'>,
  context: ConversionContext,
): GeminiTools {
  const { search, effective } = takeSearch(all, context);
  const isOpenApi = context.rejected.fields.has(jsonSchemaPath);
  const { value, names } = declareTools(effective, input, context, {
    variants: isOpenApi ? ['openapi'] : [],
    write: (declared, warnings) => writeDeclaration(declared, isOpenApi, warnings),
  });
  if (names.length === 0) {
    if (search !== undefined) warnOfDomains(search, context);
    const tools = search === undefined ? undefined : [{ googleSearch: {} }];
    return { tools, toolConfig: undefined, leavesChoice: true };
  }
  if (search !== undefined) {
    const text = 'This provider searches the web only where no other tools are declared. The search was removed.';
    context.warnings.add(search.path, 'unsupported', text);
  }
  const config = callingConfig(asObject(choice), names, context);
  return {
    tools: [{ functionDeclarations: value }],
    toolConfig: config === undefined ? undefined : { functionCallingConfig: config },
    leavesChoice: config?.['mode'] !== 'ANY',
  };
}

/** Where the model cannot search, the search stays among the tools that run only at Anthropic. */
function takeSearch(
  all: EffectiveTools,
  { capabilities }: ConversionContext,
): { readonly search: DeclaredTool | undefined; readonly effective: EffectiveTools } {
  const search = capabilities.webSearch ? all.tools.find(isWebSearch) : undefined;
  if (search === undefined) return { search, effective: all };
  return { search, effective: { tools: all.tools.filter((tool) => !isWebSearch(tool)), asDeclared: false } };
}

function warnOfDomains({ tool, path }: DeclaredTool, { warnings }: ConversionContext): void {
  for (const field of ['allowed_domains', 'blocked_domains']) {
    if (asList(tool[field]).length === 0) continue;
    warnings.add(`${path}.${field}`, 'unsupported', 'This provider cannot choose the domains that it searches.');
  }
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
