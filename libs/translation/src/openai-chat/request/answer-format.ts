import { joinTexts, RawText, writeJson } from '@ccg/wire';
import type { JsonObject, JsonText, JsonValue } from '@ccg/wire';
import { asObject, asText } from '../../json-fields.ts';
import type { ConversionContext } from './conversion-context.ts';
import { isStrictSchema } from '../../tools/schema/strict-schema.ts';

/** What makes the backend answer in the client's output format. */
export interface AnswerFormat {
  readonly fields: JsonObject;
  /** The last line of the instructions, if the format cannot be enforced. */
  readonly line: JsonText | undefined;
}

const nothing: AnswerFormat = { fields: {}, line: undefined };

/** Converts `output_config.format` and its older name: enforced if the backend can, else requested in the prompt. */
export function convertAnswerFormat(body: JsonObject, hasTools: boolean, context: ConversionContext): AnswerFormat {
  const format = asObject(asObject(body['output_config'])?.['format'] ?? body['output_format']);
  if (format === undefined) return nothing;
  const { schema } = format;
  if (asText(format['type']) !== 'json_schema' || asObject(schema) === undefined) {
    context.warnings.add(
      'output_config.format',
      'unsupported',
      'The only supported output format is json_schema. The format was ignored.',
    );
    return nothing;
  }
  switch (available(hasTools, context)) {
    case 'json_schema':
      return { fields: { response_format: schemaFormat(schema) }, line: undefined };
    case 'json_object':
      warnApproximated(context);
      return { fields: { response_format: { type: 'json_object' } }, line: instruction(schema) };
    case 'none':
      warnApproximated(context);
      return { fields: {}, line: instruction(schema) };
  }
}

/** Several servers never call a tool when a format is enforced. */
function available(hasTools: boolean, { capabilities, rejected }: ConversionContext) {
  if (rejected.has('response_format') || (hasTools && !capabilities.structuredWithTools)) return 'none';
  return capabilities.structuredOutput;
}

function warnApproximated({ warnings }: ConversionContext): void {
  const text = 'This provider cannot enforce the output format. The prompt asks the model for it instead.';
  warnings.add('output_config.format', 'approximated', text);
}

function schemaFormat(schema: JsonValue | undefined): JsonObject {
  return { type: 'json_schema', json_schema: { name: 'response', schema, strict: isStrictSchema(schema) } };
}

function instruction(schema: JsonValue | undefined): JsonText {
  const literal = JSON.stringify(writeJson(schema ?? null));
  const text = new RawText(literal, 1, literal.length - 1);
  return joinTexts(['Answer with one JSON value alone, without any other text, that follows this schema:\n', text], '');
}
