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
