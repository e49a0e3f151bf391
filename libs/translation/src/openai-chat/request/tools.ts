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
