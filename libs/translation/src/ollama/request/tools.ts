import type { JsonObject, JsonValue } from '@ccg/wire';
import { asObject, asText } from '../../json-fields.ts';
import { fieldError } from '../../request/read-request.ts';
import { declareTools, warnOfStrict } from '../../tools/declare-tools.ts';
import type { CallableTool, WrittenTool } from '../../tools/declare-tools.ts';
import type { EffectiveTools } from '../../tools/effective-tools.ts';
import { inlinedSchema } from '../../tools/schema/inlined-schema.ts';
import { parametersOf } from '../../tools/schema/parameters.ts';
import type { TranslationInput } from '../../translation.ts';
import type { Warnings } from '../../warnings.ts';
import type { ConversionContext } from './conversion-context.ts';

/**
 * The client's tools as functions; undefined for none. Ollama has no tool choice: `none` declares no tool, a forced tool
 * is the only one that is declared, and the rest is warned of.
 */
export function convertTools(
  value: JsonValue | undefined,
  { tools, asDeclared }: EffectiveTools,
  input: Pick<TranslationInput, 'tools' | 'toolListCache' | 'target'>,
  context: ConversionContext,
): JsonValue | undefined {
  const choice = tools.length === 0 ? undefined : asObject(value);
  const wanted = choice === undefined ? undefined : chosen(choice, context);
  if (wanted === 'none') return undefined;
  const forced = wanted === undefined ? [] : tools.filter(({ tool }) => asText(tool['name']) === wanted.tool);
  // A tool that was removed cannot be forced.
  const declared = forced.length === 0 ? { tools, asDeclared } : { tools: forced, asDeclared: false };
  const converted = declareTools(declared, input, context, { variants: [], write: writeFunction });
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

function writeFunction(declared: CallableTool, warnings: Warnings): WrittenTool {
  const { name, description, schema } = declared;
  warnOfStrict(declared, warnings);
  // Ollama reads a few keywords and drops the others without a word.
  const parameters = parametersOf(inlinedSchema(parametersOf(schema)));
  return {
    value: { type: 'function', function: { name, description, parameters } },
    isStrict: false,
  };
}
