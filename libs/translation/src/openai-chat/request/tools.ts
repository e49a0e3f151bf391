import { decodeText, isText, RawJson, writeJson } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { asText, asObject } from '../../json-fields.ts';
import { fieldError } from '../../request/read-request.ts';
import { runsAtAnthropic } from '../../tools/effective-tools.ts';
import type { DeclaredTool, EffectiveTools } from '../../tools/effective-tools.ts';
import { parametersOf } from '../../tools/schema/parameters.ts';
import { plainerSchemaText, simplified } from '../../tools/schema/plainer-schema.ts';
import { plainSchema } from '../../tools/schema/plain-schema.ts';
import { isStrictSchema } from '../../tools/schema/strict-schema.ts';
import type { ConvertedTools } from '../../tools/tool-list-cache.ts';
import type { TranslationInput } from '../../translation.ts';
import { createWarnings } from '../../warnings.ts';
import type { ConversionContext } from './conversion-context.ts';
import { areStrictToolsRejected } from './rejected-members.ts';

/**
 * The client's tools as functions, with name, description and schema and nothing else. Tools that Anthropic runs
 * itself are left out with a warning. The list may be empty. It is converted once for each list and model.
 */
export function convertTools(
  { tools, asDeclared }: EffectiveTools,
  { tools: source, toolListCache, target }: Pick<TranslationInput, 'tools' | 'toolListCache' | 'target'>,
  context: ConversionContext,
): ConvertedTools {
  const convert = () => convertAnew(tools, context);
  const form = [target.key, ...rejectedOfTools(context)].join('\n');
  const converted = source !== undefined && asDeclared ? toolListCache.made(source, form, convert) : convert();
  for (const { field, code, text } of converted.warnings) context.warnings.add(field, code, text);
  return converted;
}

/** What the conversion of tools depends on besides the target. */
function rejectedOfTools({ rejected }: ConversionContext): readonly string[] {
  const { level, keywords } = rejected.schemas;
  return [...(areStrictToolsRejected({ rejected }) ? ['strict'] : []), level, ...[...keywords].toSorted()];
}

function convertAnew(tools: readonly DeclaredTool[], context: ConversionContext): ConvertedTools {
  const warnings = createWarnings();
  const functions = tools.flatMap((tool) => convertTool(tool, { ...context, warnings }));
  const written = writeJson(functions.map((definition) => ({ type: 'function', function: definition })));
  return {
    value: new RawJson(written, 0, written.length),
    names: functions.map(({ name }) => name),
    hasStrict: functions.some(({ strict }) => strict === true),
    warnings: warnings.list(),
  };
}

function convertTool(declared: DeclaredTool, context: ConversionContext): FunctionDefinition[] {
  const { tool, path } = declared;
  const { warnings, toolNames } = context;
  const { name, description, input_schema: schema } = tool;
  if (runsAtAnthropic(declared)) {
    const type = asText(tool['type']) ?? '';
    warnings.add(path, 'unsupported', `The server tool ${type} runs only at Anthropic. It was removed.`);
    return [];
  }
  if (!isText(name)) throw fieldError(`${path}.name`, 'Field required');
  const parameters = convertParameters(schema, `${path}.input_schema`, context);
  const definition = {
    name: toolNames.inward(decodeText(name)),
    description: isText(description) ? description : undefined,
    parameters,
    strict: isStrict(declared, parameters, context) ? true : undefined,
  };
  return [definition];
}

interface FunctionDefinition extends JsonObject {
  readonly name: string;
}

function convertParameters(schema: JsonValue | undefined, path: string, context: ConversionContext): RawJson {
  const parameters = parametersOf(plainerParameters(schema, path, context));
  if (!context.capabilities.plainSchemas) return parameters;
  const plain = plainSchema(writeJson(parameters));
  if (plain === undefined) return parameters;
  if (plain.isLooser) {
    const text =
      'The schema was relaxed: this provider rejects alternatives at the root of a schema, and patterns with lookaround.';
    context.warnings.add(path, 'approximated', text);
  }
  return parametersOf(new RawJson(plain.json, 0, plain.json.length));
}

/** As plain as the server was found to need it. */
function plainerParameters(
  schema: JsonValue | undefined,
  path: string,
  { rejected, warnings }: ConversionContext,
): JsonValue | undefined {
  const plainer = simplified(schema, rejected.schemas);
  if (plainer !== undefined) warnings.add(path, 'approximated', plainerSchemaText);
  return plainer ?? schema;
}

/** Strict only if the backend enforces schemas and accepts this one. */
function isStrict(
  { tool, path }: DeclaredTool,
  parameters: RawJson,
  { capabilities, rejected, warnings }: ConversionContext,
): boolean {
  if (tool['strict'] !== true) return false;
  if (capabilities.strictTools && !areStrictToolsRejected({ rejected }) && isStrictSchema(parameters)) return true;
  warnings.add(`${path}.strict`, 'unsupported', 'This provider does not enforce strict tool schemas.');
  return false;
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
