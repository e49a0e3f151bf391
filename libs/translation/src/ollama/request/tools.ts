import { decodeText, isText, RawJson, writeJson } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { asObject, asText } from '../../json-fields.ts';
import { fieldError } from '../../request/read-request.ts';
import { runsAtAnthropic } from '../../tools/effective-tools.ts';
import type { DeclaredTool, EffectiveTools } from '../../tools/effective-tools.ts';
import { parametersOf } from '../../tools/schema/parameters.ts';
import { plainerSchemaText, simplified } from '../../tools/schema/plainer-schema.ts';
import type { ConvertedTools } from '../../tools/tool-list-cache.ts';
import type { TranslationInput } from '../../translation.ts';
import { createWarnings } from '../../warnings.ts';
import type { ConversionContext } from './conversion-context.ts';

/**
 * The client's tools as functions; undefined for none. Ollama has no tool choice: `none` declares no tool, a forced tool
 * is the only one that is declared, and the rest is warned of.
 */
export function convertTools(
  value: JsonValue | undefined,
  { tools, asDeclared }: EffectiveTools,
  { tools: source, toolListCache, target }: Pick<TranslationInput, 'tools' | 'toolListCache' | 'target'>,
  context: ConversionContext,
): JsonValue | undefined {
  const choice = tools.length === 0 ? undefined : asObject(value);
  const { schemas } = context.rejected;
  const form = [target.key, schemas.level, ...[...schemas.keywords].toSorted()].join('\n');
  const wanted = choice === undefined ? undefined : chosen(choice, context);
  if (wanted === 'none') return undefined;
  const forced = wanted === undefined ? [] : tools.filter(({ tool }) => asText(tool['name']) === wanted.tool);
  // A tool that was removed cannot be forced.
  const declared = forced.length === 0 ? tools : forced;
  const convert = () => convertAnew(declared, context);
  const isCached = source !== undefined && asDeclared && declared === tools;
  const converted = isCached ? toolListCache.made(source, form, convert) : convert();
  for (const { field, code, text } of converted.warnings) context.warnings.add(field, code, text);
  // A list without an element is not the same to every chat template as none.
  return converted.names.length === 0 ? undefined : converted.value;
}

/** The one tool that is wanted, or that none is; undefined leaves it to the model. */
function chosen(choice: JsonObject, { warnings }: ConversionContext): 'none' | { readonly tool: string } | undefined {
  const kind = asText(choice['type']);
  if (kind !== 'none' && choice['disable_parallel_tool_use'] === true) {
    const text = 'Parallel tool calls cannot be disabled for this provider.';
    warnings.add('tool_choice.disable_parallel_tool_use', 'unsupported', text);
  }
  switch (kind) {
    case 'auto':
      return undefined;
    case 'none':
      return 'none';
    case 'any':
    case 'tool': {
      const tool = asText(choice['name']);
      if (kind === 'tool' && tool === undefined) throw fieldError('tool_choice.name', 'Field required');
      warnings.add(
        'tool_choice',
        'unsupported',
        'This provider cannot force a tool call. The model may answer instead.',
      );
      return kind === 'tool' && tool !== undefined ? { tool } : undefined;
    }
    case undefined:
    default:
      throw fieldError('tool_choice.type', "Input should be one of 'auto', 'any', 'tool', 'none'");
  }
}

function convertAnew(tools: readonly DeclaredTool[], context: ConversionContext): ConvertedTools {
  const warnings = createWarnings();
  const functions = tools.flatMap((tool) => convertTool(tool, { ...context, warnings }));
  const written = writeJson(functions.map((definition) => ({ type: 'function', function: definition })));
  return {
    value: new RawJson(written, 0, written.length),
    names: functions.map(({ name }) => name),
    hasStrict: false,
    warnings: warnings.list(),
  };
}

interface FunctionDefinition extends JsonObject {
  readonly name: string;
}

function convertTool(
  declared: DeclaredTool,
  { warnings, toolNames, rejected }: ConversionContext,
): FunctionDefinition[] {
  const { tool, path } = declared;
  const { name, description, input_schema: schema } = tool;
  if (runsAtAnthropic(declared)) {
    const type = asText(tool['type']) ?? '';
    warnings.add(path, 'unsupported', `The server tool ${type} runs only at Anthropic. It was removed.`);
    return [];
  }
  if (!isText(name)) throw fieldError(`${path}.name`, 'Field required');
  if (tool['strict'] === true) {
    warnings.add(`${path}.strict`, 'unsupported', 'This provider does not enforce strict tool schemas.');
  }
  const plainer = simplified(schema, rejected.schemas);
  if (plainer !== undefined) warnings.add(`${path}.input_schema`, 'approximated', plainerSchemaText);
  return [
    {
      name: toolNames.inward(decodeText(name)),
      description: isText(description) ? description : undefined,
      parameters: parametersOf(plainer ?? schema),
    },
  ];
}
