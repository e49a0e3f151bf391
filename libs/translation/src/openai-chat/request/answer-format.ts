import { joinTexts, RawText, writeJson } from '@ccg/wire';
import type { JsonObject, JsonText, JsonValue } from '@ccg/wire';
import { asObject, asText } from '../../json-fields.ts';
import type { ConversionContext } from './conversion-context.ts';
import { isTaken } from '../../request/apply-rejections.ts';
import { plainerSchemaText, simplified } from '../../tools/schema/plainer-schema.ts';
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
      return { fields: { response_format: schemaFormat(schema, context) }, line: undefined };
    case 'json_object':
      warnApproximated(context);
      return { fields: { response_format: { type: 'json_object' } }, line: instruction(schema) };
    case 'none':
      warnApproximated(context);
      return { fields: {}, line: instruction(schema) };
  }
}

/** Several servers never call a tool when a format is enforced. */
function available(hasTools: boolean, { capabilities, rejected: { fields, values } }: ConversionContext) {
  const { structuredOutput: best, structuredWithTools } = capabilities;
  if (best === 'none' || fields.has('response_format') || fields.has('response_format.type')) return 'none';
  if (hasTools && !structuredWithTools) return 'none';
  const types = values.get('response_format.type');
  if (types === undefined || isTaken(best, types)) return best;
  return types.allowed.includes('json_object') && isTaken('json_object', types) ? 'json_object' : 'none';
}

function warnApproximated({ warnings }: ConversionContext): void {
  const text = 'This provider cannot enforce the output format. The prompt asks the model for it instead.';
  warnings.add('output_config.format', 'approximated', text);
}

function schemaFormat(schema: JsonValue | undefined, { rejected, warnings }: ConversionContext): JsonObject {
  const plainer = simplified(schema, rejected.schemas);
  if (plainer !== undefined) warnings.add('output_config.format', 'approximated', plainerSchemaText);
  const sent = plainer ?? schema;
  return { type: 'json_schema', json_schema: { name: 'response', schema: sent, strict: isStrictSchema(sent) } };
}

function instruction(schema: JsonValue | undefined): JsonText {
  const literal = JSON.stringify(writeJson(schema ?? null));
  const text = new RawText(literal, 1, literal.length - 1);
  return joinTexts(['Answer with one JSON value alone, without any other text, that follows this schema:\n', text], '');
}
